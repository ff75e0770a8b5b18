"""JSON Lines, a document a line: this program's own keys, doccano's and Prodigy's."""

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, NamedTuple

from django.utils.translation import gettext as _t

from annotator.formats import json_values
from annotator.formats.json_values import is_whole, shown
from annotator.formats.jsonl_spans import Marked, read_spans
from annotator.formats.records import (
    Format,
    Record,
    excerpt,
)
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import FormatError, Source
from modeling.tokens import Token

TEXT_KEYS = ("text", "data")
TEXT_KEY = re.compile(r'"text"\s*:')
# An array of objects, or an object of several lines.
INDENTED = re.compile(r"\s*(?:\[\s*\{|\{[ \t]*\r?\n)")
SPAN_KEYS = ("spans", "entities", "labels", "label")
LINES_LOOKED_AT = 100
METADATA_KEYS = ("metadata", "meta")
SUGGESTION_KEY = "suggestions"
STATE_KEY = "annotation_state"
STATES = ("open", "submitted", "skipped", "flagged")
NOTHING = Marked((), {}, ())
OWN_KEYS = {"id", "tokens", "sentence_starts"}
# Lists and objects of other tools that say nothing about spans: kept as metadata.
KEPT_KEYS = {
    *("relations", "cats", "comments", "Comments"),  # doccano
    *("options", "accept", "config", "versions"),  # Prodigy
}


class Keys(NamedTuple):
    """Which keys may hold the text and its spans."""

    text: tuple[str, ...]
    spans: tuple[str, ...]


USUAL = Keys(TEXT_KEYS, SPAN_KEYS)


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """A document a line, or an element of a JSON array or of indented objects."""
    keys = _keys(source, options)
    if not _is_indented(source):
        yield from _lines(source, keys)
        return
    for number, value in json_values.elements(source.read_text()):
        try:
            yield _record(number, _object(number, value), keys)
        except FormatError as error:
            yield error


def _keys(source: Source, options: Options) -> Keys:
    """The usual keys, or what a person calls the text, and what then holds spans."""
    if not options.text_column:
        return USUAL
    looked_at = _lines_looked_at(source)
    found = {key for value in looked_at for key in value if _are_spans(value[key])}
    others = sorted(found - {*SPAN_KEYS, SUGGESTION_KEY})
    return Keys((options.text_column,), (*SPAN_KEYS, *others))


def _lines_looked_at(source: Source) -> Iterator[dict[str, Any]]:
    if _is_indented(source):
        values = (v for _line, v in json_values.elements(source.read_text()))
        with suppress(FormatError):
            dicts = (value for value in values if isinstance(value, dict))
            yield from islice(dicts, LINES_LOOKED_AT)
        return
    for line in source.head(LINES_LOOKED_AT):
        with suppress(FormatError):  # reading it says why
            yield _parse(line.number, line.text)


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


def _lines(source: Source, keys: Keys) -> Iterator[Record | FormatError]:
    for line in source.lines():
        if line.error:
            yield line.error
        elif line.raw.strip():
            try:
                yield _record(line.number, _parse(line.number, line.text), keys)
            except FormatError as error:
                yield error


def _is_indented(source: Source) -> bool:
    """Whether the first line that is not blank only begins an array or an object."""
    return INDENTED.match(source.beginning()) is not None


def _parse(line: int, text: str) -> dict[str, Any]:
    return _object(line, json_values.parse(line, text))


