"""Writing spaCy's DocBin, which its training reads; spaCy need not be installed."""

import json
import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import msgpack
from django.utils.translation import gettext as _t

from annotator.formats.conll_writer import misfits
from annotator.formats.docbin import GAPS, ID, METADATA
from annotator.formats.errors import WriteRefused
from annotator.formats.records import Loss, Output, Record, WriteOptions
from annotator.formats.sentences import sentence_starts
from annotator.formats.spacy_strings import SYMBOLS, number
from modeling.spans import Span, outermost
from modeling.tagging import decode, encode
from modeling.tokens import Token, tokenize

COLUMNS = ("ORTH", "ENT_IOB", "ENT_TYPE", "SENT_START")  # of each token
MISSING, INSIDE, OUTSIDE, BEGIN = range(4)  # values of ENT_IOB
NOT_KNOWN, STARTS, CONTINUES = 0, 1, 2**64 - 1  # of SENT_START, the last for -1
# Of each document: no categories, no groups of spans, and spaces that are known.
NO_CATS, NO_GROUPS = msgpack.packb({}), msgpack.packb(msgpack.packb([]))
FLAGS = msgpack.packb({"has_unknown_spaces": False})
LONGEST_BLOCK = 2**32 - 1  # bytes that MessagePack can count
IN_MEMORY = 1024**2  # bytes of each part, before it goes to the disk
AT_ONCE = 1024**2
REPEATED_AT_ONCE = 10_000


def write(
    records: Iterable[Record], file: IO[bytes], options: WriteOptions
) -> Iterator[Loss]:
    """One packed block, whose parts wait on the disk until all is counted.

    Ids and metadata, as JSON, are the user data of their document.
    """
    with _Bin() as packed:
        for record in records:
            tokens = tokenize(record.text) if record.tokens is None else record.tokens
            outer, inner = outermost(record.spans)
            encoding = encode(outer, tokens)
            yield from misfits(record, encoding, inner)
            inside = {i for i, tag in enumerate(encoding.tags) if tag.startswith("I-")}
            starts: list[int] | None = None
            if record.sentence_starts is not None and record.tokens is not None:
                starts, cut = sentence_starts(record, tokens, inside)
                yield from cut
            spans = decode(encoding.tags, tokens)
            packed.add(record, tokens, spans, starts)
        for piece in packed.pieces():
            file.write(piece)


