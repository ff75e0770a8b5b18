"""How soon the queue follows an answer, and whether following early costs F1.

Three questions, each with its own option; all print into one JSON object::

    python -m benchmarks.fast_lane --corpus wikigold.conll.txt --json
    python -m benchmarks.fast_lane --corpus wikigold.conll.txt --compare 3 --json
    python -m benchmarks.fast_lane --full ncbi/train.tsv --full ncbi/test.tsv --json

``seconds`` is the task itself, from its start to the re-ordered queue in the database:
1,000 documents, 50 of them answered, then handfuls of 5 more. The broker's way, 0.4 s
with files, comes on top. ``first_seconds`` is the first one after a training, which
encodes every document once.

``--compare SEEDS`` plays a batch twice from the same model: once in the order that it
gave when it was trained (waiting), once refitted after every handful; both then train
in full and are tested.

``--full FILES`` cuts a corpus at 200,000 words and lets the worker's own tasks train on
a fifth of it and read all the rest.
"""

import argparse
import json
import random
import tempfile
import time
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING, Any

from benchmarks.workspace import make_active, make_project, workspace

if TYPE_CHECKING:
    from annotator.models import Checkpoint, Project
    from modeling.examples import Example
    from modeling.tagger import Tagger

DOCUMENTS, ANSWERED, HANDFUL, HANDFULS = 1000, 50, 5, 4
WORDS, SHARE = 200_000, 0.2


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpus", type=Path, help="a labelled file, tests held out")
    parser.add_argument("--compare", type=int, default=0, metavar="SEEDS")
    parser.add_argument("--batch", type=int, default=100, help="documents compared on")
    parser.add_argument("--full", type=Path, action="append", default=[])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not options.corpus and not options.full:
        parser.error("give --corpus or --full a labelled file")
    found: dict[str, Any] = {}
    with workspace():
        if options.corpus and options.compare:
            found |= compare(options.corpus, options.compare, options.batch)
        elif options.corpus:
            found |= follow(options.corpus)
        if options.full:
            found |= full_training(options.full)
    for key, value in found.items():
        if not options.json:
            print(f"{key}: {value}")
    if options.json:
        print(json.dumps(found))


def read_corpus(path: Path) -> "tuple[list[Example], list[Example]]":
    """Read a file as pool and test."""
    from tasks.simulation import Corpus

    pool, test = Corpus(path.stem, path, None).read()
    return list(pool), list(test)


def labels_of(examples: "Sequence[Example]") -> list[str]:
    return sorted({span.label for example in examples for span in example.spans})


def follow(path: Path) -> dict[str, Any]:
    """Time handfuls of answers in a database of 1,000 documents."""
    from modeling.configuration import TrainingConfig
    from modeling.training import train
    from tasks import fast_lane, prediction

    pool, _ = read_corpus(path)
    pool = pool[:DOCUMENTS]
    labels = labels_of(pool)
    project = make_project(labels)
    config = TrainingConfig(min_steps=40, max_steps=40)
    checkpoint = make_active(
        train(pool[:ANSWERED], labels, config).tagger, make_stored(project, pool)
    )
    submit(project, pool, ANSWERED)
    keys = list(checkpoint.unread_documents().values_list("pk", flat=True))
    prediction.preannotate_chunk(checkpoint.pk, keys)
    seconds = []
    for _ in range(1 + HANDFULS):
        submit(project, pool, HANDFUL)
        start = time.perf_counter()
        fast_lane.refit_if_due(project.pk)
        seconds.append(time.perf_counter() - start)
        check_reordered(checkpoint)
    return {
        "seconds": round(median(seconds[1:]), 2),
        "first_seconds": round(seconds[0], 2),
        "documents": len(pool),
        "tokens": sum(len(example.tokens) for example in pool),
    }


def make_stored(project: "Project", pool: "Sequence[Example]") -> "Project":
    """Store the documents with their own tokens."""
    from annotator.models import Document

    rows = [
        Document.new(
            project,
            example.text,
            occurrence=number,
            external_id=str(number),
            tokens=[list(token) for token in example.tokens],
        )
        for number, example in enumerate(pool)
    ]
    Document.objects.bulk_create(rows, batch_size=500)
    project.token_mode = "as-imported"
    project.save()
    return project


def submit(project: "Project", pool: "Sequence[Example]", count: int) -> None:
    """Answer the documents that come next with the corpus's spans."""
    from django.contrib.auth.models import User

    from annotator.models import Annotation, Edit
    from annotator.models.edits import SpanEdit

    user, _ = User.objects.get_or_create(username="annotator")
    for document in list(project.documents.filter(annotations=None)[:count]):
        example = pool[int(document.external_id)]
        spans = [SpanEdit(s.start, s.end, s.label) for s in example.spans]
        annotation = Annotation.objects.create(document=document, user=user)
        annotation.apply(Edit(version=0, add=spans, state="submitted"), by=user)


def check_reordered(checkpoint: "Checkpoint") -> None:
    """Refuse to time a task that did nothing."""
    before = checkpoint.refit_at
    checkpoint.refresh_from_db()
    if checkpoint.refit_at == before:
        raise SystemExit("The queue was not re-ordered.")