def _object(line: int, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    sentence = _t("The line is not a JSON object: “{text}”.")
    raise FormatError(line, sentence.format(text=shown(value)))


def _record(line: int, value: dict[str, Any], keys: Keys) -> Record:
    text_key = next((key for key in keys.text if key in value), None)
    if text_key is None:
        sentence = _t("There is no “{key}”, only {keys}.")
        shown_keys = excerpt(", ".join(value)) or "–"
        raise FormatError(line, sentence.format(key=keys.text[0], keys=shown_keys))
    text = value[text_key]
    if not isinstance(text, str):
        sentence = _t("“{key}” is {value}, not a string.")
        raise FormatError(line, sentence.format(key=text_key, value=shown(text)))
    span_key = _span_key(line, value, keys)
    answer = value.get("answer")
    is_rejected = answer in ("reject", "ignore")
    # An accepted Prodigy record without the key had nothing to mark.
    had_nothing = answer == "accept" and "tokens" in value
    read_keys = {text_key, *METADATA_KEYS, *OWN_KEYS}
    marked = proposed = NOTHING
    if span_key and not is_rejected:
        read_keys.add(span_key)
        marked = read_spans(line, text, value[span_key])
    if isinstance(value.get(SUGGESTION_KEY), list):
        read_keys.add(SUGGESTION_KEY)
        proposed = read_spans(line, text, value[SUGGESTION_KEY])
    state = ""
    if STATE_KEY in value:
        read_keys.add(STATE_KEY)
        state = _state(line, value[STATE_KEY])
    is_answered = span_key is not None or had_nothing or bool(state)
    return Record(
        text=text,
        spans=marked.spans,
        is_annotated=not is_rejected and is_answered,
        tokens=_tokens(line, text, value.get("tokens")),
        sentence_starts=_sentence_starts(line, value.get("sentence_starts")),
        metadata=_metadata(line, value, read_keys, is_rejected),
        external_id=_external_id(line, value.get("id")),
        line=line,
        suggestions=proposed.spans,
        confidences=marked.confidences | proposed.confidences,
        state=state,
        notes=(*marked.notes, *proposed.notes),
    )


def _state(line: int, value: Any) -> str:
    if value is None or value in STATES:
        return value or ""
    sentence = _t("The state {value} is none of {known}.")
    known = ", ".join(STATES)
    raise FormatError(line, sentence.format(value=shown(value), known=known))


def _span_key(line: int, value: dict[str, Any], keys: Keys) -> str | None:
    """The one key that holds spans; several that do would have to agree."""
    present = [key for key in keys.spans if isinstance(value.get(key), list)]
    filled = [key for key in present if value[key]]
    if len(filled) > 1:
        sentence = _t("Both “{first}” and “{second}” hold spans.")
        raise FormatError(line, sentence.format(first=filled[0], second=filled[1]))
    return next(iter(filled or present), None)


def _tokens(line: int, text: str, values: Any) -> tuple[Token, ...] | None:
    """Offsets as written here, or Prodigy's objects whose text is checked."""
    if values is None:
        return None
    if not isinstance(values, list):
        raise _bad_token(line, values)
    return tuple(_token(line, text, value) for value in values)


def _token(line: int, text: str, value: Any) -> Token:
    start: Any = None
    end: Any = None
    if isinstance(value, dict):
        start, end = value.get("start"), value.get("end")
    elif isinstance(value, list) and len(value) == 2:
        start, end = value
    if not (is_whole(start) and is_whole(end)):
        raise _bad_token(line, value)
    if (
        isinstance(value, dict)
        and value.get("text", text[start:end]) != (text[start:end])
    ):
        sentence = _t("The text at the token {value} says “{found}”.")
        found = excerpt(text[start:end])
        raise FormatError(line, sentence.format(value=shown(value), found=found))
    return start, end


def _bad_token(line: int, value: Any) -> FormatError:
    sentence = _t("The token {value} is not [start, end].")
    return FormatError(line, sentence.format(value=shown(value)))


def _sentence_starts(line: int, values: Any) -> tuple[int, ...] | None:
    if values is None:
        return None
    if isinstance(values, list) and all(is_whole(value) for value in values):
        return tuple(values)
    sentence = _t("The sentence starts {value} are not a list of token numbers.")
    raise FormatError(line, sentence.format(value=shown(values)))


def _external_id(line: int, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str) or is_whole(value):
        return str(value)
    sentence = _t("The id {value} is neither a string nor a whole number.")
    raise FormatError(line, sentence.format(value=shown(value)))


def _metadata(
    line: int, value: dict[str, Any], read_keys: set[str], is_rejected: bool
) -> dict[str, Any]:
    """The metadata and every other key, so that nothing a file says is lost."""
    metadata: dict[str, Any] = {}
    for key in METADATA_KEYS:
        stated = value.get(key) or {}
        metadata |= stated if isinstance(stated, dict) else {key: stated}
    for key in (key for key in value if key not in read_keys):
        is_kept = key in KEPT_KEYS or (is_rejected and key in SPAN_KEYS)
        if isinstance(value[key], list | dict) and value[key] and not is_kept:
            sentence = _t("The key “{key}” with {value} is not known.")
            what = shown(value[key])
            raise FormatError(line, sentence.format(key=excerpt(key), value=what))
        if (key, value[key]) == ("answer", "accept") or value[key] in (None, [], {}):
            continue
        if key in metadata and metadata[key] != value[key]:
            sentence = _t("“{key}” stands in the metadata and beside it.")
            raise FormatError(line, sentence.format(key=excerpt(key)))
        metadata[key] = value[key]
    return metadata


def recognises(source: Source) -> bool:
    head = source.beginning()
    if source.suffix in FORMAT.suffixes and head.lstrip()[:1] in ("", "{", "["):
        return True
    if INDENTED.match(head):
        return TEXT_KEY.search(head) is not None
    first = next((line for line in source.head(100) if line.raw.strip()), None)
    if first is None or not first.raw.lstrip().startswith("{"):
        return False
    try:
        _parse(first.number, first.text)
    except FormatError:
        return False
    return True


FORMAT = Format(
    name="jsonl",
    suffixes=(".jsonl", ".ndjson"),
    recognises=recognises,
    read=read,
)
