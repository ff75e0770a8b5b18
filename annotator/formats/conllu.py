"""CoNLL-U and CoNLL-U Plus: numbered words, tokens of several words, exact spaces."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from django.utils.translation import gettext as _t

from annotator.formats.columns import (
    HEADER,
    LINES_LOOKED_AT,
    detect_layout,
    is_break,
)
from annotator.formats.conll import Sentence, records
from annotator.formats.placing import check_tag
from annotator.formats.records import Format, Record, check_size, excerpt
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import FormatError, Line, Source
from modeling.tagging import split_tag

TEN = "ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC"
GLOBAL_COLUMNS = "global.columns"
# Some align their columns with spaces; a form may have a single one inside.
SEPARATOR = re.compile(r" *\t *| {2,}")
NUMBER = re.compile(r"([0-9]{1,9})(?:(-)([0-9]{1,9})|(\.)[0-9]{1,9})?")
TAG_IN_MISC = re.compile(r"(?:^|\|)ner=([^|]*)", re.IGNORECASE)
NO_SPACE = re.compile(r"(?:^|\|)SpaceAfter=No(?:\||$)")
OUTSIDE = ("_", "*", "")  # what the format has where nothing is said


@dataclass(frozen=True, slots=True)
class Columns:
    names: tuple[str, ...]
    form: int = 1
    tag: int | None = None
    misc: int | None = None

    def cell(self, cells: list[str], column: int | None) -> str:
        return cells[column] if column is not None and column < len(cells) else ""


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """Documents of sentences; without tags they are texts with tokens only."""
    columns = _columns(source)
    return records(_sentences(source.lines(), columns), options)


def _columns(source: Source) -> Columns:
    """As the file's first line says, else the ten, else found by looking."""
    lines = list(islice(source.lines(), LINES_LOOKED_AT))
    header = HEADER.fullmatch(lines[0].text) if lines else None
    if header and header[1] == GLOBAL_COLUMNS:
        names = tuple((header[2] or "").upper().split())
        if not {"ID", "FORM"} <= set(names):
            sentence = _t("The columns “{names}” lack ID or FORM.")
            raise FormatError(1, sentence.format(names=excerpt(header[2] or "")))
        tag = next((at for at, name in enumerate(names) if "NER" in name), None)
        misc = names.index("MISC") if "MISC" in names else None
        return Columns(names, names.index("FORM"), tag, misc)
    layout = detect_layout(lines)
    tag = layout.tag_column if layout and layout.is_indexed else None
    names = tuple(TEN.split())
    if layout and layout.columns < len(names):
        return Columns((), tag=tag)
    return Columns(names, tag=tag, misc=names.index("MISC"))


def _sentences(lines: Iterable[Line], columns: Columns) -> Iterator[Sentence]:
    sentence, until = _new(columns), 0
    for line in lines:
        if is_break(line):
            if not sentence.is_empty:
                yield sentence
                sentence, until = _new(columns), 0
        elif line.text.startswith("#"):
            found = HEADER.fullmatch(line.text)
            if found:
                sentence.headers[found[1] or found[3]] = found[2] or ""
        else:
            sentence.line = sentence.line or line.number
            try:
                until = _add(sentence, line, columns, until)
            except FormatError as error:
                sentence.refuse(error)
            check_size(line.number, sentence.size, len(sentence.tokens))
    if not sentence.is_empty:
        yield sentence


def _new(columns: Columns) -> Sentence:
    return Sentence(line=0, is_annotated=columns.tag is not None)


def _add(sentence: Sentence, line: Line, columns: Columns, until: int) -> int:
    """Add a line's token, or its tag to the token of several words above it.

    Returns:
        The number of the last word that belongs to the last token.
    """
    if line.error:
        raise line.error
    cells = SEPARATOR.split(line.text)
    number = NUMBER.fullmatch(cells[0])
    is_counted = number is not None and (number[4] or int(number[1]) > 0)
    if number is None or not is_counted:
        message = _t("“{value}” is not the number of a token.")
        raise FormatError(line.number, message.format(value=excerpt(cells[0])))
    if number[4]:
        return until  # an empty node, which is no part of the text
    form = columns.cell(cells, columns.form)
    if not form:
        raise FormatError(line.number, _t("The token is empty."))
    tag = _tag(sentence, line, cells, columns)
    if int(number[1]) <= until:
        _add_inner(sentence, tag)
        return until
    is_close = NO_SPACE.search(columns.cell(cells, columns.misc))
    sentence.behind.append("" if is_close else " ")
    sentence.add(form, tag, sentence.behind[-1])
    return int(number[3] or 0)


def _tag(sentence: Sentence, line: Line, cells: list[str], columns: Columns) -> str:
    value = columns.cell(cells, columns.tag)
    in_misc = TAG_IN_MISC.search(columns.cell(cells, columns.misc))
    if columns.tag is None and in_misc:
        value, sentence.is_annotated = in_misc[1], True
    return "O" if value in OUTSIDE else check_tag(line.number, value)


def _add_inner(sentence: Sentence, tag: str) -> None:
    """The token gets the first tag of its words; another label is noted."""
    before = sentence.tags[-1]
    if before == "O":
        sentence.tags[-1] = tag
    elif tag != "O" and split_tag(tag)[1] != split_tag(before)[1]:
        note = _t("“{token}” is one token with two tags: {kept} was kept, not {other}.")
        token = excerpt(sentence.tokens[-1])
        sentence.notes.append(note.format(token=token, kept=before, other=tag))


def recognises(source: Source) -> bool:
    first = next(iter(source.head(1)), None)
    has_columns = first is not None and GLOBAL_COLUMNS in first.text
    return has_columns or source.suffix in FORMAT.suffixes


def describe(source: Source) -> dict[str, str]:
    """Which column holds the tags, for the person to check."""
    try:
        columns = _columns(source)
    except FormatError:
        return {}  # reading it says why
    named = " ".join(columns.names) or "–"
    tag = columns.tag
    place = _t("none, or in MISC") if tag is None else str(tag + 1)
    return {"columns": _t("{names}; tag in {tag}").format(names=named, tag=place)}


FORMAT = Format(
    name="conllu",
    suffixes=(".conllu", ".conllup"),
    recognises=recognises,
    read=read,
    describe=describe,
)
