"""PubAnnotation JSON: a text and denotations, perhaps in tracks of several projects."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _t

from annotator.formats.json_values import elements, is_whole, shown
from annotator.formats.layers import UNITS
from annotator.formats.mentions import Mention, settle
from annotator.formats.records import Format, Record, excerpt
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import FormatError, Source

MARKS = re.compile(r'"(denotations|sourcedb|tracks)"\s*:')
ID_KEYS = ("sourcedb", "sourceid", "divid")


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    for line, value in elements(source.read_text()):
        try:
            yield _record(line, value, options)
        except FormatError as error:
            yield error


def _record(line: int, value: Any, options: Options) -> Record:
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        sentence = _t("{value} is not an object with a “text”.")
        raise FormatError(line, sentence.format(value=shown(value)))
    unkept: Counter[str] = Counter()
    mentions: list[Mention] = []
    tracks = value.get("tracks") or []
    for part in (value, *(tracks if isinstance(tracks, list) else [tracks])):
        mentions += _mentions(line, part, unkept)
    spans, notes = settle(value["text"], mentions, options.may_overlap)
    return Record(
        text=value["text"],
        spans=spans,
        is_annotated=bool(tracks) or "denotations" in value,
        metadata={
            key: item
            for key, item in value.items()
            if key not in ("text", *ID_KEYS) and not isinstance(item, list | dict)
        },
        external_id=":".join(str(value[key]) for key in ID_KEYS if key in value),
        line=line,
        notes=(*notes, *_unkept(unkept)),
    )


def _mentions(line: int, part: Any, unkept: Counter[str]) -> Iterator[Mention]:
    """The denotations of a document or track; what else it holds is counted."""
    denotations = part.get("denotations", []) if isinstance(part, dict) else None
    if not isinstance(denotations, list):
        sentence = _t("{value} holds no list of denotations.")
        raise FormatError(line, sentence.format(value=shown(part)))
    for key, value in part.items():
        if key not in ("denotations", "tracks") and isinstance(value, list | dict):
            unkept[key] += len(value)
    for denotation in denotations:
        mention = _mention(line, denotation)
        if mention is None:
            unkept[_t("denotations of several pieces")] += 1
        elif mention.label in UNITS:
            unkept[mention.label] += 1
        else:
            yield mention


def _mention(line: int, value: Any) -> Mention | None:
    """A denotation; None when its span is a list of pieces."""
    span = value.get("span") if isinstance(value, dict) else None
    if isinstance(span, list):
        return None
    place = span if isinstance(span, dict) else {}
    start, end = place.get("begin"), place.get("end")
    label = value.get("obj") if isinstance(value, dict) else None
    if not (is_whole(start) and is_whole(end) and isinstance(label, str) and label):
        sentence = _t("{value} is not a denotation with a span and an “obj”.")
        raise FormatError(line, sentence.format(value=shown(value)))
    return Mention(start, end, label, line)


def _unkept(unkept: Counter[str]) -> Iterator[str]:
    counts = [f"{key} ({count})" for key, count in unkept.items() if count]
    if counts:
        sentence = _t("Not kept: {things}.")
        yield sentence.format(things=excerpt(", ".join(counts), limit=200))


def recognises(source: Source) -> bool:
    head = source.beginning()
    return head.lstrip()[:1] in ("[", "{") and bool(MARKS.search(head))


FORMAT = Format(
    name="pubannotation",
    suffixes=(),
    recognises=recognises,
    read=read,
    kin=("jsonl",),
)
