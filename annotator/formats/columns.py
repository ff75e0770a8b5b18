"""Which column of a CoNLL file holds what, found by looking at its lines."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from annotator.formats.source import Line
from modeling.tagging import detect_scheme, split_tag

LINES_LOOKED_AT = 50_000
DOCUMENT_START = "-DOCSTART-"
TAG = re.compile(r"O|[BIESLUM](-.+)?", re.DOTALL)
HEADER = re.compile(
    r"# ?([\w.:-]{1,60}(?: [\w.:-]{1,60})?) =(?: (.*))?|# ?(newdoc|newpar) *", re.DOTALL
)
PLACEHOLDERS = {"-X-", "-", "_", "O"}
# The chunk column of CoNLL-2000 and -2003 looks like named entities but is not.
CHUNK_LABELS = {
    *("ADJP", "ADVP", "CONJP", "INTJ", "LST", "NP", "PP", "PRT", "SBAR", "UCP", "VP")
}
SUFFIXED = re.compile(r"(.+)-([BIESLUM])", re.DOTALL)
SPELLINGS = ("prefix", "suffix", "bare")
BARE = re.compile(r"[^\W\d][\w/.-]{1,39}")
LEAST_OUTSIDE = 0.3  # of tokens, for labels without a prefix to be taken for tags
MOST_BARE = 50  # different labels
ENOUGH = 0.9  # of a column's values are tags; the other lines are errors


@dataclass(frozen=True, slots=True)
class Layout:
    token_column: int
    tag_column: int
    columns: int
    is_indexed: bool  # the first column counts the tokens of a sentence
    has_document_starts: bool
    scheme: str
    other_tag_columns: tuple[int, ...] = ()
    nested_columns: tuple[int, ...] = ()  # those of the others that are no chunks
    spelling: str = "prefix"  # of B-PER; "suffix" of PER-B, "bare" of PER

    def tag(self, value: str) -> str:
        """The tag that a value of the column means."""
        return _spelled(self.spelling, value)

    def header(self, line: Line) -> tuple[str, str] | None:
        """Key and value of a ``# key = value`` line, never of a token line.

        Files without a counting first column may have tokens that begin with ``#``;
        only a line of one column is a header there.
        """
        text = line.text
        if not text.startswith("#"):
            return None
        found = HEADER.fullmatch(text)
        if self.is_indexed:
            key, value = (found[1] or found[3], found[2]) if found else ("", "")
            return key, value or ""
        if not found or "\t" in text:
            return None
        return found[1] or found[3], found[2] or ""


def _spelled(spelling: str, value: str) -> str:
    if spelling == "suffix":
        found = SUFFIXED.fullmatch(value)
        return f"{found[2]}-{found[1]}" if found else value
    return f"I-{value}" if spelling == "bare" and BARE.fullmatch(value) else value


def split_columns(text: str) -> list[str]:
    """Split at TAB when there is one, else at spaces, which a token then lacks.

    Other white space, such as no-break spaces, belongs to its token.
    """
    if "\t" in text:
        return text.split("\t")
    return [column for column in text.split(" ") if column]


def is_break(line: Line) -> bool:
    """Whether a line ends a sentence: it is empty or only spaces and TABs."""
    return not line.error and not line.text.strip(" \t")


def looks_like_columns(lines: Iterable[Line]) -> bool:
    """Whether a text file is rather a table of tokens, with tags of whatever kind.

    Its lines all have as many columns, and some token is outside of all mentions.
    """
    sentences, _has_starts = _sentences(lines)
    rows = [row for sentence in sentences for row in sentence]
    widths = {len(row) for row in rows}
    return len(widths) == 1 and min(widths) > 1 and any(row[-1] == "O" for row in rows)


def detect_layout(lines: Iterable[Line]) -> Layout | None:
    """Find the columns of a file from its first lines; None without tags."""
    sentences, document_starts = _sentences(lines)
    is_indexed = _is_indexed(sentences)
    if is_indexed:
        sentences = [[row for row in s if row[0].isdecimal()] for s in sentences]
    rows = [row for sentence in sentences for row in sentence]
    widths = Counter(len(row) for row in rows)
    width = max(widths, key=lambda n: (widths[n], n), default=0)
    if width < 2:
        return None
    token_column = int(is_indexed)
    spelling, tagged = "prefix", _tag_columns(rows, token_column + 1, width)
    is_told = any(_prefixes(row[at] for row in rows if len(row) > at) for at in tagged)
    if not is_told:
        other = "bare" if _has_bare_labels(rows, token_column) else "suffix"
        respelt = [[_spelled(other, value) for value in row] for row in rows]
        first = width - 1 if other == "bare" else token_column + 1
        found = _tag_columns(respelt, first, width)
        # Where O alone makes a column of tags, one odd value is a mistake.
        if found and (not tagged or _prefixes(row[-1] for row in respelt) > 1):
            spelling, tagged = other, found
            for row, values in zip(rows, respelt, strict=True):
                row[1:] = values[1:]
    if not tagged:
        return None
    tag_column = _most_telling(rows, tagged)
    others = [column for column in tagged if column != tag_column]
    return Layout(
        token_column=token_column,
        tag_column=tag_column,
        columns=width,
        is_indexed=is_indexed,
        has_document_starts=document_starts,
        scheme="io"
        if spelling == "bare"
        else detect_scheme(_tags(sentences, tag_column)),
        other_tag_columns=tuple(others),
        nested_columns=tuple(c for c in others if not _is_chunks(rows, c)),
        spelling=spelling,
    )


def stated_layout(lines: Iterable[Line], token: int, tag: int) -> Layout:
    """The columns that a person names, counted from 0, and how their tags are spelt."""
    sentences, document_starts = _sentences(lines)
    is_indexed = token > 0 and _is_indexed(sentences)
    if is_indexed:
        sentences = [[row for row in s if row[0].isdecimal()] for s in sentences]
    rows = [row for sentence in sentences for row in sentence]
    widths = Counter(len(row) for row in rows)
    values = [row[tag] for row in rows if len(row) > tag]
    respelt = {name: [_spelled(name, value) for value in values] for name in SPELLINGS}
    fitting = [name for name in SPELLINGS if _is_tag_column(respelt[name], len(rows))]
    # Where few tokens are in mentions, O alone makes a column of tags.
    telling = [name for name in fitting if _prefixes(respelt[name])]
    spelling = next(iter([*telling, *fitting]), "prefix")
    found = [
        [_spelled(spelling, row[tag]) for row in s if len(row) > tag] for s in sentences
    ]
    tags = ([value if TAG.fullmatch(value) else "O" for value in s] for s in found)
    return Layout(
        token_column=token,
        tag_column=tag,
        columns=max(widths, key=lambda n: (widths[n], n), default=0),
        is_indexed=is_indexed,
        has_document_starts=document_starts,
        scheme="io" if spelling == "bare" else detect_scheme(tags),
        spelling=spelling,
    )


def _tag_columns(rows: list[list[str]], first: int, width: int) -> list[int]:
    columns = {at: [row[at] for row in rows if len(row) > at] for at in range(width)}
    return [at for at in range(first, width) if _is_tag_column(columns[at], len(rows))]


def _prefixes(values: Iterable[str]) -> int:
    """How many values besides O are tags."""
    return sum(value != "O" and bool(TAG.fullmatch(value)) for value in values)


def _has_bare_labels(rows: list[list[str]], token_column: int) -> bool:
    """Whether the last column holds O and a few labels, and the tokens are words."""
    values = Counter(row[-1] for row in rows)
    is_word = all(" " not in row[token_column] for row in rows if len(row) > 1)
    outside = values.pop("O", 0)
    is_few = 0 < len(values) <= MOST_BARE
    is_suffixed = all(SUFFIXED.fullmatch(value) for value in values)
    is_bare = all(BARE.fullmatch(value) for value in values) and not is_suffixed
    return is_word and is_few and is_bare and outside >= LEAST_OUTSIDE * len(rows)


def _sentences(lines: Iterable[Line]) -> tuple[list[list[list[str]]], bool]:
    """The columns of each sentence, and whether there are document starts."""
    sentences: list[list[list[str]]] = [[]]
    document_starts = False
    for line in lines:
        if is_break(line):
            sentences.append([])
            continue
        row = split_columns(line.text)
        is_start = bool(row) and row[0] == DOCUMENT_START
        is_newdoc = line.text.startswith("# newdoc")
        document_starts |= is_start or is_newdoc
        is_header = not sentences[-1] and _looks_like_header(line.text, row)
        if not (line.error or is_start or is_header):
            sentences[-1].append(row)
    return [sentence for sentence in sentences if sentence], document_starts


def _looks_like_header(text: str, row: list[str]) -> bool:
    """A header, or such a source line as GermEval puts before a sentence."""
    if not text.startswith("#"):
        return False
    if "\t" in text and any(TAG.fullmatch(column) for column in row[1:]):
        return False
    return text.startswith("#\t") or bool(HEADER.fullmatch(text))


def _is_indexed(sentences: list[list[list[str]]]) -> bool:
    counting = 0
    rows = [row for sentence in sentences for row in sentence]
    for sentence in sentences:
        # CoNLL-U numbers multi-word tokens 1-2 and empty nodes 1.1.
        numbers = [row[0] for row in sentence if row[0].isdecimal()]
        counting += numbers == [str(n + 1) for n in range(len(numbers))] and bool(
            numbers
        )
    if counting < ENOUGH * len(sentences):
        return False
    second = {row[1] for row in rows if len(row) > 2}
    return bool(second) and not (len(second) == 1 and second <= PLACEHOLDERS)


def _is_tag_column(values: list[str], rows: int) -> bool:
    """Whether most rows have the column, and nearly all in it are tags.

    One letter may be a word of a text; at least one tag must be more than that.
    """
    fitting = [value for value in values if TAG.fullmatch(value)]
    is_telling = any(tag == "O" or "-" in tag for tag in fitting)
    is_common = len(values) > rows / 2
    return is_telling and is_common and len(fitting) >= ENOUGH * len(values)


def _most_telling(rows: list[list[str]], columns: list[int]) -> int:
    """The column of named entities: not the chunks, not the sparser nested layer."""

    def worth(column: int) -> tuple[bool, int, int]:
        return not _is_chunks(rows, column), len(_inside(rows, column)), column

    return max(columns, key=worth)


def _inside(rows: list[list[str]], column: int) -> list[str]:
    """The tags of a column that are part of something."""
    tags = (row[column] for row in rows if len(row) > column)
    return [tag for tag in tags if tag != "O" and TAG.fullmatch(tag)]


def _is_chunks(rows: list[list[str]], column: int) -> bool:
    labels = {split_tag(tag)[1] for tag in _inside(rows, column)}
    return bool(labels) and labels <= CHUNK_LABELS


def _tags(sentences: list[list[list[str]]], column: int) -> Iterator[list[str]]:
    for sentence in sentences:
        tags = [row[column] for row in sentence if len(row) > column]
        yield [tag if TAG.fullmatch(tag) else "O" for tag in tags]
