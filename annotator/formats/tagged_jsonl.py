"""JSON Lines of tokens and their tags, as Hugging Face's data sets have them."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _t

from annotator.formats.json_values import is_whole, parse, shown
from annotator.formats.placing import check_tag, place
from annotator.formats.records import Format, Record, excerpt
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import FormatError, Source
from modeling.tagging import decode

TOKENS = "tokens"
TAG_KEYS = ("ner_tags", "ner", "tags", "labels")
ID_KEY = "id"


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """A document a line; its tokens are joined as the project says."""
    for line in source.lines():
        if line.error:
            yield line.error
        elif line.text.strip():
            try:
                value = parse(line.number, line.text)
                yield _record(line.number, value, options)
            except FormatError as error:
                yield error


def _record(line: int, value: Any, options: Options) -> Record:
    if not isinstance(value, dict):
        sentence = _t("The line is not a JSON object: “{text}”.")
        raise FormatError(line, sentence.format(text=shown(value)))
    words = _strings(line, TOKENS, value.get(TOKENS))
    if not all(words):
        raise FormatError(line, _t("The token is empty."))
    key = _tag_key(value)
    tags = _tags(line, key, value[key], len(words)) if key else []
    text, tokens = place(words, _text(value), options.joins_tokens_with)
    others = {k: v for k, v in value.items() if k not in (TOKENS, key, ID_KEY)}
    kept = {k: v for k, v in others.items() if not isinstance(v, list | dict)}
    return Record(
        text=text,
        spans=tuple(decode(tags, tokens)) if key else (),
        is_annotated=key is not None,
        tokens=tuple(tokens),
        metadata={k: v for k, v in kept.items() if v is not None and v != text},
        external_id=_external_id(value.get(ID_KEY)),
        line=line,
        notes=tuple(_notes(others.keys() - kept.keys())),
    )


def _tag_key(value: Mapping[str, Any]) -> str | None:
    return next((key for key in TAG_KEYS if isinstance(value.get(key), list)), None)


def _text(value: Mapping[str, Any]) -> str:
    text = value.get("text")
    return text if isinstance(text, str) else ""


def _strings(line: int, key: str, values: Any) -> list[str]:
    if isinstance(values, list) and all(isinstance(value, str) for value in values):
        return values
    sentence = _t("“{key}” is {value}, not a list of strings.")
    raise FormatError(line, sentence.format(key=key, value=shown(values)))


def _tags(line: int, key: str, values: list[Any], count: int) -> list[str]:
    if any(is_whole(value) for value in values):
        sentence = _t(
            "“{key}” are numbers, and their names are not in the file: write the names."
        )
        raise FormatError(line, sentence.format(key=key))
    tags = [check_tag(line, tag) for tag in _strings(line, key, values)]
    if len(tags) != count:
        sentence = _t("There are {tags} tags for {tokens} tokens.")
        raise FormatError(line, sentence.format(tags=len(tags), tokens=count))
    return tags


def _external_id(value: Any) -> str:
    return str(value) if isinstance(value, str) or is_whole(value) else ""


def _notes(keys: set[str]) -> Iterator[str]:
    if keys:
        sentence = _t("Not kept: {things}.")
        yield sentence.format(things=excerpt(", ".join(sorted(keys)), limit=200))


def recognises(source: Source) -> bool:
    """By the first line that is not blank: its tokens are strings, not offsets."""
    first = next((line for line in source.head(100) if line.text.strip()), None)
    if first is None or not first.text.lstrip().startswith("{"):
        return False
    try:
        value = parse(first.number, first.text)
    except FormatError:
        return False
    tokens = value.get(TOKENS) if isinstance(value, dict) else None
    is_words = isinstance(tokens, list) and any(isinstance(t, str) for t in tokens)
    return is_words and _tag_key(value) is not None


FORMAT = Format(
    name="tagged-jsonl",
    suffixes=(),
    recognises=recognises,
    read=read,
)
