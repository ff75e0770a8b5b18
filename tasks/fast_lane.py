"""The fast lane: between two trainings the queue follows the newest answers."""

import random
import shutil
import time
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from annotator import queue
from annotator.models import Annotation, Checkpoint, Document, Project
from annotator.models.jobs import RunState
from annotator.rows import update_rows
from modeling.tokens import Token
from tasks.gathering import examples
from tasks.prediction import MEASURES, load_annotator, uncertain_tokens

if TYPE_CHECKING:
    from modeling.examples import Example
    from modeling.inference import Prediction

HANDFUL: Final = 5  # newly submitted documents that are worth a refit
MOST_ANSWERS: Final = 1000  # a random part of more is enough for the head
MOST_DOCUMENTS: Final = 2000  # the least certain; the rest waits for a training


@shared_task
def refit_if_due(project_id: int) -> None:
    """Refit the active model's head and re-order the queue after a handful of answers.

    Only confidences change: suggestions stay those of the checkpoint, and the next
    training begins without the refitted head. A refit that dies is not repeated; the
    next handful brings the next one.
    """
    project = Project.objects.get(pk=project_id)
    checkpoint = project.active_checkpoint
    if checkpoint is not None and is_due(project, checkpoint):
        refit_now(checkpoint)


def refit_now(checkpoint: Checkpoint) -> dict[str, Any] | None:
    """What `reorder` says; None where another process begins at this moment."""
    is_mine = Checkpoint.objects.filter(pk=checkpoint.pk, refit_at=checkpoint.refit_at)
    return reorder(checkpoint) if is_mine.update(refit_at=timezone.now()) else None


def is_due(project: Project, checkpoint: Checkpoint) -> bool:
    """Whether a handful was submitted since the model learnt last."""
    runs = project.training_runs.filter(state__in=(RunState.QUEUED, RunState.RUNNING))
    if not project.has_fast_lane or runs.exists():
        return False
    since = checkpoint.refit_at or checkpoint.training_run.started_at
    fresh = Annotation.objects.filter(
        document__project=project,
        document__split="pool",
        state="submitted",
        submitted_at__gt=since or checkpoint.created_at,
    )
    return fresh.values("document").distinct().count() >= HANDFUL


def reorder(checkpoint: Checkpoint) -> dict[str, Any]:
    """Refit the head to all answers and measure the least certain documents again.

    Returns:
        How many ``answers`` and ``documents`` there were, and the ``seconds``.
    """
    from modeling.acquisition import EXPENSIVE
    from modeling.fast_lane import refit
    from modeling.features import FeatureStore
    from modeling.inference import predict

    started = time.monotonic()
    project = checkpoint.project
    tagger = load_annotator(checkpoint)
    store = FeatureStore(_folder(checkpoint), settings.FAST_LANE_MEGABYTES * 2**20)
    _forget_others(checkpoint)
    # Tokens whose states, float16, take half of the room; the other half is to learn.
    room = store.limit_bytes // (4 * tagger.head.in_features)
    answers = _answers(checkpoint, room)
    documents, texts = _waiting(checkpoint, room)
    if not answers or not documents:
        return {"answers": 0, "documents": 0, "seconds": time.monotonic() - started}
    result = refit(tagger, store, answers, seed=project.seed)
    predictions = dict(
        predict(
            result.tagger,
            texts,
            corpus_mean=checkpoint.corpus_mean,
            also=EXPENSIVE & {project.query_strategy},
        )
    )
    with transaction.atomic():
        _store(checkpoint, documents, predictions)
    Checkpoint.objects.filter(pk=checkpoint.pk).update(refit_documents=len(answers))
    seconds = time.monotonic() - started
    return {"answers": len(answers), "documents": len(documents), "seconds": seconds}


def _answers(checkpoint: Checkpoint, room: int) -> "list[Example]":
    """What people said, by the names that the labels had when the model was trained.

    Where they used labels that are newer than the model, nothing is known.

    Args:
        checkpoint: The model.
        room: Most tokens; a random part of more.
    """
    from modeling.examples import relabelled

    project = checkpoint.project
    old = {key: name for name, key in checkpoint.labels.items()}
    labels = project.labels.values_list("name", "pk")
    names = {name: old[key] for name, key in labels if key in old}
    answers = [relabelled(example, names) for _, example in examples(project, "pool")]
    if min(MOST_ANSWERS, _fitting(map(_tokens, answers), room)) < len(answers):
        random.Random(len(answers)).shuffle(answers)
    return answers[: min(MOST_ANSWERS, _fitting(map(_tokens, answers), room))]


def _waiting(
    checkpoint: Checkpoint, room: int
) -> tuple[list[Document], list[tuple[str, list[Token]]]]:
    """The least certain documents, with their texts and tokens; most tokens: room."""
    project = checkpoint.project
    waiting = queue.remaining(project).filter(split="pool", checkpoint=checkpoint)
    documents = list(waiting[:MOST_DOCUMENTS])
    for document in documents:
        document.project = project
    texts = [(document.text, document.tokenize()) for document in documents]
    count = _fitting((len(tokens) for _, tokens in texts), room)
    return documents[:count], texts[:count]


def _tokens(example: "Example") -> int:
    return len(example.tokens)


def _fitting(sizes: Iterable[int], room: int) -> int:
    """How many of the first sizes have room together."""
    return bisect_right(list(accumulate(sizes)), room)


def _folder(checkpoint: Checkpoint) -> Path:
    """Where the states of a checkpoint's encoder lie, as its engine computes them."""
    return checkpoint.path / f"features-{settings.INFERENCE_ENGINE}"


def _forget_others(checkpoint: Checkpoint) -> None:
    """Drop the states of the project's other encoders: they are of no use any more."""
    mine = _folder(checkpoint)
    for folder in mine.parent.parent.glob("*/features-*"):
        if folder != mine:
            shutil.rmtree(folder, ignore_errors=True)


def _store(
    checkpoint: Checkpoint,
    documents: list[Document],
    predictions: "dict[int, Prediction]",
) -> None:
    """Write the measures, unless another checkpoint took over meanwhile."""
    read = Document.objects.filter(checkpoint=checkpoint)
    keys = [document.pk for document in documents]
    locked = read.filter(pk__in=keys).select_for_update(of=("self",)).order_by("pk")
    mine = set(locked.values_list("pk", flat=True))
    if not Checkpoint.objects.filter(pk=checkpoint.pk, state="active").exists():
        return
    changed = []
    for index, document in enumerate(documents):
        if document.pk not in mine:
            continue
        for column, measure in MEASURES.items():
            value = getattr(predictions[index].measures, measure)
            setattr(document, column, value)
        document.uncertain_tokens = uncertain_tokens(document, predictions[index])
        changed.append(document)
    update_rows(changed, [*MEASURES, "uncertain_tokens"])
