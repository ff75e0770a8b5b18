"""spaCy's DocBin (.spacy): packed arrays of tokens, read without spaCy."""

import json
import sys
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgpack
from django.utils.translation import gettext as _t

from annotator.formats.errors import MIB
from annotator.formats.json_values import is_whole
from annotator.formats.members import RATIO, SMALL
from annotator.formats.mentions import Mention, settle
from annotator.formats.offsets import CODE_POINTS
from annotator.formats.placing import join, place
from annotator.formats.records import Format, Record, excerpt
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import LARGEST_WHOLE, FormatError, Source
from annotator.formats.spacy_strings import SYMBOLS, numbered
from modeling.tagging import decode
from modeling.tokens import Token

NEEDED = ORTH, ENT_IOB, ENT_TYPE = [
    SYMBOLS[name] for name in ("ORTH", "ENT_IOB", "ENT_TYPE")
]
SENT_START = SYMBOLS["SENT_START"]
# What tokens say beside their entities; the other attributes follow from the text.
UNKEPT = ("LEMMA", "POS", "TAG", "DEP", "MORPH", "ENT_KB_ID", "ENT_ID")
MISSING, PREFIXES = 0, {1: "I", 3: "B"}  # values of ENT_IOB; 2 is outside
NO_GROUPS = (None, b"", b"\x90")  # an empty list in MessagePack
NO_DATA = (None, b"\x80")  # an empty map
ID, METADATA, GAPS = "id", "metadata", "gaps"  # user data that is written here
BROKEN = (ValueError, TypeError, RecursionError, msgpack.UnpackException)


@dataclass(frozen=True, slots=True)
class Bin:
    """The content of a file; the rows of all documents stand behind one another."""

    attributes: list[int]
    rows: Sequence[int]
    spaces: bytes
    lengths: Sequence[int]
    strings: Mapping[int, str]
    others: Mapping[str, list[Any]]  # a value a document

    def column(self, attribute: int, rows: range) -> Sequence[int]:
        """An attribute's values for some tokens, none if the file lacks it."""
        if attribute not in self.attributes:
            return []
        width = len(self.attributes)
        first = rows.start * width + self.attributes.index(attribute)
        return self.rows[first : rows.stop * width : width]

    def other(self, key: str, number: int) -> Any:
        values = self.others.get(key, [])
        return values[number - 1] if number <= len(values) else None


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """All documents; their numbers take the place of lines."""
    content = _parse(_unpacked(source.read_bytes()))
    first = 0
    for number, length in enumerate(content.lengths, 1):
        try:
            yield _record(content, number, range(first, first + length), options)
        except FormatError as error:
            yield error
        first += length


