"""What a person is shown of all that models, rules and files propose."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import accumulate

from annotator.models import Document, Rule, Suggestion


@dataclass(frozen=True, slots=True)
class Proposal:
    """One place and label; by a model, a rule or a file, or by several of them."""

    start: int
    end: int
    label: str
    confidence: float  # the model's where it has one
    checkpoint: int | None
    rule: Rule | None

    @property
    def source(self) -> str:
        if self.checkpoint is not None:
            return "model"
        return "import" if self.rule is None else "rule"


def proposals(document: Document) -> list[Proposal]:
    """The document's suggestions, each place and label once, in the text's order.

    Rules yield where a model proposes something else that overlaps, and what came in
    a file where a model or a rule does.
    """
    rows = list(document.suggestions.select_related("label", "rule"))
    shown: dict[tuple[int, int, int], Proposal] = {}
    for group in _by_weight(rows):
        covers = _cover(shown.values())
        for row in group:
            before = shown.get(_place(row))
            if before is not None:
                shown[_place(row)] = replace(before, rule=before.rule or row.rule)
            elif not covers(row):
                shown[_place(row)] = _proposal(row)
    return sorted(shown.values(), key=lambda p: (p.start, p.end, p.label))


def _by_weight(rows: Iterable[Suggestion]) -> tuple[list[Suggestion], ...]:
    """Those of the model, of rules and of files; groups do not yield to themselves."""
    groups: tuple[list[Suggestion], ...] = [], [], []
    for row in rows:
        groups[2 if row.is_imported else int(row.rule is not None)].append(row)
    return groups


def _place(row: Suggestion) -> tuple[int, int, int]:
    return row.start, row.end, row.label_id


def _proposal(row: Suggestion) -> Proposal:
    return Proposal(
        row.start, row.end, row.label.name, row.confidence, row.checkpoint_id, row.rule
    )


class _cover:
    """Whether any of some proposals overlaps a suggestion."""

    def __init__(self, rows: Iterable[Proposal]) -> None:
        places = sorted((row.start, row.end) for row in rows)
        self._starts = [start for start, _ in places]
        self._reach = list(accumulate((end for _, end in places), max))

    def __call__(self, row: Suggestion) -> bool:
        before = bisect_left(self._starts, row.end)
        return before > 0 and self._reach[before - 1] > row.start
