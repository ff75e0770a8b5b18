"""The rows of WebAnno TSV 3 for spans: tokens, parts of tokens, and stacked values."""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _t

from annotator.formats.records import Loss, Record, excerpt
from modeling.spans import Span
from modeling.tokens import Token

RESERVED = re.compile(r"->|[\\\[\]|_;*]")  # a label holds no white space
NOTHING, NO_VALUE = "_", "*"


class Rows:
    """What stands in the layer's columns at each token of one document."""

    def __init__(self, record: Record, tokens: Sequence[Token]) -> None:
        self.inside: set[int] = set()  # tokens that continue a span
        self.losses: list[Loss] = []
        self._is_annotated = record.is_annotated
        self._tokens = tokens
        # Of each token, its pieces with the number and the label of their spans.
        self._pieces: dict[int, dict[Token, list[tuple[int, str]]]] = defaultdict(dict)
        self._is_single: dict[int, bool] = {}
        placed: set[Span] = set()
        for number, span in enumerate(sorted(record.spans), 1):
            self._place(record, number, span, placed)

    def of(self, index: int) -> Iterator[tuple[str, Token, str]]:
        """The rows of a token: a suffix of its number, the offsets and the cells."""
        token = self._tokens[index]
        pieces = self._pieces.get(index, {})
        yield "", token, self._cells(pieces.get(token, []))
        parts = sorted(piece for piece in pieces if piece != token)
        for number, part in enumerate(parts, 1):
            yield f".{number}", part, self._cells(pieces[part])

    def _place(
        self, record: Record, number: int, span: Span, placed: set[Span]
    ) -> None:
        first, last = _cover(span, self._tokens)
        if first == last:
            reason = _t("It covers no token.")
            self.losses.append(Loss(record, "dropped", reason, span))
            return
        start = max(span.start, self._tokens[first][0])
        end = min(span.end, self._tokens[last - 1][1])
        became = Span(start, end, span.label)
        if became in placed:
            reason = _t("Without what stands between tokens it is another span.")
            self.losses.append(Loss(record, "dropped", reason, span))
            return
        placed.add(became)
        if became != span:
            sentence = _t(
                "It ends outside tokens; it became [{start}, {end}) “{text}”."
            )
            text = excerpt(record.text[start:end])
            reason = sentence.format(start=start, end=end, text=text)
            self.losses.append(Loss(record, "moved", reason, span, (start, end)))
        self.inside.update(range(first + 1, last))
        self._is_single[number] = last - first == 1
        for index in range(first, last):
            token = self._tokens[index]
            piece = max(start, token[0]), min(end, token[1])
            self._pieces[index].setdefault(piece, []).append((number, span.label))

    def _cells(self, stacked: list[tuple[int, str]]) -> str:
        """The columns ``identifier`` and ``value``; a number tells spans apart."""
        if not self._is_annotated:
            return ""
        if not stacked:
            return f"{NOTHING}\t{NOTHING}\t"
        is_plain = len(stacked) == 1 and self._is_single[stacked[0][0]]
        marks = ["" if is_plain else f"[{number}]" for number, _label in stacked]
        labels = [escape(label) for _number, label in stacked]
        identifiers = "|".join(NO_VALUE + mark for mark in marks)
        values = "|".join(map("".join, zip(labels, marks, strict=True)))
        return f"{identifiers}\t{values}\t"


def escape(label: str) -> str:
    return RESERVED.sub(lambda found: f"\\{found[0]}", label)


def _cover(span: Span, tokens: Sequence[Token]) -> tuple[int, int]:
    """The half-open range of the tokens that share a character with a span."""
    first = bisect_right(tokens, span.start, key=lambda token: token[1])
    last = bisect_left(tokens, span.end, key=lambda token: token[0])
    return first, max(first, last)