class _Bin:
    """The parts of a DocBin, as they grow with each document."""

    def __init__(self) -> None:
        self._count = self._string_count = 0
        self._seen: set[int] = set()  # numbers of the strings that were written
        self._tokens, self._spaces, self._lengths, self._strings, self._data = (
            SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed with the bin
            for _part in range(5)
        )

    def __enter__(self) -> "_Bin":
        return self

    def __exit__(self, *_error: object) -> None:
        for part in (self._tokens, self._spaces, self._lengths, self._strings):
            part.close()
        self._data.close()

    def add(
        self,
        record: Record,
        tokens: Sequence[Token],
        spans: Sequence[Span],
        starts: Sequence[int] | None,
    ) -> None:
        pieces, spaces, gaps = _pieces(record.text, tokens)
        # Not annotated is not the same as no entity.
        outside = OUTSIDE if record.is_annotated else MISSING
        continues = NOT_KNOWN if starts is None else CONTINUES
        rows = [[0, outside, 0, continues] for _piece in pieces]
        for row, (start, end) in zip(rows, pieces, strict=True):
            row[0] = self._number(record.text[start:end])
        for first, last, label in _places(spans, pieces):
            for at in range(first, last):
                rows[at][1:3] = INSIDE if at > first else BEGIN, self._number(label)
        if starts is not None:
            begins = {tokens[at][0] for at in starts[1:]}
            for row, (start, _end) in zip(rows, pieces, strict=True):
                row[3] = STARTS if start in begins else continues
            rows[0][3] = STARTS
        metadata = json.dumps(record.metadata, ensure_ascii=False)
        self._tokens.write(_bytes("Q", [value for row in rows for value in row]))
        self._spaces.write(bytes(spaces))
        self._lengths.write(_bytes("i", [len(pieces)]))
        data: dict[str, Any] = {ID: record.external_id, METADATA: metadata}
        data |= {GAPS: gaps} if gaps else {}
        self._data.write(msgpack.packb(msgpack.packb(data)))
        self._count += 1

    def pieces(self) -> Iterator[bytes]:
        """The whole, compressed, in pieces."""
        packer = zlib.compressobj()
        for piece in self._message():
            yield packer.compress(piece)
        yield packer.flush()

    def _message(self) -> Iterator[bytes]:
        header = msgpack.Packer()
        yield header.pack_map_header(10)
        yield msgpack.packb("version") + msgpack.packb("0.1")
        yield msgpack.packb("attrs") + msgpack.packb([SYMBOLS[n] for n in COLUMNS])
        for name, part in (
            *(("tokens", self._tokens), ("spaces", self._spaces)),
            *(("lengths", self._lengths),),
        ):
            yield msgpack.packb(name) + _block_header(part)
            yield from _content(part)
        yield msgpack.packb("strings") + header.pack_array_header(self._string_count)
        yield from _content(self._strings)
        many = header.pack_array_header(self._count)
        for name, value in (
            *(("cats", NO_CATS), ("flags", FLAGS)),
            *(("span_groups", NO_GROUPS),),
        ):
            yield msgpack.packb(name) + many
            for first in range(0, self._count, REPEATED_AT_ONCE):
                yield value * min(REPEATED_AT_ONCE, self._count - first)
        yield msgpack.packb("user_data") + many
        yield from _content(self._data)

    def _number(self, string: str) -> int:
        found = _numbered(string)
        if found not in self._seen:
            self._seen.add(found)
            self._strings.write(msgpack.packb(string))
            self._string_count += 1
        return found


_numbered = lru_cache(maxsize=100_000)(number)


def _bytes(code: str, values: Iterable[int]) -> bytes:
    numbers = array(code, values)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _block_header(part: IO[bytes]) -> bytes:
    size = part.seek(0, 2)
    if size > LONGEST_BLOCK:
        sentence = _t(
            "These documents are more than one DocBin can hold: split the export, or "
            "choose another format."
        )
        raise WriteRefused(sentence)
    return b"\xc6" + size.to_bytes(4, "big")


def _content(part: IO[bytes]) -> Iterator[bytes]:
    part.seek(0)
    return iter(lambda: part.read(AT_ONCE), b"")


def _pieces(
    text: str, tokens: Sequence[Token]
) -> tuple[list[Token], list[bool], list[int]]:
    """The tokens and what stands between them, whether a space follows each, the gaps.

    In spaCy a text is its tokens, each with at most one space behind it, so that
    longer gaps are tokens too.
    """
    pieces: list[Token] = []
    spaces: list[bool] = []
    gaps: list[int] = []
    bounds = [0, *(offset for token in tokens for offset in token), len(text)]
    for position, (start, end) in enumerate(pairwise(bounds)):
        is_gap = position % 2 == 0
        if is_gap and pieces and text[start:end].startswith(" "):
            spaces[-1] = True
            start += 1
        if start < end:
            gaps += [len(pieces)] if is_gap else []
            pieces.append((start, end))
            spaces.append(False)
    return pieces, spaces, gaps


def _places(
    spans: Iterable[Span], pieces: Sequence[Token]
) -> Iterator[tuple[int, int, str]]:
    starts = {start: index for index, (start, _) in enumerate(pieces)}
    ends = {end: index + 1 for index, (_, end) in enumerate(pieces)}
    for span in spans:
        yield starts[span.start], ends[span.end], span.label


OUTPUT = Output(
    name="spacy",
    title="spaCy DocBin",
    suffix="spacy",
    write=write,
    holds=frozenset({"text", "ids", "metadata", "tokens", "sentences"}),
    needs_tokens=True,
)
