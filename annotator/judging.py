"""Where a measured model is wrong: tables of confusions, and what is behind a cell."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _

from annotator.excerpts import Piece, around
from annotator.models import Assessment, Checkpoint
from modeling.confusion import (
    BOUNDARIES,
    KINDS,
    LABEL,
    MISSED,
    RIGHT,
    SPURIOUS,
    Finding,
    findings,
)
from modeling.spans import Span

BOUNDARY = "boundary"  # any of the kinds that have other boundaries
NAMES: dict[str, Any] = {
    RIGHT: _("right"),
    LABEL: _("another label"),
    BOUNDARY: _("other boundaries"),
    MISSED: _("missed"),
    SPURIOUS: _("spurious"),
    "longer_left": _("too long on the left"),
    "longer_right": _("too long on the right"),
    "longer_both": _("too long on both sides"),
    "shorter_left": _("too short on the left"),
    "shorter_right": _("too short on the right"),
    "shorter_both": _("too short on both sides"),
    "shifted": _("shifted"),
    "split": _("split into several"),
    "merged": _("merged with others"),
}
SHADES = 4
SHOWN_FINDINGS = 6  # of one document


@dataclass(frozen=True, slots=True)
class Choice:
    """Which findings are asked for; an empty word stands for any."""

    kind: str = ""
    gold: str = ""
    predicted: str = ""

    @property
    def query(self) -> str:
        return urlencode({"kind": self.kind, "gold": self.gold} | self._rest)

    @property
    def _rest(self) -> dict[str, str]:
        return {"predicted": self.predicted} if self.predicted else {}

    @property
    def is_known(self) -> bool:
        return self.kind in ("", BOUNDARY, *KINDS)

    def fits(self, kind: str, gold: str, predicted: str) -> bool:
        if self.kind == BOUNDARY and kind not in BOUNDARIES:
            return False
        return (
            self.kind in ("", BOUNDARY, kind)
            and self.gold in ("", gold)
            and self.predicted in ("", predicted)
        )


@dataclass(frozen=True, slots=True)
class Cell:
    count: int
    choice: Choice
    shade: int  # 0 for none, up to SHADES
    is_right: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    name: Any
    cells: tuple[Cell | None, ...]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[Any, ...]
    rows: tuple[Row, ...]


def label_table(confusion: Sequence[Sequence[Any]]) -> Table:
    """Gold labels down, predicted labels across; every gold span is in one cell."""
    counts = {(kind, gold, guess): n for kind, gold, guess, n in confusion}
    labels = sorted({name for _, *names in counts for name in names} - {""})

    def cell(choice: Choice, total: int) -> Cell:
        found = sum(n for key, n in counts.items() if choice.fits(*key))
        shade = -(-SHADES * found // total) if found else 0
        return Cell(found, choice, shade, choice.kind == RIGHT)

    rows = []
    for gold in labels:
        total = sum(n for (_, name, _), n in counts.items() if name == gold)
        choices = [
            Choice(RIGHT if guess == gold else LABEL, gold, guess) for guess in labels
        ]
        choices += [Choice(BOUNDARY, gold), Choice(MISSED, gold)]
        rows.append(Row(gold, tuple(cell(choice, total) for choice in choices)))
    strays = [Choice(SPURIOUS, "", guess) for guess in labels]
    total = sum(n for (kind, *_), n in counts.items() if kind == SPURIOUS)
    last = tuple(cell(choice, total) for choice in strays)
    rows.append(Row(NAMES[SPURIOUS], (*last, None, None)))
    return Table((*labels, NAMES[BOUNDARY], NAMES[MISSED]), tuple(rows))


def boundary_table(confusion: Sequence[Sequence[Any]]) -> Table:
    """How boundaries differ, for each gold label; kinds that never occur are left."""
    counts: Counter[tuple[str, str]] = Counter()
    for kind, gold, _guess, count in confusion:
        if kind in BOUNDARIES:
            counts[kind, gold] += count
    labels = sorted({gold for _, gold in counts})
    highest = max(counts.values(), default=1)
    rows = [
        Row(
            NAMES[kind],
            tuple(
                Cell(
                    counts[kind, gold],
                    Choice(kind, gold),
                    -(-SHADES * counts[kind, gold] // highest),
                )
                for gold in labels
            ),
            kind,
        )
        for kind in BOUNDARIES
        if any(counts[kind, gold] for gold in labels)
    ]
    return Table(tuple(labels), tuple(rows))


@dataclass(frozen=True, slots=True)
class Shown:
    """One finding with the text around it, as people and as the model have it."""

    name: Any
    gold: list[Piece]
    predicted: list[Piece]


@dataclass(frozen=True, slots=True)
class Judged:
    """A document with the findings that were asked for."""

    assessment: Assessment
    found: list[Finding]

    @property
    def shown(self) -> list[Shown]:
        return [self._shown(finding) for finding in self.found[:SHOWN_FINDINGS]]

    @property
    def more(self) -> int:
        return max(0, len(self.found) - SHOWN_FINDINGS)

    def _shown(self, finding: Finding) -> Shown:
        spans: list[Span] = [s for s in (finding.gold, finding.predicted) if s]
        start, end = min(s.start for s in spans), max(s.end for s in spans)
        text = self.assessment.document.text
        gold = around(text, self.assessment.gold_spans, start, end)
        predicted = around(text, self.assessment.predicted_spans, start, end)
        return Shown(NAMES[finding.kind], gold, predicted)


def behind(checkpoint: Checkpoint, choice: Choice) -> list[int]:
    """Primary keys of the assessments that have such a finding, in their order."""
    rows = checkpoint.assessments.order_by("document").iterator(chunk_size=500)
    return [row.pk for row in rows if next(matching(row, choice), None)]


def judged(keys: Sequence[int], choice: Choice) -> list[Judged]:
    rows = Assessment.objects.filter(pk__in=keys).select_related("document")
    ordered = rows.order_by("document")
    return [Judged(row, list(matching(row, choice))) for row in ordered]


def matching(assessment: Assessment, choice: Choice) -> Iterator[Finding]:
    for finding in findings(assessment.gold_spans, assessment.predicted_spans):
        if choice.fits(*finding.cell):
            yield finding
