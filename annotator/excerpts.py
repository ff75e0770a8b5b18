"""A text with its spans, cut into pieces that a template can show."""

from collections.abc import Iterable
from dataclasses import dataclass

from modeling.spans import Span


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    label: str = ""  # empty between spans


def pieces(text: str, spans: Iterable[Span], limit: int = 400) -> list[Piece]:
    """The beginning of a text; a span that reaches past the limit is left out."""
    found, position = [], 0
    for span in sorted(spans, key=lambda span: span.start):
        if span.start < position or span.end > limit:
            continue
        if span.start > position:
            found.append(Piece(text[position : span.start]))
        found.append(Piece(text[span.start : span.end], span.label))
        position = span.end
    rest = text[position:limit]
    if len(text) > limit:
        rest += "…"
    return [*found, Piece(rest)] if rest else found


def around(
    text: str, spans: Iterable[Span], start: int, end: int, context: int = 90
) -> list[Piece]:
    """The text near [start, end); a span that reaches out of it is left out."""
    first, last = max(0, start - context), min(len(text), end + context)
    first = _after_space(text, first) if first and first < start else first
    inside = [
        Span(span.start - first, span.end - first, span.label)
        for span in spans
        if first <= span.start and span.end <= last
    ]
    found = pieces(text[first:last], inside, last - first)
    if first:
        found = [Piece("…"), *found]
    return [*found, Piece("…")] if last < len(text) else found


def _after_space(text: str, position: int, limit: int = 20) -> int:
    """The beginning of the next word, unless it is far away."""
    for index in range(position, position + limit):
        if text[index].isspace():
            return index + 1
    return position
