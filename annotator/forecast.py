"""Whether more documents are worth it: what the training page says of stopping."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from annotator.models import Project
from annotator.statistics import RECIPE, CurvePoint, recipe
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
    """How far a model that learnt from more documents still differs from the last.

    Attributes:
        f1: Of its spans against those of the one before, in the same texts.
        documents: How many texts these are.
        is_stable: Whether the last models of this kind hardly differed.
    """

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
        agreement: Of the newest model that learnt from more documents than the one
            before it; None where none was measured.
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
    counted = _of_more_documents(project)
    newest = counted[-1] if counted else None
    if not newest:
        return None
    values = [one["f1"] if one else None for one in counted]
    return Agreement(newest["f1"], newest["documents"], is_stable(values))


def _of_more_documents(project: Project) -> list[dict[str, Any] | None]:
    """Agreements of runs that learnt from more documents than the run before.

    A run on the same documents agrees with the one before whatever there is still to
    learn, and one with another encoder or recipe differs for that reason.
    """
    runs = project.training_runs.filter(state="succeeded").order_by("pk")
    columns = ("metrics__agreement", "metrics__trained_documents", *RECIPE)
    rows = [
        (agreement, documents or 0, recipe(*how))
        for agreement, documents, *how in runs.values_list(*columns)
    ]
    newest = rows[-1][2] if rows else None
    return [
        after[0]
        for before, after in pairwise(rows)
        if after[1] > before[1] and before[2] == after[2] == newest
    ]
