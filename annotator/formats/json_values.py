"""JSON of a file, parsed strictly: what is wrong with it is said in one sentence."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeGuard

from django.utils.translation import gettext as _t

from annotator.formats.errors import FormatError
from annotator.formats.records import excerpt

SPACE = re.compile(r"[ \t\r\n]*")


def parse(line: int, text: str) -> Any:
    """The value that is the whole of a text, which begins at a line of its file.

    Raises:
        FormatError: it is no JSON, or an object has the same key twice.
    """
    value, end = _parse_at(text, _behind_space(text, 0), line)
    end = _behind_space(text, end)
    if end < len(text):
        raise _not_json(line, text, end, "Extra data")
    return value


def elements(text: str) -> Iterator[tuple[int, Any]]:
    """The elements of the array that a file is, each with its line.

    A value that is no array, or several behind one another, are taken as they are.

    Raises:
        FormatError: from the first thing on that is no JSON.
    """
    at, line, counted, wants_value = _behind_space(text, 0), 1, 0, False
    is_array = text.startswith("[", at)
    at = _behind_space(text, at + is_array)
    while wants_value or (at < len(text) and not (is_array and text[at] == "]")):
        line += text.count("\n", counted, at)
        counted = at
        value, end = _parse_at(text, at, line)
        yield line, value
        at = _behind_space(text, end)
        wants_value = is_array and text.startswith(",", at)
        if is_array and not wants_value and not text.startswith("]", at):
            break
        at = _behind_space(text, at + wants_value)
    line += text.count("\n", counted, at)
    if is_array and not text.startswith("]", at):
        raise _not_json(line, text, at, "Expecting ',' or ']'")
    end = _behind_space(text, at + is_array)
    if end < len(text):
        line += text.count("\n", at, end)
        raise _not_json(line, text, end, "Extra data")


def shown(value: Any) -> str:
    """The beginning of a value, for a sentence about it."""
    return excerpt(json.dumps(value, ensure_ascii=False), limit=60)


def is_whole(value: Any) -> TypeGuard[int]:
    return type(value) is int  # and so no bool


def is_confidence(value: Any) -> TypeGuard[float]:
    """Whether it is a number from 0 to 1."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value <= 1


def not_a_confidence(values: Sequence[Any]) -> str:
    """A note of scores that were left out."""
    sentence = _t(
        "The score {value} is not a number from 0 to 1 and was not kept ({count})."
    )
    return sentence.format(value=shown(values[0]), count=len(values))


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; nothing of anything else."""
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]


def _behind_space(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return found.end() if found else at


def _parse_at(text: str, at: int, line: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except RecursionError:
        raise FormatError(line, _t("The JSON is nested too deeply.")) from None
    except json.JSONDecodeError as error:
        line += text.count("\n", at, error.pos)
        raise _not_json(line, text, error.pos, error.msg) from error
    except ValueError as error:
        raise FormatError(line, _t("Bad JSON: {why}.").format(why=error)) from error


def _not_json(line: int, text: str, at: int, why: str) -> FormatError:
    sentence = _t("This is not JSON: {why} at character {at}: “{text}”.")
    return FormatError(line, sentence.format(why=why, at=at, text=excerpt(text, at)))


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        sentence = _t("the key “{key}” stands twice")
        raise ValueError(sentence.format(key=excerpt(repeated)))
    return value


_DECODER = json.JSONDecoder(object_pairs_hook=_without_repetition)
