"""Labelled spans of a text and the rules about their overlap.

No two overlap. Where a project lets them, no two are the same, and a model learns
from the outermost. Offsets are half-open code points. The same rules live in
``spans.js``; both run over ``tests/data/span_overlap_cases.json``.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter


@dataclass(frozen=True, order=True, slots=True)
class Span:
    """One mention: the code points ``[start, end)`` of a text and their label.

    Args:
        start: Offset of the first code point.
        end: Offset behind the last code point.
        label: Entity type, such as ``PER``.

    Raises:
        ValueError: Unless ``0 <= start < end``.
    """

    start: int
    end: int
    label: str

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(
                f"a span needs 0 <= start < end, got [{self.start}, {self.end})"
            )


_text_order = attrgetter("start", "end")


def overlaps(a: Span, b: Span) -> bool:
    """Say whether two spans share a code point; their labels do not matter."""
    return a.start < b.end and b.start < a.end


def first_overlap(spans: Iterable[Span]) -> tuple[Span, Span] | None:
    """Find the first two spans, in the order of the text, that overlap.

    Args:
        spans: Spans of one text in any order.

    Returns:
        The span that reaches furthest so far and the first span that starts inside it,
        or None when no two spans overlap. Ties of start and end keep the given order.
    """
    furthest: Span | None = None
    for span in sorted(spans, key=_text_order):
        if furthest is not None and span.start < furthest.end:
            return furthest, span
        furthest = span
    return None


def first_repeat(spans: Iterable[Span]) -> tuple[Span, Span] | None:
    """Find the first span, in the order of the text, that is there twice.

    Args:
        spans: Spans of one text in any order.

    Returns:
        The two with the same offsets and label, or None when all are different.
    """
    seen: set[Span] = set()
    for span in sorted(spans, key=_text_order):
        if span in seen:
            return span, span
        seen.add(span)
    return None


def outermost(spans: Iterable[Span]) -> tuple[list[Span], list[Span]]:
    """Keep spans that do not overlap: the longest first, then the earliest.

    Args:
        spans: Spans of one text in any order.

    Returns:
        The kept spans and the dropped spans, both in the order of the text. Of spans
        with the same offsets the first given one is kept.
    """
    kept: list[Span] = []
    dropped: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start - span.end, span.start)):
        after = bisect_left(kept, span.start, key=attrgetter("start"))
        neighbours = kept[max(after - 1, 0) : after + 1]
        if any(overlaps(span, other) for other in neighbours):
            dropped.append(span)
        else:
            insort(kept, span, key=attrgetter("start"))
    return kept, sorted(dropped, key=_text_order)