def _unpacked(data: bytes) -> bytes:
    unpacker, limit = zlib.decompressobj(), max(SMALL, RATIO * len(data))
    limit = min(limit, LARGEST_WHOLE)
    try:
        unpacked = unpacker.decompress(data, limit)
    except zlib.error as error:
        raise _broken(error) from error
    if unpacker.unconsumed_tail:
        sentence = _t("The file unpacks to more than {limit} MiB: refused.")
        raise FormatError(1, sentence.format(limit=limit // MIB))
    return unpacked


def _broken(why: object) -> FormatError:
    sentence = _t("This is not a DocBin of spaCy: {why}.")
    return FormatError(1, sentence.format(why=excerpt(str(why), limit=100)))


def _parse(data: bytes) -> Bin:
    try:
        value = msgpack.unpackb(data, strict_map_key=False)
    except BROKEN as error:
        raise _broken(error) from error
    if not isinstance(value, dict):
        raise _broken(_t("it holds no map"))
    attributes, strings = value.get("attrs"), value.get("strings")
    if not isinstance(attributes, list) or any(n not in attributes for n in NEEDED):
        raise _broken(_t("it lacks the tokens' words or entities"))
    if not isinstance(strings, list) or any(not isinstance(s, str) for s in strings):
        raise _broken(_t("it lacks the strings"))
    packed = (value.get(key) for key in ("tokens", "spaces", "lengths"))
    tokens, spaces, lengths = (p if isinstance(p, bytes) else b"" for p in packed)
    content = Bin(
        attributes=attributes,
        rows=_numbers("Q", tokens),
        spaces=spaces,
        lengths=_numbers("i", lengths),
        strings=numbered(strings),
        others={key: item for key, item in value.items() if isinstance(item, list)},
    )
    _check_lengths(content)
    return content


def _check_lengths(content: Bin) -> None:
    count, width = sum(content.lengths), len(content.attributes)
    is_negative = any(length < 0 for length in content.lengths)
    if is_negative or (len(content.rows), len(content.spaces)) != (
        count * width,
        count,
    ):
        raise _broken(_t("the numbers of its tokens do not agree"))


def _numbers(code: str, data: bytes) -> Sequence[int]:
    numbers: array[int] = array(code)
    if len(data) % numbers.itemsize:
        raise _broken(_t("the numbers of its tokens do not agree"))
    numbers.frombytes(data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _record(content: Bin, number: int, rows: range, options: Options) -> Record:
    words = [_string(content, number, word) for word in content.column(ORTH, rows)]
    flags = content.other("flags", number)
    if isinstance(flags, dict) and flags.get("has_unknown_spaces"):
        text, tokens = place(words, joiner=options.joins_tokens_with)
    else:
        spaces = content.spaces[rows.start : rows.stop]
        text, tokens = join(words, [" " if space else "" for space in spaces])
    marks = content.column(ENT_IOB, rows)
    own = _own_data(content, number)
    begins = content.column(SENT_START, rows)
    starts = [at for at, value in enumerate(begins) if value == 1]
    mentions = _mentions(content, number, rows, tokens)
    spans, notes = settle(text, mentions, unit=CODE_POINTS)
    kept = _without_gaps(len(tokens), own)
    return Record(
        text=text,
        spans=spans,
        is_annotated=any(mark != MISSING for mark in marks),
        tokens=tuple(tokens[at] for at in kept),
        sentence_starts=_sentence_starts(kept, starts),
        metadata=own.get(METADATA, {}),
        external_id=own.get(ID, ""),
        line=number,
        notes=(*notes, *_unkept(content, number, rows, bool(own))),
    )


def _sentence_starts(kept: list[int], starts: list[int]) -> tuple[int, ...] | None:
    """Those of the kept tokens; in a gap begins what the next token begins."""
    found = {bisect_left(kept, at) for at in starts} - {len(kept)}
    return tuple(sorted(found)) or None


def _own_data(content: Bin, number: int) -> dict[str, Any]:
    """The user data of a document, where this program wrote it."""
    try:
        data = msgpack.unpackb(content.other("user_data", number), strict_map_key=False)
        metadata = json.loads(data[METADATA])
        is_own = isinstance(data[ID], str) and isinstance(metadata, dict)
        is_own = is_own and data.keys() <= {ID, METADATA, GAPS}
    except (*BROKEN, KeyError, AttributeError):
        return {}
    return {**data, METADATA: metadata} if is_own else {}


def _without_gaps(count: int, own: dict[str, Any]) -> list[int]:
    """The numbers of the tokens that are no text between two of them."""
    gaps = own.get(GAPS, [])
    left_out = {*gaps} if isinstance(gaps, list) and all(map(is_whole, gaps)) else set()
    return [at for at in range(count) if at not in left_out]


def _string(content: Bin, number: int, value: int) -> str:
    if value not in content.strings:
        sentence = _t("The string {value} of document {number} is not in the file.")
        raise FormatError(number, sentence.format(value=value, number=number))
    return content.strings[value]


def _mentions(
    content: Bin, number: int, rows: range, tokens: list[Token]
) -> list[Mention]:
    marks = content.column(ENT_IOB, rows)
    labels = content.column(ENT_TYPE, rows)
    tags = [
        f"{PREFIXES[mark]}-{_string(content, number, label)}"
        if mark in PREFIXES
        else "O"
        for mark, label in zip(marks, labels, strict=True)
    ]
    spans = decode(tags, tokens)
    return [Mention(span.start, span.end, span.label, number) for span in spans]


def _unkept(
    content: Bin, number: int, rows: range, has_own_data: bool
) -> Iterator[str]:
    names = [name for name in UNKEPT if any(content.column(SYMBOLS[name], rows))]
    if content.other("cats", number):
        names.append(_t("categories"))
    if content.other("span_groups", number) not in NO_GROUPS:
        names.append(_t("span groups"))
    if not has_own_data and content.other("user_data", number) not in NO_DATA:
        names.append(_t("user data"))
    if names:
        yield _t("Not kept: {things}.").format(things=", ".join(names))


def recognises(source: Source) -> bool:
    return source.suffix in FORMAT.suffixes


FORMAT = Format(
    name="docbin",
    suffixes=(".spacy",),
    recognises=recognises,
    read=read,
    is_binary=True,
)
