"""Which way of fine-tuning finds more: one run a corpus, share, option and seed.

Every option is the default recipe with a few things changed; options are joined by
``+``. Documents are drawn by the seed, so all options of one seed learn from the same.

``base`` freezes the embeddings, ``frozen_0`` nothing. Named options: ``base``,
``slanted``, ``gradual``, ``boundary``, ``r_drop``, ``contrastive``, ``no_shapes``
(capitals unseen), ``warm`` (a run on the first half of the documents gives the weights
to start from; its time is not counted) and ``multitask`` (the same share of the other
corpora is learnt beside, under heads of their own). With a number behind ``_``:
``frozen`` (parts), ``decay`` (of the layers' rates), ``lr``, ``head`` and ``crf``
(factors), ``batch`` (sub-tokens), ``steps``, ``epochs``, ``dropout``, ``weight`` (of
the auxiliary loss).

Two processes share the work and the file, which may exist: its rows are not run
again. Without a test file a fifth of the documents is held out::

    export OMP_NUM_THREADS=1
    for k in 1 2; do
      python -m benchmarks.ablation --part $k/2 --seeds 3 --share 0.05,1.0 \\
        --corpus wikigold=wikigold.conll.txt \\
        --corpus wnut17=wnut17/train.conll:wnut17/test.conll \\
        --corpus crossner=crossner/ai/train.txt:crossner/ai/test.txt \\
        --corpus uner_zh=uner/train.iob2:uner/test.iob2 --no-spaces uner_zh \\
        --options base,frozen_0,frozen_4,decay_1,slanted,gradual,boundary,r_drop,warm \\
        --csv ablation.csv > ablation.$k.md &
    done

The same command with ``--table`` runs nothing and prints what the file holds.
"""

import argparse
import csv
import json
import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import django

from modeling.configuration import TrainingConfig
from modeling.examples import Example
from modeling.multitask import Task, train_together
from modeling.training import evaluate, train

NAMED: dict[str, dict[str, Any]] = {
    "base": {},
    "slanted": {"schedule": "slanted"},
    "gradual": {"unfreezing": "gradual"},
    "boundary": {"auxiliary": "boundary"},
    "r_drop": {"auxiliary": "r_drop"},
    "contrastive": {"auxiliary": "contrastive"},
    "warm": {},
    "multitask": {},
    "no_shapes": {"has_word_shapes": False},
}
NUMBERED = {
    "frozen": "frozen_layers",
    "decay": "layer_decay",
    "lr": "encoder_learning_rate",
    "head": "head_factor",
    "crf": "crf_factor",
    "batch": "tokens_per_batch",
    "epochs": "epochs",
    "dropout": "dropout",
    "weight": "auxiliary_weight",
}
WHOLE = {"frozen", "batch", "epochs"}
FIELDS = (
    *("corpus", "share", "option", "seed", "documents", "f1", "precision", "recall"),
    *("steps", "seconds", "cpu_seconds"),
)


@dataclass(frozen=True)
class Drawn:
    """What is learnt from and what is judged on."""

    name: str
    pool: list[Example]
    test: list[Example]

    @property
    def labels(self) -> list[str]:
        """All labels, so that a small share has the same tags as the whole."""
        return sorted({s.label for example in self.pool for s in example.spans})

    def draw(self, share: float, seed: int) -> list[Example]:
        """Draw documents; a larger share of one seed contains the smaller."""
        order = list(range(len(self.pool)))
        random.Random(seed).shuffle(order)
        return [self.pool[i] for i in order[: max(2, round(share * len(order)))]]


