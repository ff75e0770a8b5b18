"""What a simulation plays with: a corpus from files, and the recipe of the worker."""

import hashlib
import json
import random
import typing
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from django.conf import settings

from annotator.formats import (
    FormatError,
    ReadOptions,
    Record,
    Source,
    find_format,
    read,
)
from modeling.checkpoints import CheckpointError
from modeling.configuration import TrainingConfig
from modeling.encoders import EncoderError
from modeling.examples import Example
from modeling.reports import TrainingError
from modeling.rounds import Protocol
from modeling.simulation import OnRound, labels_of, simulate, train_and_test
from modeling.tokens import tokenize

# Their sentences are for a person.
FAILURES = (ValueError, CheckpointError, EncoderError, TrainingError)
DRAWN_BY = 0  # the same test documents and the same part of a corpus for every seed
NAMED_RECIPES: dict[str, dict[str, Any]] = {
    "default": {},
    # One rate for everything, ten passes over the documents, neither warm-up nor decay.
    "label-studio": {
        "encoder_learning_rate": 1e-3,
        "head_factor": 1.0,
        "crf_factor": 1.0,
        "layer_decay": 1.0,
        "schedule": "constant",
        "warmup": 0.0,
        "epochs": 10,
        "min_steps": 1,
        "max_steps": 100_000,
    },
}


class Labelled(typing.Protocol):
    """Anything that a grid can play with."""

    @property
    def name(self) -> str: ...

    def read(self) -> tuple[list[Example], list[Example]]:
        """The pool and the test documents."""


@dataclass(frozen=True)
class Corpus:
    """Labelled files, split into the pool and the test documents.

    Attributes:
        name: How results call it.
        train: A file, or a folder whose files are read in the order of their names.
        test: The same for the test documents; None holds a share of `train` out.
        holdout: That share.
        document: What one document is, see `annotator.formats.ReadOptions`.
        joins_tokens_with: What stands between two tokens.
        limit_pool: Keep so many documents of the pool, drawn at random.
        limit_test: Keep so many test documents, drawn at random.
    """

    name: str
    train: Path
    test: Path | None = None
    holdout: float = 0.2
    document: str = "sentence"
    joins_tokens_with: str = " "
    limit_pool: int | None = None
    limit_test: int | None = None

    def read(self) -> tuple[list[Example], list[Example]]:
        """Read the pool and the test documents.

        Raises:
            FormatError: a file cannot be read or holds nothing to learn.
        """
        if not self.test and not 0 < self.holdout < 1:
            raise ValueError(
                f"A share between 0 and 1 can be held out, not {self.holdout}."
            )
        pool = self._read(self.train)
        if self.test:
            test = self._read(self.test)
        else:
            random.Random(DRAWN_BY).shuffle(pool)
            size = max(1, round(len(pool) * self.holdout))
            pool, test = pool[size:], pool[:size]
        return _some(pool, self.limit_pool), _some(test, self.limit_test)

    def _read(self, path: Path) -> list[Example]:
        reading = ReadOptions(
            document=self.document, joins_tokens_with=self.joins_tokens_with
        )
        paths = [path]
        if path.is_dir():
            paths = sorted(each for each in path.iterdir() if each.is_file())
        examples = [
            example for each in paths for example in read_examples(each, reading)
        ]
        if not any(example.spans for example in examples):
            raise FormatError(1, f"{path.name} has no labelled span.")
        return examples


