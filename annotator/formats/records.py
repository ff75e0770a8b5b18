"""What every format reads and writes: records, options, errors and losses."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO, Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _t

from annotator.formats.errors import MIB
from annotator.formats.source import LONGEST_LINE, FormatError, Source
from modeling.spans import Span, first_overlap, first_repeat
from modeling.tokens import Token, tokenize

LONGEST_EXTERNAL_ID = 200
LONGEST_LABEL = 80
MOST_TOKENS = 1_000_000  # of one document; each takes far more memory than its letters
UNJUDGED = 0.5  # of a suggestion whose confidence is not stated
DOCUMENT = re.compile("sentence|docstart|file|blank-lines:0*[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class Record:
    """One document of a file, with what the file says about it."""

    text: str
    spans: tuple[Span, ...] = ()
    is_annotated: bool = False  # "no spans" is an answer, "not annotated" is none
    tokens: tuple[Token, ...] | None = None
    sentence_starts: tuple[int, ...] | None = None  # indices of tokens
    metadata: dict[str, Any] = field(default_factory=dict)
    external_id: str = ""
    line: int = 1  # where it begins in the file it was read from
    document: int | None = None  # the primary key it is written for
    suggestions: tuple[Span, ...] = ()  # of a model, as the file says; may overlap
    # Of suggestions, and of spans that may become some, where they are stated.
    confidences: dict[Span, float] = field(default_factory=dict)
    state: str = ""  # of the annotation, where it is stated; empty for submitted
    notes: tuple[str, ...] = ()  # what of the file is not held, or was repaired


@dataclass(frozen=True, slots=True)
class ReadOptions:
    document: str = "sentence"  # "docstart", "file" or "blank-lines:N"
    joins_tokens_with: str = " "
    may_overlap: bool = False  # the project lets spans overlap
    # Of a table its heading or number, of JSON lines the key, of CoNLL the numbers of
    # the columns of token and tag, such as 1/4; empty to look for it.
    text_column: str = ""

    def __post_init__(self) -> None:
        if not DOCUMENT.fullmatch(self.document):
            sentence = _t("“{value}” is none of {known}.")
            known = "sentence, docstart, file, blank-lines:N"
            raise FormatError(1, sentence.format(value=self.document, known=known))

    @property
    def per_document(self) -> int | None:
        """N of ``blank-lines:N``, None for the other ways to cut documents."""
        count = self.document.partition(":")[2]
        return int(count) if count else None


@dataclass(frozen=True, slots=True)
class WriteOptions:
    scheme: str = "iob2"
    marks_documents: bool = False  # -DOCSTART- before each document
    name: str = ""  # of what is written, for a title


@dataclass(frozen=True, slots=True)
class Loss:
    """Something of a record that the written file does not hold as it was."""

    record: Record
    kind: str  # as docs/formats.md lists them: "moved", "dropped", "token" …
    reason: str
    span: Span | None = None
    became: tuple[int, int] | None = None


Reader = Callable[[Source, ReadOptions], Iterator[Record | FormatError]]
Writer = Callable[[Iterable[Record], IO[bytes], WriteOptions], Iterator[Loss]]


# Of the file of each split and all labels: what stands beside these files.
Beside = Callable[
    [Mapping[str, str], Sequence[str], WriteOptions], Iterator[tuple[str, bytes]]
]
EVERYTHING = frozenset(
    {
        *("text", "ids", "metadata", "tokens", "sentences", "overlaps"),
        *("suggestions", "states"),
    }
)


@dataclass(frozen=True, slots=True)
class Output:
    """One format that is written: its files, what they need and what they hold."""

    name: str
    title: str | Promise  # maybe translated when it is shown
    suffix: str  # without the dot; of a zip for a format of many files
    write: Writer
    holds: frozenset[str]  # of EVERYTHING; the texts and spans that fit go in anyway
    needs_tokens: bool = False
    has_tags: bool = False  # in a scheme
    marks_documents: bool = False  # where documents have several sentences
    is_lines: bool = False  # two files put together are one file
    beside: Beside | None = None  # further files, with their names


@dataclass(frozen=True, slots=True)
class Format:
    """One format: how to recognise, describe and read it."""

    name: str
    suffixes: tuple[str, ...]
    recognises: Callable[[Source], bool]
    read: Reader
    describe: Callable[[Source], dict[str, str]] = lambda source: {}
    # The same with the text column that a person states, where it changes that.
    describe_stated: Callable[[Source, str], dict[str, str]] | None = None
    is_binary: bool = False  # its files are no text
    takes_collections: bool = False  # a folder or zip is read as one, not by members
    # A member of a folder or zip that describes the others and holds no document.
    ignores: Callable[[Source], bool] = lambda source: False
    # Why a member is not read: it is of another format, and nobody chose this one.
    refuses: Callable[[Source], FormatError | None] = lambda source: None
    is_zip: bool = False  # such as a workbook, of which a folder may hold several
    kin: tuple[str, ...] = ()  # as what its files may seem where nothing is marked


def check(record: Record, may_overlap: bool = False) -> None:
    """Refuse what the database, or any format, could not hold.

    Raises:
        FormatError: naming the record's line and the value.
    """
    line = record.line
    if not record.text:
        raise FormatError(line, _t("The text is empty."))
    check_length(line, record.text)
    strings = [record.text, record.external_id, *_strings(line, record.metadata)]
    for string in strings:
        _check_characters(line, string)
    if len(record.external_id) > LONGEST_EXTERNAL_ID:
        sentence = _t("The id “{start}…” is longer than {limit} characters.")
        raise FormatError(
            line,
            sentence.format(start=record.external_id[:40], limit=LONGEST_EXTERNAL_ID),
        )
    _check_spans(record, may_overlap)
    _check_tokens(record)


def check_length(line: int, text: str) -> None:
    """Refuse what is no text of a document, before offsets in it are looked up."""
    check_size(line, len(text))


def check_size(line: int, characters: int, tokens: int = 0) -> None:
    """Refuse what has become too long for a document while it is put together."""
    if tokens > MOST_TOKENS:
        sentence = _t("The document has more than {limit} tokens.")
        raise FormatError(line, sentence.format(limit=f"{MOST_TOKENS:,}"))
    if characters > LONGEST_LINE:
        sentence = _t("The text is longer than {limit} million characters.")
        raise FormatError(line, sentence.format(limit=LONGEST_LINE // MIB))


def check_marks(line: int, count: int) -> None:
    """Refuse what marks more in one document than could be meant."""
    if count > MOST_TOKENS:
        sentence = _t("The document has more than {limit} mentions or bad lines.")
        raise FormatError(line, sentence.format(limit=f"{MOST_TOKENS:,}"))


def _check_characters(line: int, string: str) -> None:
    if "\0" in string:
        sentence = _t("There is a NUL character at [{at}] in “{text}”.")
        at = string.index("\0")
        raise FormatError(line, sentence.format(at=at, text=excerpt(string, at)))
    if string.isascii():
        return
    at = next((i for i, c in enumerate(string) if "\ud800" <= c <= "\udfff"), -1)
    if at >= 0:
        sentence = _t(
            "There is half a surrogate pair (U+{code}) at [{at}] in “{text}”."
        )
        code = f"{ord(string[at]):04X}"
        text = excerpt(string, at)
        raise FormatError(line, sentence.format(code=code, at=at, text=text))


def _strings(line: int, value: Any) -> Iterator[str]:
    """All strings of a JSON value; numbers that JSON does not know are refused."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            waiting += item.keys()
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, float) and not math.isfinite(item):
            sentence = _t("{value} in the metadata is not a number.")
            raise FormatError(line, sentence.format(value=item))


