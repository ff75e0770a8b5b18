"""YEDDA: mentions in brackets inside of the text, ``[@Ada Lovelace#Person*]``."""

import re
from collections.abc import Iterator
from dataclasses import replace

from django.utils.translation import gettext as _t

from annotator.formats import text
from annotator.formats.mentions import Mention, settle
from annotator.formats.offsets import CODE_POINTS
from annotator.formats.records import Format, Record, excerpt
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import FormatError, Source

LABEL = r"#([^#*\[\]\s]{1,80})\*\]"
# What a person marked begins with @, what YEDDA recommended with $.
MARK = re.compile(rf"\[([@$])((?:(?!\[[@$]|{LABEL}).)+){LABEL}", re.DOTALL)
LEFT_OVER = re.compile(rf"\[[@$]|{LABEL}")


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """Plain text but for the marks; what was recommended are suggestions."""
    for item in text.read(source, options):
        try:
            yield item if isinstance(item, FormatError) else _record(item)
        except FormatError as error:
            yield error


def _record(marked: Record) -> Record:
    pieces: list[str] = []
    mentions: dict[str, list[Mention]] = {"@": [], "$": []}
    length = behind = 0
    for found in MARK.finditer(marked.text):
        between = marked.text[behind : found.start()]
        _check(marked, behind, between)
        start = length + len(between)
        pieces += [between, found[2]]
        length, behind = start + len(found[2]), found.end()
        mention = Mention(start, length, found[4], marked.line)
        mentions[found[1]].append(mention)
    _check(marked, behind, marked.text[behind:])
    plain = "".join([*pieces, marked.text[behind:]])
    spans, notes = settle(plain, mentions["@"], unit=CODE_POINTS)
    suggestions, more = settle(plain, mentions["$"], True, CODE_POINTS)
    return replace(
        marked,
        text=plain,
        spans=spans,
        is_annotated=True,
        suggestions=suggestions,
        notes=(*notes, *more),
    )


def _check(marked: Record, at: int, between: str) -> None:
    """Refuse a mark that has no beginning or no end, such as one inside another."""
    found = LEFT_OVER.search(between)
    if found:
        sentence = _t("“{text}” is no whole mark such as [@Ada Lovelace#Person*].")
        line = marked.line + marked.text.count("\n", 0, at + found.start())
        message = sentence.format(text=excerpt(between[found.start() :]))
        raise FormatError(line, message)


def recognises(source: Source) -> bool:
    return MARK.search(source.beginning()) is not None


FORMAT = Format(
    name="yedda",
    suffixes=(),
    recognises=recognises,
    read=read,
    kin=("text",),
)
