"""JSON Lines of tokens and their tags, as Hugging Face's data sets have them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeGuard

from django.utils.translation import gettext as _t

from annotator.formats.json_values import elements, is_whole, objects, parse, shown
from annotator.formats.jsonl import INDENTED
from annotator.formats.jsonl_spans import Marked, read_spans
from annotator.formats.placing import check_tag, place
from annotator.formats.records import Format, Record, excerpt
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import FormatError, Source
from annotator.formats.tag_names import TagNames, describes
from modeling.spans import Span, outermost
from modeling.tagging import decode, encode
from modeling.tokens import Token

TOKENS = "tokens"
TAG_KEYS = ("ner_tags", "ner", "tags", "labels")
ID_KEY = "id"
DEEPEST_LOOK = 1_000_000  # characters until the end of the first object
# What this program's own data sets say beside the tags, so that nothing is lost.
STARTS, SENTENCES = "token_starts", "sentence_starts"
SPANS, METADATA = "spans", "metadata"


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """A document a line; its tokens are joined as the project says."""
    names = TagNames(source)
    for line, value in _values(source):
        if isinstance(value, FormatError):
            yield value
            continue
        for item in _records(line, value, options, names):
            if names.notes and isinstance(item, Record):
                item = replace(item, notes=(*names.notes, *item.notes))
                names.notes.clear()
            yield item


def _values(source: Source) -> Iterator[tuple[int, Any]]:
    """The value of each line, or the elements of an array or of indented objects."""
    if INDENTED.match(source.beginning()):
        yield from elements(source.read_text())
        return
    for line in source.lines():
        if line.error:
            yield line.number, line.error
        elif line.text.strip():
            try:
                yield line.number, parse(line.number, line.text)
            except FormatError as error:
                yield line.number, error


def _records(
    line: int, value: Any, options: Options, names: TagNames
) -> Iterator[Record | FormatError]:
    """The line's document, or those of a page of rows with their features."""
    rows = _rows(value)
    if rows is not None:
        names.take(value.get("features"))
    for row in [value] if rows is None else rows:
        try:
            yield _record(line, row, options, names)
        except FormatError as error:
            yield error


def _rows(value: Any) -> list[Any] | None:
    """The rows of a page as Hugging Face's viewer gives it, with its columns' types."""
    is_page = isinstance(value, dict) and TOKENS not in value
    if not is_page or not isinstance(value.get("rows"), list):
        return None
    return [row.get("row") for row in objects(value["rows"])] or None


def _record(line: int, value: Any, options: Options, names: TagNames) -> Record:
    if not isinstance(value, dict):
        sentence = _t("The line is not a JSON object: “{text}”.")
        raise FormatError(line, sentence.format(text=shown(value)))
    words = _strings(line, TOKENS, value.get(TOKENS))
    if not all(words):
        raise FormatError(line, _t("The token is empty."))
    key = _tag_key(value)
    tags = _tags(line, key, value[key], names) if key else []
    if key and len(tags) != len(words):
        sentence = _t("There are {tags} tags for {tokens} tokens.")
        raise FormatError(line, sentence.format(tags=len(tags), tokens=len(words)))
    text, tokens, read_keys = _place(line, value, words, options)
    spans = decode(tags, tokens) if key else []
    exact = _exact_spans(line, text, value)
    if exact is not None:
        _check_agreement(line, key, spans, exact.spans, tokens)
        spans, read_keys = [*exact.spans], {*read_keys, SPANS}
    starts = _starts(line, value)
    metadata, others = _metadata(value, {TOKENS, ID_KEY, key, *read_keys}, text)
    return Record(
        text=text,
        spans=tuple(spans),
        is_annotated=key is not None or exact is not None,
        tokens=tuple(tokens),
        sentence_starts=starts,
        metadata=metadata,
        external_id=_external_id(value.get(ID_KEY)),
        line=line,
        confidences=exact.confidences if exact else {},
        notes=(*(exact.notes if exact else ()), *_notes(others)),
    )


def _tag_key(value: Mapping[str, Any]) -> str | None:
    return next((key for key in TAG_KEYS if isinstance(value.get(key), list)), None)