def main() -> None:
    """Run what is missing and print the table."""
    options = parse(sys.argv[1:])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
    django.setup()
    for option in options.options:
        recipe(option, TrainingConfig())  # refuse a misspelt one before the first run
    cases = [
        (name, share, option, seed)
        for seed in range(options.seeds)
        for share in options.share
        for option in options.options
        for name in options.corpus
    ]
    number, parts = options.part
    mine = [] if options.table else cases[number - 1 :: parts]
    corpora = {
        name: read_corpus(name, files, name in options.no_spaces)
        for name, files in (options.corpus.items() if mine else ())
    }
    for name, share, option, seed in mine:
        key = (name, str(share), option, str(seed))
        if key in {row_key(row) for row in rows(options.csv)}:
            continue
        others = [corpus for other, corpus in corpora.items() if other != name]
        row = run(corpora[name], share, option, seed, options.encoder, others)
        append(options.csv, row)
        print(json.dumps(row), file=sys.stderr, flush=True)
    wanted = {(n, str(share), o, str(s)) for n, share, o, s in cases}
    found = [row for row in rows(options.csv) if row_key(row) in wanted]
    print(json.dumps(found) if options.json else table(found))


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--corpus",
        action="append",
        required=True,
        metavar="NAME=TRAIN[:TEST]",
        help="a labelled file, and another for the test",
    )
    parser.add_argument(
        "--no-spaces",
        action="append",
        default=[],
        metavar="NAME",
        help="join this corpus's tokens without spaces",
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--share", default="0.05,1.0", help="of the training documents")
    parser.add_argument("--options", default=",".join(NAMED))
    parser.add_argument("--encoder", default="bundled")
    parser.add_argument("--part", default="1/1", metavar="K/N", help="every Nth run")
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--table", action="store_true", help="run nothing")
    parser.add_argument("--json", action="store_true", help="print rows, no table")
    options = parser.parse_args(arguments)
    pairs = [entry.partition("=") for entry in options.corpus]
    for name, _, files in pairs:
        if not files:
            parser.error(f"--corpus {name}: write NAME=TRAIN or NAME=TRAIN:TEST")
    options.corpus = {name: files for name, _, files in pairs}
    options.share = [float(share) for share in options.share.split(",")]
    options.options = options.options.split(",")
    options.part = tuple(map(int, options.part.split("/")))
    return options


def recipe(option: str, config: TrainingConfig) -> TrainingConfig:
    """Change a recipe as an option says.

    Raises:
        SystemExit: If part of the option is unknown.
    """
    for part in option.split("+"):
        name, _, value = part.rpartition("_")
        if part in NAMED:
            config = replace(config, **NAMED[part])
        elif name == "steps":
            config = replace(config, min_steps=int(value), max_steps=int(value))
        elif name in NUMBERED:
            field = NUMBERED[name]
            number: Any = (int if name in WHOLE else float)(value)
            config = replace(config, **{field: number})
        else:
            raise SystemExit(f"There is no option '{part}'.")
    return config


def run(
    corpus: Drawn,
    share: float,
    option: str,
    seed: int,
    encoder: str,
    others: Sequence[Drawn] = (),
) -> dict[str, Any]:
    """Train and judge once; the others are learnt beside where the option says so."""
    examples = corpus.draw(share, seed)
    config = recipe(option, TrainingConfig(encoder=encoder, seed=seed))
    initial = None
    if "warm" in option.split("+"):
        half = examples[: len(examples) // 2]
        initial = train(half, corpus.labels, replace(config, seed=seed + 1000)).tagger
    start = time.process_time()
    if "multitask" in option.split("+"):
        tasks = {c.name: Task(c.draw(share, seed), c.labels) for c in (corpus, *others)}
        result = train_together(tasks, config)[corpus.name]
    else:
        result = train(examples, corpus.labels, config, initial=initial)
    cpu_seconds = time.process_time() - start
    counts = evaluate(result.tagger, corpus.test).score.micro
    return {
        "corpus": corpus.name,
        "share": share,
        "option": option,
        "seed": seed,
        "documents": len(examples),
        "f1": round(counts.f1, 4),
        "precision": round(counts.precision, 4),
        "recall": round(counts.recall, 4),
        "steps": result.steps,
        "seconds": round(result.seconds, 1),
        "cpu_seconds": round(cpu_seconds, 1),
    }


def read_corpus(name: str, files: str, is_spaceless: bool) -> Drawn:
    """Read a training file and its test file, or hold a fifth out."""
    from tasks.simulation import Corpus  # needs the settings

    train_file, _, test_file = files.partition(":")
    corpus = Corpus(
        name,
        Path(train_file),
        Path(test_file) if test_file else None,
        joins_tokens_with="" if is_spaceless else " ",
    )
    return Drawn(name, *corpus.read())


def rows(path: Path) -> list[dict[str, str]]:
    """Read what has been run."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, FIELDS))


def row_key(row: dict[str, str]) -> tuple[str, ...]:
    """Name a run."""
    return tuple(row[field] for field in ("corpus", "share", "option", "seed"))


def append(path: Path, row: dict[str, Any]) -> None:
    """Add one row in one write, so that several processes may."""
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow([row[field] for field in FIELDS])


def table(found: Sequence[dict[str, str]]) -> str:
    """Lay means and deviations over the seeds out in Markdown.

    ``against base`` is the mean of the differences seed by seed.
    """
    groups: dict[tuple[str, str, str], dict[str, dict[str, str]]] = {}
    for row in found:
        key = (row["corpus"], row["share"], row["option"])
        groups.setdefault(key, {})[row["seed"]] = row
    lines = [
        "| corpus | share | option | F1 | against base | steps | CPU seconds | seeds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (corpus, share, option), by_seed in sorted(groups.items()):
        base = groups.get((corpus, share, "base"), {})
        gains = [
            100 * (float(row["f1"]) - float(base[seed]["f1"]))
            for seed, row in by_seed.items()
            if seed in base
        ]
        values = by_seed.values()
        f1 = spread([100 * float(row["f1"]) for row in values])
        steps = mean(float(row["steps"]) for row in values)
        seconds = mean(float(row["cpu_seconds"]) for row in values)
        gain = spread(gains, "+") if gains and option != "base" else ""
        lines.append(
            f"| {corpus} | {share} | {option} | {f1} | {gain} | {steps:.0f} | "
            f"{seconds:.0f} | {len(by_seed)} |"
        )
    return "\n".join(lines)


def spread(values: Sequence[float], sign: str = "") -> str:
    """Write a mean with its standard deviation."""
    deviation = f" ± {stdev(values):.1f}" if len(values) > 1 else ""
    return f"{mean(values):{sign}.1f}{deviation}"


if __name__ == "__main__":
    main()
