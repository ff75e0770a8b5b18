"""JSON Lines, a document a line: this program's own keys, doccano's and Prodigy's."""

import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _t

from annotator.formats import json_values
from annotator.formats.json_values import is_whole, shown
from annotator.formats.jsonl_look import (
    INDENTED,
    SPAN_KEYS,
    SUGGESTION_KEY,
    UNIT_KEY,
    Keys,
    as_object,
    find_keys,
    find_unit,
    is_indented,
    parse_object,
    span_key_of,
    unit_of,
)
from annotator.formats.jsonl_spans import Marked, read_spans
from annotator.formats.offsets import Found
from annotator.formats.records import Format, Record, excerpt
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import FormatError, Source
from modeling.tokens import Token

TEXT_KEY = re.compile(r'"text"\s*:')
METADATA_KEYS = ("metadata", "meta")
STATE_KEY = "annotation_state"
STATES = ("open", "submitted", "skipped", "flagged")
NOTHING = Marked((), {}, ())
READ_KEYS = {"id", "tokens", "sentence_starts", UNIT_KEY, *METADATA_KEYS}
# Lists and objects of other tools that say nothing about spans: kept as metadata.
KEPT_KEYS = {
    *("relations", "cats", "comments", "Comments"),  # doccano
    *("options", "accept", "config", "versions"),  # Prodigy
}


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """A document a line, or an element of a JSON array or of indented objects."""
    keys = find_keys(source, options.text_column)
    of_file = find_unit(source, keys)
    if not is_indented(source):
        yield from _lines(source, keys, of_file)
        return
    for number, value in json_values.elements(source.read_text()):
        try:
            yield _record(number, as_object(number, value), keys, of_file)
        except FormatError as error:
            yield error


def _lines(
    source: Source, keys: Keys, of_file: Found
) -> Iterator[Record | FormatError]:
    for line in source.lines():
        if line.error:
            yield line.error
        elif line.raw.strip():
            try:
                value = parse_object(line.number, line.text)
                yield _record(line.number, value, keys, of_file)
            except FormatError as error:
                yield error


def _record(line: int, value: dict[str, Any], keys: Keys, of_file: Found) -> Record:
    text_key = next((key for key in keys.text if key in value), None)
    if text_key is None:
        sentence = _t("There is no “{key}”, only {keys}.")
        shown_keys = excerpt(", ".join(value)) or "–"
        raise FormatError(line, sentence.format(key=keys.text[0], keys=shown_keys))
    text = value[text_key]
    if not isinstance(text, str):
        sentence = _t("“{key}” is {value}, not a string.")
        raise FormatError(line, sentence.format(key=text_key, value=shown(text)))
    unit = unit_of(line, value, of_file)
    span_key = span_key_of(line, value, keys)
    answer = value.get("answer")
    is_rejected = answer in ("reject", "ignore")
    # An accepted Prodigy record without the key had nothing to mark.
    had_nothing = answer == "accept" and "tokens" in value
    read_keys = READ_KEYS | {text_key}
    marked = proposed = NOTHING
    if span_key and not is_rejected:
        read_keys.add(span_key)
        marked = read_spans(line, text, value[span_key], unit)
    if isinstance(value.get(SUGGESTION_KEY), list):
        read_keys.add(SUGGESTION_KEY)
        proposed = read_spans(line, text, value[SUGGESTION_KEY], unit)
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
        notes=(*marked.notes, *proposed.notes, *_rejected(value, answer, span_key)),
    )


def _rejected(value: dict[str, Any], answer: Any, key: str | None) -> Iterator[str]:
    """A note about spans that a person did not accept in Prodigy."""
    if key and value[key] and answer in ("reject", "ignore"):
        sentence = _t("The answer is “{answer}”: spans became metadata ({count}).")
        yield sentence.format(answer=answer, count=len(value[key]))


def _state(line: int, value: Any) -> str:
    if value is None or value in STATES:
        return value or ""
    sentence = _t("The state {value} is none of {known}.")
    known = ", ".join(STATES)
    raise FormatError(line, sentence.format(value=shown(value), known=known))


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
        parse_object(first.number, first.text)
    except FormatError:
        return False
    return True


FORMAT = Format(
    name="jsonl",
    suffixes=(".jsonl", ".ndjson"),
    recognises=recognises,
    read=read,
)
