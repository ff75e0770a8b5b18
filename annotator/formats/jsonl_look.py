"""A first look at a JSON Lines file: which keys hold what, and what offsets count."""

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, NamedTuple

from django.utils.translation import gettext as _t

from annotator.formats import json_values, offsets
from annotator.formats.json_values import objects, shown
from annotator.formats.jsonl_spans import claims
from annotator.formats.offsets import CODE_POINTS, HALF_OPEN, Claim, Found
from annotator.formats.source import FormatError, Source

TEXT_KEYS = ("text", "data")
# An array of objects, or an object of several lines.
INDENTED = re.compile(r"\s*(?:\[\s*\{|\{[ \t]*\r?\n)")
SPAN_KEYS = ("spans", "entities", "labels", "label")
SUGGESTION_KEY = "suggestions"
UNIT_KEY = "offset_unit"
LINES_LOOKED_AT = 100  # for the keys
LINES_COMPARED = 1_000  # for the unit of the offsets: the file itself streams


class Keys(NamedTuple):
    """Which keys may hold the text and its spans."""

    text: tuple[str, ...]
    spans: tuple[str, ...]


USUAL = Keys(TEXT_KEYS, SPAN_KEYS)


def find_keys(source: Source, text_key: str) -> Keys:
    """The usual keys, or what a person calls the text, and what then holds spans."""
    if not text_key:
        return USUAL
    looked_at = _first(source, LINES_LOOKED_AT)
    found = {key for value in looked_at for key in value if _are_spans(value[key])}
    others = sorted(found - {*SPAN_KEYS, SUGGESTION_KEY})
    return Keys((text_key,), (*SPAN_KEYS, *others))


def find_unit(source: Source, keys: Keys) -> Found:
    """What the offsets count by the surfaces of the first lines that have some."""
    values = _first(source, LINES_COMPARED)
    return offsets.detect(claimed for v in values for claimed in _claimed(v, keys))


def unit_of(line: int, value: dict[str, Any], of_file: Found) -> Found:
    """As a line says, or as the texts of its tokens do; else as in the file.

    Raises:
        FormatError: it names no unit.
    """
    if UNIT_KEY in value:
        names = {unit.name: unit for unit in HALF_OPEN}
        if not isinstance(value[UNIT_KEY], str) or value[UNIT_KEY] not in names:
            sentence = _t("“{key}” is {value}, none of {known}.")
            about = {"value": shown(value[UNIT_KEY]), "known": ", ".join(names)}
            raise FormatError(line, sentence.format(key=UNIT_KEY, **about))
        unit = names[value[UNIT_KEY]]
        return Found(unit, (unit,))
    if "tokens" in value and any("text" in t for t in objects(value["tokens"])):
        return Found(CODE_POINTS, ())  # as is checked when they are read
    return of_file


def _claimed(value: dict[str, Any], keys: Keys) -> Iterator[tuple[str, list[Claim]]]:
    text = next((value[key] for key in keys.text if key in value), None)
    if not isinstance(text, str):
        return
    with suppress(FormatError):  # reading it says why
        for key in (span_key_of(1, value, keys), SUGGESTION_KEY):
            if isinstance(value.get(key or ""), list):
                yield text, claims(1, value[key or ""])


def _first(source: Source, count: int) -> Iterator[dict[str, Any]]:
    """The first objects of a file; what is none of them is left to its reader."""
    if is_indented(source):
        values = (v for _line, v in json_values.elements(source.read_text()))
        with suppress(FormatError):
            yield from (v for v in islice(values, count) if isinstance(v, dict))
        return
    with suppress(FormatError):
        for line in islice(source.lines(), count):
            with suppress(FormatError):
                yield parse_object(line.number, line.text)


def _are_spans(value: Any) -> bool:
    """Whether it is a list of start, end and label, as doccano writes spans."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(span, list) and [type(part) for part in span] == [int, int, str]
            for span in value
        )
    )


def is_indented(source: Source) -> bool:
    """Whether the first line that is not blank only begins an array or an object."""
    return INDENTED.match(source.beginning()) is not None


def parse_object(line: int, text: str) -> dict[str, Any]:
    return as_object(line, json_values.parse(line, text))


def as_object(line: int, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    sentence = _t("The line is not a JSON object: “{text}”.")
    raise FormatError(line, sentence.format(text=shown(value)))


def span_key_of(line: int, value: dict[str, Any], keys: Keys) -> str | None:
    """The one key that holds spans; several that do would have to agree."""
    present = [k for k in keys.spans if k in value and isinstance(value[k], list)]
    filled = [key for key in present if value[key]]
    if len(filled) > 1:
        sentence = _t("Both “{first}” and “{second}” hold spans.")
        raise FormatError(line, sentence.format(first=filled[0], second=filled[1]))
    return next(iter(filled or present), None)
