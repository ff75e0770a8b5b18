"""How predicted spans miss: confusions of labels and of boundaries.

Every gold span has one finding, and so has every predicted span that touches no gold
span. Both sides are flat: no two spans of one side overlap.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from modeling.spans import Span

RIGHT: Final = "right"
LABEL: Final = "label"
MISSED: Final = "missed"
SPURIOUS: Final = "spurious"
BOUNDARIES: Final = (
    "longer_left",
    "longer_right",
    "longer_both",
    "shorter_left",
    "shorter_right",
    "shorter_both",
    "shifted",
    "split",
    "merged",
)
KINDS: Final = (RIGHT, LABEL, *BOUNDARIES, MISSED, SPURIOUS)

Cell = tuple[str, str, str]
"""Kind, gold label and predicted label; a label that there is none of is empty."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one gold span, or of a predicted span without one.

    Attributes:
        kind: One of `KINDS`. ``right`` and ``label`` have equal boundaries; ``longer``
            and ``shorter`` say how the prediction differs, ``shifted`` is both;
            ``split`` is touched by several predictions, ``merged`` by one that touches
            several gold spans.
        gold: None when the prediction is spurious.
        predicted: The prediction with the largest overlap; None when it was missed.
    """

    kind: str
    gold: Span | None
    predicted: Span | None

    @property
    def cell(self) -> Cell:
        """Where the finding is counted."""
        gold = self.gold.label if self.gold else ""
        return self.kind, gold, self.predicted.label if self.predicted else ""


def findings(gold: Collection[Span], predicted: Collection[Span]) -> Iterator[Finding]:
    """Compare the spans of one document: first the gold spans, then the spurious ones.

    Args:
        gold: Flat spans in any order.
        predicted: Flat spans in any order.
    """
    truths, guesses = sorted(gold), sorted(predicted)
    for truth in truths:
        touching = _touching(truth, guesses)
        if not touching:
            yield Finding(MISSED, truth, None)
            continue
        best = max(touching, key=lambda guess: _overlap(truth, guess))
        if len(touching) > 1:
            kind = "split"
        elif len(_touching(best, truths)) > 1:
            kind = "merged"
        else:
            kind = _kind(truth, best)
        yield Finding(kind, truth, best)
    for guess in guesses:
        if not _touching(guess, truths):
            yield Finding(SPURIOUS, None, guess)


def tally(
    gold: Iterable[Collection[Span]], predicted: Iterable[Collection[Span]]
) -> Counter[Cell]:
    """Count the findings of many documents.

    Args:
        gold: Spans of each document.
        predicted: Spans of the same documents in the same order.

    Raises:
        ValueError: The numbers of documents differ.
    """
    return Counter(
        finding.cell
        for truths, guesses in zip(gold, predicted, strict=True)
        for finding in findings(truths, guesses)
    )


def _touching(span: Span, others: Sequence[Span]) -> Sequence[Span]:
    """Give the sorted flat spans that share a code point with a span."""
    first = bisect_right(others, span.start, key=lambda other: other.end)
    return others[first : bisect_left(others, span.end, key=lambda other: other.start)]


def _overlap(a: Span, b: Span) -> int:
    """Count the code points that two spans share."""
    return min(a.end, b.end) - max(a.start, b.start)


def _kind(truth: Span, guess: Span) -> str:
    """Name the difference of two spans that touch only each other."""
    left, right = truth.start - guess.start, guess.end - truth.end  # > 0 is longer
    if left == right == 0:
        return RIGHT if truth.label == guess.label else LABEL
    if min(left, right) < 0 < max(left, right):
        return "shifted"
    size = "longer" if left + right > 0 else "shorter"
    side = "both" if left and right else "left" if left else "right"
    return f"{size}_{side}"
