"""What a training run tells: errors, progress, results."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from modeling.scoring import Score
from modeling.spans import Span
from modeling.tagger import Tagger


class TrainingCancelled(Exception):
    """Raised when `should_stop` asked a training run to end."""


class TrainingError(Exception):
    """Raised with one sentence when a training run cannot begin or go on."""


@dataclass(frozen=True, slots=True)
class StepReport:
    """Progress after one optimiser step; seconds count from the start of the run."""

    step: int
    total_steps: int
    epoch: int
    loss: float
    seconds: float


@dataclass(frozen=True, slots=True)
class EpochReport:
    """Progress after one pass over the examples; dev_f1 is None if not evaluated."""

    epoch: int
    epochs: int
    step: int
    loss: float
    dev_f1: float | None


@dataclass(frozen=True)
class TrainingResult:
    """A trained tagger and how it came about.

    Attributes:
        tagger: In evaluation mode, on the device it was trained on.
        history: One report an epoch.
        stopped: "early" if patience ran out, else "finished".
        steps: Optimiser steps done.
        seconds: Time of the whole run.
        misaligned: Spans that were no whole number of tokens: moved or left out.
    """

    tagger: Tagger
    history: list[EpochReport]
    stopped: Literal["finished", "early"]
    steps: int
    seconds: float
    misaligned: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Exact-match score and the predicted spans, one tuple an example."""

    score: Score
    predictions: list[tuple[Span, ...]]


@dataclass(frozen=True, slots=True)
class Seam:
    """The caller's way to watch a run and to stop it."""

    on_step: Callable[[StepReport], None] | None
    on_epoch_end: Callable[[EpochReport], None] | None
    should_stop: Callable[[], bool] | None