def compare(path: Path, seeds: int, batch: int) -> dict[str, Any]:
    """Test what a full training makes of documents chosen with and without refits."""
    pool, test = read_corpus(path)
    rows = [one_seed(pool, test, seed, batch) for seed in range(seeds)]
    return {
        "batch": batch,
        "seeds": rows,
        "f1_waiting": round(mean(row["waiting"] for row in rows), 4),
        "f1_fast_lane": round(mean(row["fast_lane"] for row in rows), 4),
    }


def one_seed(
    pool: "list[Example]", test: "list[Example]", seed: int, batch: int
) -> dict[str, float]:
    """Choose a batch both ways from the model of 5 % of the pool."""
    from modeling.configuration import TrainingConfig
    from modeling.fast_lane import refit
    from modeling.features import FeatureStore
    from modeling.training import evaluate, train

    labels, config = labels_of(pool), TrainingConfig(seed=seed)
    order = list(range(len(pool)))
    random.Random(seed).shuffle(order)
    size = round(0.05 * len(pool))
    first, rest = order[:size], order[size:]
    tagger = train([pool[i] for i in first], labels, config).tagger

    def f1(chosen: Sequence[int]) -> float:
        learned = train([pool[i] for i in (*first, *chosen)], labels, config)
        return round(evaluate(learned.tagger, test).score.micro.f1, 4)

    with tempfile.TemporaryDirectory() as folder:
        store = FeatureStore(Path(folder), 2**30)

        def head(chosen: Sequence[int]) -> "Tagger":
            answers = [pool[i] for i in (*first, *chosen)]
            return refit(tagger, store, answers, seed=seed).tagger

        followed = follow_handfuls(head, tagger, pool, rest, batch)
    return {
        "start": round(evaluate(tagger, test).score.micro.f1, 4),
        "waiting": f1(ranked(tagger, pool, rest)[:batch]),
        "fast_lane": f1(followed),
    }


def follow_handfuls(
    head: "Callable[[Sequence[int]], Tagger]",
    tagger: "Tagger",
    pool: "list[Example]",
    rest: Sequence[int],
    batch: int,
) -> list[int]:
    """Serve handfuls, each ordered by the head that knows the ones before."""
    chosen: list[int] = []
    current = tagger
    while len(chosen) < batch:
        waiting = [index for index in rest if index not in set(chosen)]
        chosen += ranked(current, pool, waiting)[:HANDFUL]
        current = head(chosen)
    return chosen


def ranked(
    tagger: "Tagger", pool: "list[Example]", indices: Sequence[int]
) -> list[int]:
    """Order documents as the queue does."""
    from modeling.acquisition import rank
    from modeling.confidence import shrink
    from modeling.inference import predict

    texts = [(pool[i].text, pool[i].tokens) for i in indices]
    found = dict(predict(tagger, texts))
    measures = [found[position].measures for position in range(len(texts))]
    lengths = [len(tokens) for _, tokens in texts]
    return [indices[position] for position in rank(shrink(measures, lengths))]


def full_training(paths: Sequence[Path]) -> dict[str, Any]:
    """Let the worker train on a fifth of 200,000 words and read all the rest.

    Everything it does is timed: training, evaluation, calibration, the suggestions and
    measures of the rest in the database.
    """
    from django.utils import timezone

    from annotator.models import TrainingRun
    from annotator.models.training import Trigger
    from tasks import training
    from tasks.app import app

    pool = list(first_words(paths, WORDS))
    random.Random(0).shuffle(pool)
    project = make_stored(make_project(labels_of(pool)), pool)
    words = list(accumulate(len(example.tokens) for example in pool))
    answered = bisect(words, SHARE * words[-1])
    submit(project, pool, answered)
    run, _ = TrainingRun.request(project, Trigger.BUTTON)
    app.conf.task_always_eager = True  # what is sent to a worker is done at once
    began, start = timezone.now(), time.perf_counter()
    training.retrain(run.pk)
    seconds = time.perf_counter() - start
    app.conf.task_always_eager = False
    run.refresh_from_db()
    checkpoint = project.checkpoints.filter(state="active").first()
    activated_at = checkpoint.activated_at if checkpoint else None
    if not checkpoint or not activated_at or checkpoint.unread_documents().exists():
        raise SystemExit(f"The run {run.state} and did not read the rest: {run.error}")
    train_seconds = (activated_at - began).total_seconds()
    return {
        "full_seconds": round(seconds, 1),
        "train_seconds": round(train_seconds, 1),
        "rescore_seconds": round(seconds - train_seconds, 1),
        "words": words[-1],
        "answered_words": words[answered - 1],
        "steps": run.total_steps,
    }


def first_words(paths: Sequence[Path], words: int) -> "Iterator[Example]":
    """Read files until there are so many words.

    Raises:
        SystemExit: The files hold fewer.
    """
    count = 0
    for path in paths:
        for part in read_corpus(path):
            for example in part:
                if count >= words:
                    return
                count += len(example.tokens)
                yield example
    if count < words:
        raise SystemExit(f"The files hold {count} words; {words} are wanted.")


if __name__ == "__main__":
    main()