def _check_spans(record: Record, may_overlap: bool) -> None:
    length = len(record.text)
    for span in (*record.spans, *record.suggestions):
        check_label(record.line, span.label)
        if span.end > length:
            raise out_of_range(record.line, span.start, span.end, length)
    rule = first_repeat if may_overlap else first_overlap
    collision = rule(record.spans)
    if collision:
        first, second = collision
        sentence = _t("“{second}” [{a}, {b}) overlaps “{first}” [{c}, {d}).")
        raise FormatError(
            record.line,
            sentence.format(
                second=excerpt(record.text[second.start : second.end]),
                first=excerpt(record.text[first.start : first.end]),
                a=second.start,
                b=second.end,
                c=first.start,
                d=first.end,
            ),
        )


def check_label(line: int, label: str) -> None:
    if _is_good_label(label):
        return
    _check_characters(line, label)
    if not label or any(c.isspace() or c < " " for c in label):
        sentence = _t("The label “{label}” is not one word without white space.")
        raise FormatError(line, sentence.format(label=excerpt(label)))
    if len(label) > LONGEST_LABEL:
        sentence = _t("The label “{label}” is longer than {limit} characters.")
        label = excerpt(label)
        raise FormatError(line, sentence.format(label=label, limit=LONGEST_LABEL))


@lru_cache(maxsize=1_000)
def _is_good_label(label: str) -> bool:
    """Whether there is nothing to say about a label; a file says it many times."""
    is_short = 0 < len(label) <= LONGEST_LABEL
    return is_short and not any(c.isspace() or not c.isprintable() for c in label)


def _check_tokens(record: Record) -> None:
    if record.tokens is None:
        return
    check_size(record.line, 0, len(record.tokens))
    try:
        tokenize(record.text, "as-imported", record.tokens)
    except ValueError as error:
        message = _t("Bad tokens: {why}.").format(why=error)
        raise FormatError(record.line, message) from error
    starts = record.sentence_starts or ()
    if list(starts) != sorted({*starts}) or any(
        not 0 <= start < len(record.tokens) for start in starts
    ):
        sentence = _t("The sentence starts {starts} are not rising token numbers.")
        raise FormatError(record.line, sentence.format(starts=excerpt(str(starts))))


def out_of_range(line: int, start: int, end: int, length: int) -> FormatError:
    sentence = _t("[{start}, {end}) is not inside a text of {length} characters.")
    return FormatError(line, sentence.format(start=start, end=end, length=length))


def excerpt(text: str, around: int = 0, limit: int = 40) -> str:
    """A short printable piece of a text, for a sentence about it."""
    first = max(0, around - limit // 2)
    piece = text[first : first + limit]
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in piece)
    return ("…" if first else "") + shown + ("…" if len(text) > first + limit else "")
