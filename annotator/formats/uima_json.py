"""UIMA CAS as JSON: feature structures in a list, the texts among them, UTF-16."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _t

from annotator.formats.json_values import is_whole, objects, parse, shown
from annotator.formats.records import Format, Record
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import FormatError, Source
from annotator.formats.uima import (
    Annotation,
    Sofa,
    add,
    describe_annotations,
    records,
)

MARKS = re.compile(r'"%(TYPES|FEATURE_STRUCTURES|VIEWS)"\s*:')
SOFA = "uima.cas.Sofa"
OWN = {"%ID", "%TYPE", "%FLAGS", "@sofa", "begin", "end"}
LINE = 1  # the file is one value: its parts are named by their number instead


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """A document for each view."""
    yield from records(*_parse(source), options)


def _parse(source: Source) -> tuple[list[Sofa], dict[str, Annotation]]:
    value = parse(LINE, source.read_text())
    if not isinstance(value, dict):
        sentence = _t("{value} is not a CAS: an object with “%VIEWS”.")
        raise FormatError(LINE, sentence.format(value=shown(value)))
    members = _members(value.get("%VIEWS"))
    known: dict[str, Annotation] = {}
    sofas: list[Sofa] = []
    for id, item in _structures(value.get("%FEATURE_STRUCTURES", [])):
        if item.get("%TYPE") == SOFA:
            sofas.append(_sofa(id, item, members.get(id, [])))
        else:
            add(known, _annotation(id, item))
    return sofas, known


def _structures(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """All of them with their numbers, which stand before or inside of them."""
    items = list(value.items()) if isinstance(value, dict) else value
    for item in items if isinstance(items, list) else [items]:
        id, structure = item if isinstance(item, tuple) else ("", item)
        if not isinstance(structure, dict):
            sentence = _t("{value} is not a feature structure, which is an object.")
            raise FormatError(LINE, sentence.format(value=shown(structure)))
        yield str(structure.get("%ID", id)), structure


def _members(views: Any) -> dict[str, list[str]]:
    """The numbers of what is in the index of each text's view."""
    found: dict[str, list[str]] = {}
    for view in objects(list(views.values()) if isinstance(views, dict) else []):
        members = view.get("%MEMBERS")
        listed = members if isinstance(members, list) else []
        found.setdefault(str(view.get("%SOFA")), []).extend(map(str, listed))
    return found


def _annotation(id: str, item: Mapping[str, Any]) -> Annotation:
    return Annotation(
        id=id,
        type=str(item.get("%TYPE", "")),
        line=LINE,
        offsets=_offsets(id, item),
        features={
            key.lstrip("@#^"): _as_text(item[key])
            for key in item
            if key not in OWN and item[key] is not None
        },
        references={key[1:] for key in item if key[:1] == "@" and key not in OWN},
    )


def _offsets(id: str, item: Mapping[str, Any]) -> tuple[int, int] | None:
    if "begin" not in item and "end" not in item:
        return None
    begin, end = item.get("begin", 0), item.get("end", 0)
    if is_whole(begin) and is_whole(end) and begin >= 0 and end >= 0:
        return begin, end
    sentence = _t("“begin” and “end” of the feature structure {id} are not offsets.")
    raise FormatError(LINE, sentence.format(id=id[:40]))


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else shown(value)


def _sofa(id: str, item: Mapping[str, Any], members: list[str]) -> Sofa:
    text = item.get("sofaString", "")
    return Sofa(
        id=id,
        name=str(item.get("sofaID", id)),
        text=text if isinstance(text, str) else "",
        line=LINE,
        members=tuple(members),
    )


def recognises(source: Source) -> bool:
    head = source.beginning()
    return head.lstrip()[:1] == "{" and bool(MARKS.search(head))


def describe(source: Source) -> dict[str, str]:
    """Which layers hold the spans, for the person to check."""
    try:
        return describe_annotations(*_parse(source))
    except FormatError:
        return {}  # reading it says why


FORMAT = Format(
    name="uima-json",
    suffixes=(),
    recognises=recognises,
    read=read,
    describe=describe,
)
