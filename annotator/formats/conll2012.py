"""CoNLL-2012 columns (OntoNotes): entities in brackets, documents with a name."""

import re
from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _t

from annotator.formats.columns import is_break
from annotator.formats.conll import Sentence, records
from annotator.formats.records import Format, Record, check_size, excerpt
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import FormatError, Line, Source

BEGIN = re.compile(r"#begin document \((.*)\);?(?: part (\d+))?\s*", re.DOTALL)
END = "#end document"
SEPARATOR = re.compile(r"[ \t]+")
WORD, ENTITY, FEWEST = 3, 10, 12  # columns
BRACKET = re.compile(r"(\()?([^()*\s]*)\*?(\))?")


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """Documents of sentences; a file without any entity says nothing about them."""
    is_annotated = any(_has_entity(line) for line in source.lines())
    yield from records(_sentences(source.lines(), is_annotated), options)


def _sentences(lines: Iterable[Line], is_annotated: bool) -> Iterator[Sentence]:
    sentence, opened = Sentence(line=0, is_annotated=is_annotated), ""
    document = ""
    for line in lines:
        begin = BEGIN.fullmatch(line.text)
        if begin:
            document = "/".join(filter(None, begin.groups()))
        if begin or line.text.startswith(END) or is_break(line):
            if not sentence.is_empty:
                yield _closed(sentence, opened)
                sentence, opened = Sentence(line=0, is_annotated=is_annotated), ""
            continue
        if not sentence.line and document:
            sentence.headers["newdoc id"], document = document, ""
        sentence.line = sentence.line or line.number
        try:
            opened = _add(sentence, line, opened)
        except FormatError as error:
            sentence.refuse(error)
        check_size(line.number, sentence.size, len(sentence.tokens))
    if not sentence.is_empty:
        yield _closed(sentence, opened)


def _closed(sentence: Sentence, opened: str) -> Sentence:
    if opened and not sentence.errors:
        message = _t("The entity {label} is still open at the end of its sentence.")
        error = FormatError(sentence.line, message.format(label=excerpt(opened)))
        sentence.errors.append(error)
    return sentence


def _add(sentence: Sentence, line: Line, opened: str) -> str:
    """Add a line's token with its tag.

    Returns:
        The label of the entity that goes on behind the token.
    """
    if line.error:
        raise line.error
    cells = _cells(line)
    if len(cells) < FEWEST:
        message = _t("“{text}” has {count} columns, not {expected} or more.")
        shown = {"text": excerpt(line.text), "count": len(cells), "expected": FEWEST}
        raise FormatError(line.number, message.format(**shown))
    value = cells[ENTITY]
    found = BRACKET.fullmatch(value)
    begins, label, ends = found.groups() if found else (None, "", None)
    is_wrong = bool(begins) != bool(label) or (begins and opened)
    if is_wrong or (ends and not (begins or opened)):
        message = _t("The entity “{value}” does not fit what is open before it.")
        raise FormatError(line.number, message.format(value=excerpt(value)))
    inner = f"I-{opened}" if opened else "O"
    sentence.add(cells[WORD], f"B-{label}" if begins else inner)
    return "" if ends else label or opened


def _cells(line: Line) -> list[str]:
    return SEPARATOR.split(line.text.strip(" \t"))


def _has_entity(line: Line) -> bool:
    return "(" in "".join(_cells(line)[ENTITY : ENTITY + 1])


def recognises(source: Source) -> bool:
    first = next((line for line in source.head(100) if line.text.strip()), None)
    return first is not None and BEGIN.fullmatch(first.text) is not None


FORMAT = Format(
    name="conll2012",
    suffixes=(".v4_gold_conll", ".v4_auto_conll", ".gold_conll"),
    recognises=recognises,
    read=read,
)