@dataclass(frozen=True)
class Settings:
    """What is the same for all results that are compared.

    Sizes are numbers of documents, or shares of the pool where they are below 1.

    Attributes:
        seed_size: Documents of the first round.
        batch_size: Documents of every further round.
        retrain_every: Batches served between two trainings.
        encoder: See `modeling.encoders.load_encoder`.
        max_steps: Most steps of one training; None as the worker.
        tokens_per_batch: Sub-tokens in a step; None as the worker.
        recipe: Changes to `TrainingConfig` by name.
        exploration: Share of each batch drawn at random.
        has_duplicates: Whether a batch may hold near-duplicates.
        is_warm: Whether training starts from the tagger of the round before.
        self_training: See `modeling.rounds.Protocol`.
    """

    seed_size: float = 100
    batch_size: float = 100
    retrain_every: int = 1
    encoder: str = "bundled"
    max_steps: int | None = None
    tokens_per_batch: int | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    exploration: float = 0.0
    has_duplicates: bool = True
    is_warm: bool = False
    self_training: float | None = None

    def config(self) -> TrainingConfig:
        """The recipe of the worker with the changes asked for.

        Raises:
            ValueError: a name of the recipe is unknown.
        """
        known = {f.name for f in fields(TrainingConfig)}
        unknown = sorted(set(self.recipe) - known)
        if unknown:
            raise ValueError(
                f"The recipe has no option “{unknown[0]}”; "
                f"it has {', '.join(sorted(known))}."
            )
        config = TrainingConfig(encoder=self.encoder, device=settings.DEVICE)
        config = replace(config, **self.recipe)
        if config.adaptation != "none":
            raise ValueError(
                "A simulation adapts no encoder: run adapt_encoder and name the folder "
                "with --encoder."
            )
        most = self.max_steps or config.max_steps
        return replace(
            config,
            max_steps=most,
            min_steps=min(most, config.min_steps),
            tokens_per_batch=self.tokens_per_batch or config.tokens_per_batch,
        )

    def protocol(self, strategy: str, seed: int, rounds: int, pool: int) -> Protocol:
        """How to play on a pool of so many documents."""
        batch = _documents(self.batch_size, pool) * self.retrain_every
        return Protocol(
            strategy=strategy,
            seed_size=_documents(self.seed_size, pool),
            batch_size=batch,
            rounds=rounds,
            seed=seed,
            config=self.config(),
            exploration=self.exploration,
            has_duplicates=self.has_duplicates,
            is_warm=self.is_warm,
            self_training=self.self_training,
        )

    def described(self) -> dict[str, Any]:
        """Everything that decides on the results: the whole configuration, too."""
        return {**asdict(self), "config": asdict(self.config())}


def play(
    corpus: Corpus,
    protocol: Callable[[str, int, int, int], Protocol],
    *,
    strategy: str,
    seed: int,
    rounds: int,
    is_full_wanted: bool = False,
    on_round: OnRound | None = None,
) -> dict[str, Any]:
    """Play one strategy with one seed and keep nothing."""
    pool, test = corpus.read()
    rules = protocol(strategy, seed, rounds, len(pool))
    played = simulate(pool, test, rules, on_round=on_round)
    full = None
    if is_full_wanted:
        full = train_and_test(pool, test, labels_of(pool), rules.seeded).micro.f1
    return {
        "strategy": strategy,
        "seed": seed,
        "pool_documents": len(pool),
        "pool_tokens": sum(len(example.tokens) for example in pool),
        "test_documents": len(test),
        "rounds": [asdict(result) for result in played],
        "full_data_f1": full,
    }


def read_recipe(text: str) -> dict[str, Any]:
    """A recipe by its name, or from a JSON object.

    Raises:
        ValueError: it is neither.
    """
    if text in NAMED_RECIPES:
        return NAMED_RECIPES[text]
    try:
        recipe = json.loads(text)
    except ValueError:
        recipe = None
    if not isinstance(recipe, dict):
        known = ", ".join(NAMED_RECIPES)
        raise ValueError(f"The recipe “{text}” is neither JSON nor one of {known}.")
    return recipe


def fingerprint(value: Any) -> str:
    """Eight hexadecimal digits that tell values of JSON, or examples, apart."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, default=asdict)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def read_examples(path: Path, reading: ReadOptions) -> list[Example]:
    """The documents of a file with its own tokens and its spans as answers.

    Raises:
        FormatError: a line cannot be read.
    """
    source = Source(path)
    examples = []
    for record in read(source, find_format(source), reading):
        if not isinstance(record, Record):
            raise record
        tokens = tokenize(record.text, "as-imported", record.tokens)
        examples.append(Example(record.text, tuple(tokens), record.spans))
    return examples


def _documents(size: float, pool: int) -> int:
    """A number of documents from a number or a share below 1."""
    return max(1, round(size * pool)) if 0 < size < 1 else int(size)


def _some(examples: list[Example], limit: int | None) -> list[Example]:
    """Keep at most so many, drawn at random, in their order."""
    if limit is None or limit >= len(examples):
        return examples
    drawn = random.Random(DRAWN_BY).sample(range(len(examples)), limit)
    return [examples[index] for index in sorted(drawn)]