def _place(
    line: int, value: Mapping[str, Any], words: list[str], options: Options
) -> tuple[str, list[Token], set[str]]:
    """Text and tokens, where the line says that they are or as they are joined."""
    text, starts = value.get("text"), value.get(STARTS)
    if not isinstance(text, str):
        return *place(words, "", options.joins_tokens_with), set()
    if not _is_whole_list(starts):
        return *place(words, text, options.joins_tokens_with), set()
    tokens = []
    for word, start in zip(words, starts, strict=False):
        if start < 0 or not text.startswith(word, start):
            sentence = _t("The token “{word}” is not at {start} of the text.")
            raise FormatError(line, sentence.format(word=excerpt(word), start=start))
        tokens.append((start, start + len(word)))
    if len(starts) != len(words):
        sentence = _t("There are {starts} token_starts for {tokens} tokens.")
        message = sentence.format(starts=len(starts), tokens=len(words))
        raise FormatError(line, message)
    return text, tokens, {STARTS, "text"}


def _exact_spans(line: int, text: str, value: Mapping[str, Any]) -> Marked | None:
    """The spans beside the tags, where their surfaces vouch for their offsets."""
    stated = value.get(SPANS)
    if not isinstance(stated, list) or value.get("text") != text:
        return None
    if any(not isinstance(s, dict) or "surface" not in s for s in stated):
        return None
    return read_spans(line, text, stated)


def _check_agreement(
    line: int,
    key: str | None,
    spans: list[Span],
    exact: Sequence[Span],
    tokens: list[Token],
) -> None:
    """Refuse spans that are not those of the tags, as far as tags can hold them."""
    held = decode(encode(outermost(exact)[0], tokens).tags, tokens)
    if key is None or held == spans:
        return
    sentence = _t("“{key}” and “{spans}” mark different things: take one of them out.")
    raise FormatError(line, sentence.format(key=key, spans=SPANS))


def _is_whole_list(value: Any) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(is_whole(item) for item in value)


def _starts(line: int, value: Mapping[str, Any]) -> tuple[int, ...] | None:
    stated = value.get(SENTENCES)
    if stated is None:
        return None
    if _is_whole_list(stated):
        return tuple(stated)
    sentence = _t("The sentence starts {value} are not a list of token numbers.")
    raise FormatError(line, sentence.format(value=shown(stated)))


def _metadata(
    value: Mapping[str, Any], read_keys: set[str | None], text: str
) -> tuple[dict[str, Any], set[str]]:
    """What stands beside the tokens, and the names of what cannot be kept."""
    others = {k: v for k, v in value.items() if k not in read_keys and k != SENTENCES}
    stated = _as_object(others.get(METADATA))
    if stated is not None and not stated.keys() & others.keys() - {METADATA}:
        del others[METADATA]
    else:
        stated = {}
    kept = {k: v for k, v in others.items() if not isinstance(v, list | dict)}
    simple = {k: v for k, v in kept.items() if v is not None and v != text}
    return stated | simple, {k for k in others.keys() - kept.keys() if others[k]}


def _as_object(value: Any) -> dict[str, Any] | None:
    """The object that a string of JSON, or an object, is."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = parse(1, value)
        except FormatError:
            return None
    return value if isinstance(value, dict) else None


def _strings(line: int, key: str, values: Any) -> list[str]:
    if isinstance(values, list) and all(isinstance(value, str) for value in values):
        return values
    sentence = _t("“{key}” is {value}, not a list of strings.")
    raise FormatError(line, sentence.format(key=key, value=shown(values)))


def _tags(line: int, key: str, values: list[Any], names: TagNames) -> list[str]:
    named = [names.tag(line, key, v) if is_whole(v) else v for v in values]
    return [check_tag(line, tag) for tag in _strings(line, key, named)]


def _external_id(value: Any) -> str:
    return str(value) if isinstance(value, str) or is_whole(value) else ""


def _notes(keys: set[str]) -> Iterator[str]:
    if keys:
        sentence = _t("Not kept: {things}.")
        yield sentence.format(things=excerpt(", ".join(sorted(keys)), limit=200))


def recognises(source: Source) -> bool:
    """By the first object: its tokens are strings, not offsets."""
    start = source.beginning()
    if INDENTED.match(start):
        start = source.beginning(DEEPEST_LOOK)
    elif start.lstrip().startswith("{"):
        start = next((ln.text for ln in source.head(100) if ln.text.strip()), "")
    else:
        return False
    try:
        _line, value = next(elements(start), (1, None))
    except FormatError:
        return False
    value = next(iter(_rows(value) or [value]))
    tokens = value.get(TOKENS) if isinstance(value, dict) else None
    is_words = isinstance(tokens, list) and any(isinstance(t, str) for t in tokens)
    return is_words and (_tag_key(value) is not None or STARTS in value)


FORMAT = Format(
    name="tagged-jsonl",
    suffixes=(),
    recognises=recognises,
    read=read,
    ignores=describes,
)
