"""Two versions of a model side by side: measures, recipe, data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from annotator.models import Checkpoint
from modeling.scoring import bootstrap_f1_difference, score
from modeling.spans import Span

CHOICES = 100  # versions to choose from
DRAWS = 1_000_000  # documents drawn in one bootstrap, so that a page stays quick
DATA: dict[str, Any] = {
    "trained_documents": _("documents"),
    "trained_tokens": _("tokens"),
    "trained_spans": _("spans"),
    "evaluated_documents": _("documents measured on"),
    "seconds": _("seconds of training"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing of both versions; change is second minus first where it is one."""

    name: Any
    first: Any
    second: Any

    @property
    def change(self) -> float | None:
        is_number = all(isinstance(v, int | float) for v in (self.first, self.second))
        return self.second - self.first if is_number else None

    @property
    def differs(self) -> bool:
        return bool(self.first != self.second)


@dataclass(frozen=True, slots=True)
class Paired:
    """Both on the same documents, whose answers were the same at both times."""

    documents: int
    first: float
    second: float
    difference: float
    error: float

    @property
    def low(self) -> float:
        return self.difference - 1.96 * self.error

    @property
    def high(self) -> float:
        return self.difference + 1.96 * self.error

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Comparison:
    paired: Paired | None
    measures: list[Line]
    labels: list[Line]
    data: list[Line]
    recipe: list[Line]  # what differs
    is_same_data: bool


def compare(first: Checkpoint, second: Checkpoint) -> Comparison:
    a, b = first.metrics, second.metrics
    cards = [metrics.get("card") or {} for metrics in (a, b)]
    digests = {card.get("data_sha256") for card in cards}
    recipes = [
        {"encoder": version.encoder} | dict(card.get("config") or {})
        for version, card in zip((first, second), cards, strict=True)
    ]
    return Comparison(
        paired=paired(first, second),
        measures=_lines({"f1": "F1"} | _MEASURES, a, b),
        labels=_label_lines(a.get("labels") or {}, b.get("labels") or {}),
        data=_lines(DATA, a, b),
        recipe=[line for line in _lines(_names(recipes), *recipes) if line.differs],
        is_same_data=len(digests) == 1 and None not in digests,
    )


def paired(first: Checkpoint, second: Checkpoint) -> Paired | None:
    """None where the versions have no judged document in common."""
    rows = {row.document_id: row for row in first.assessments.all()}
    gold: list[tuple[Span, ...]] = []
    of_first: list[tuple[Span, ...]] = []
    of_second: list[tuple[Span, ...]] = []
    for other in second.assessments.all():
        row = rows.get(other.document_id)
        if row and sorted(row.gold) == sorted(other.gold):
            gold.append(row.gold_spans)
            of_first.append(row.predicted_spans)
            of_second.append(other.predicted_spans)
    if not gold:
        return None
    samples = max(100, min(1000, DRAWS // len(gold)))
    difference, error = bootstrap_f1_difference(
        gold, of_second, of_first, samples=samples
    )
    scores = [score(gold, found).micro.f1 for found in (of_first, of_second)]
    return Paired(len(gold), scores[0], scores[1], difference, error)


_MEASURES: dict[str, Any] = {
    "precision": _("precision"),
    "recall": _("recall"),
    "ece": _("calibration error"),
    "auroc": "AUROC",
    "temperature": _("temperature"),
}


def _lines(
    names: Mapping[str, Any], first: Mapping[str, Any], second: Mapping[str, Any]
) -> list[Line]:
    """A line for what at least one side has."""
    return [
        Line(name, first.get(key), second.get(key))
        for key, name in names.items()
        if first.get(key) is not None or second.get(key) is not None
    ]


def _label_lines(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Line]:
    names = sorted({*first, *second})
    return [
        Line(
            name, (first.get(name) or {}).get("f1"), (second.get(name) or {}).get("f1")
        )
        for name in names
    ]


def _names(recipes: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {key: key for recipe in recipes for key in recipe}
