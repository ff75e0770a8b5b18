"""Whether more documents are worth it: what the training page says of stopping."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from annotator.models import Project
from annotator.statistics import CurvePoint
from modeling.stopping import (
    FEWEST_POINTS,
    STABLE_AGREEMENT,
    STABLE_ROUNDS,
    Gain,
    is_stable,
    predict_gain,
)

MORE_DOCUMENTS = 100


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the newest model and the one before it find the same spans."""

    f1: float
    documents: int
    is_stable: bool


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known of the worth of more documents; rises are in points, 0 to 100.

    Attributes:
        gain: What the next documents are expected to add; None while unknown.
        documents: How many documents that are.
        missing: Measured runs with other numbers of documents still needed.
        others: Measured runs of another encoder or recipe than the newest, not used.
        agreement: Of the two newest models; None where none was measured.
    """

    gain: Gain | None
    documents: int
    missing: int
    others: int
    agreement: Agreement | None
    threshold: float = STABLE_AGREEMENT
    rounds: int = STABLE_ROUNDS


def outlook(project: Project, curve: Sequence[CurvePoint]) -> Outlook:
    """Forecast the next gain, and say whether models in a row still differ.

    Only runs with the encoder and the recipe of the newest one say anything of what it
    would make of more documents.

    Args:
        project: Whose models they are.
        curve: Its learning curve, see `annotator.statistics.learning_curve`.
    """
    points = [point for point in curve if point.documents and point.is_like_newest]
    sizes = [point.documents for point in points]
    gain = predict_gain(sizes, [point.f1 for point in points], MORE_DOCUMENTS)
    return Outlook(
        gain=_in_points(gain) if gain else None,
        documents=MORE_DOCUMENTS,
        missing=max(0, FEWEST_POINTS - len(set(sizes))),
        others=sum(not point.is_like_newest for point in curve),
        agreement=_agreement(project),
    )


def _in_points(gain: Gain) -> Gain:
    return replace(
        gain, expected=100 * gain.expected, low=100 * gain.low, high=100 * gain.high
    )


def _agreement(project: Project) -> Agreement | None:
    runs = project.training_runs.filter(state="succeeded").order_by("pk")
    measured = list(runs.values_list("metrics__agreement", flat=True))
    newest = measured[-1] if measured else None
    if not newest:
        return None
    values = [one["f1"] if one else None for one in measured]
    return Agreement(newest["f1"], newest["documents"], is_stable(values))
