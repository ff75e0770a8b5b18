"""spaCy's JSON: the training format of version 2, and pairs of text and entities."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _t

from annotator.formats.json_values import elements, is_whole, objects, shown
from annotator.formats.mentions import Mention, settle
from annotator.formats.placing import check_tag, find_in_order, place
from annotator.formats.records import Format, Record, excerpt
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import FormatError, Source
from modeling.tagging import decode

PAIR = re.compile(r'\s*\[?\s*\[\s*"(?:[^"\\]|\\.)*+"\s*,\s*\{')
TRAINING = re.compile(r'"paragraphs"\s*:\s*\[')
UNKNOWN = ("-", None)  # the tag of a token about which nothing is said
READ_KEYS = {"orth", "ner", "id"}


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """A document a pair, or a paragraph of the training format."""
    for line, value in elements(source.read_text()):
        for wrapped in _documents(value):
            try:
                yield from _records(line, wrapped, options)
            except FormatError as error:
                yield error


def _documents(value: Any) -> list[Any]:
    """The pairs that some annotation tools write into an object, else the value."""
    inner = value.get("annotations") if isinstance(value, dict) else None
    return inner if isinstance(inner, list) else [value]


def _records(line: int, value: Any, options: Options) -> Iterator[Record]:
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str):
        yield _pair(line, value[0], value[1], options)
        return
    paragraphs = value.get("paragraphs") if isinstance(value, dict) else None
    if not isinstance(paragraphs, list):
        sentence = _t("{value} is neither [text, entities] nor has “paragraphs”.")
        raise FormatError(line, sentence.format(value=shown(value)))
    id = value.get("id")
    name = str(id) if isinstance(id, str) or is_whole(id) else ""
    for number, paragraph in enumerate(objects(paragraphs), 1):
        several = f"{name}/{number}" if len(paragraphs) > 1 else name
        yield _paragraph(line, several, paragraph, options)


def _pair(line: int, text: str, value: Any, options: Options) -> Record:
    entities = value.get("entities") if isinstance(value, dict) else None
    if not isinstance(entities, list):
        sentence = _t("{value} behind a text is no object with “entities”.")
        raise FormatError(line, sentence.format(value=shown(value)))
    mentions = [_mention(line, entity) for entity in entities]
    spans, notes = settle(text, mentions, options.may_overlap)
    unkept = Counter(key for key in value if key != "entities" and value[key])
    unkept["kb_id"] = sum(1 for entity in entities if len(entity) == 4)
    notes += tuple(_notes(unkept, []))
    return Record(text, spans, is_annotated=True, line=line, notes=notes)


def _mention(line: int, value: Any) -> Mention:
    start, end, label = value[:3] if _is_triple(value) else (None, None, None)
    if is_whole(start) and is_whole(end) and isinstance(label, str) and label:
        return Mention(start, end, label, line)
    sentence = _t("{value} is not an entity: write [start, end, label].")
    raise FormatError(line, sentence.format(value=shown(value)))


def _is_triple(value: Any) -> bool:
    """Also with the id of a knowledge base behind it."""
    return isinstance(value, list) and len(value) in (3, 4)


def _paragraph(
    line: int, id: str, paragraph: Mapping[str, Any], options: Options
) -> Record:
    words: list[str] = []
    tags: list[str | None] = []
    starts: list[int] = []
    unkept: Counter[str] = Counter()
    for sentence in objects(paragraph.get("sentences")):
        starts.append(len(words))
        for token in objects(sentence.get("tokens")):
            words.append(_word(line, token))
            tags.append(_tag(line, token))
            unkept.update(key for key in token if key not in READ_KEYS)
        unkept["brackets"] += len(objects(sentence.get("brackets")))
    unkept["cats"] += len(objects(paragraph.get("cats")))
    raw = paragraph.get("raw")
    given = raw if isinstance(raw, str) else ""
    text, tokens = place(words, given, options.joins_tokens_with)
    notes = list(_notes(unkept, tags))
    if given and find_in_order(words, given) is None:
        notes.append(_t("The raw text is not made of the tokens, which were joined."))
    return Record(
        text=text,
        spans=tuple(decode([tag or "O" for tag in tags], tokens)),
        is_annotated=any(tags),
        tokens=tuple(tokens),
        sentence_starts=tuple(sorted({n for n in starts if n < len(words)})),
        external_id=id,
        line=line,
        notes=tuple(notes),
    )


def _word(line: int, token: Mapping[str, Any]) -> str:
    word = token.get("orth")
    if isinstance(word, str) and word:
        return word
    sentence = _t("The token {value} has no word in “orth”.")
    raise FormatError(line, sentence.format(value=shown(token)))


def _tag(line: int, token: Mapping[str, Any]) -> str | None:
    """The token's tag; None where nothing is known."""
    tag = token.get("ner")
    return None if tag in UNKNOWN else check_tag(line, str(tag))


def _notes(unkept: Counter[str], tags: list[str | None]) -> Iterator[str]:
    if any(tags) and None in tags:
        sentence = _t("Tokens without a tag were read as outside ({count}).")
        yield sentence.format(count=tags.count(None))
    counts = [f"{key} ({count})" for key, count in unkept.items() if count]
    if counts:
        sentence = _t("Not kept: {things}.")
        yield sentence.format(things=excerpt(", ".join(counts), limit=200))


def recognises(source: Source) -> bool:
    head = source.beginning()
    if head.lstrip()[:1] not in ("[", "{"):
        return False
    return bool(PAIR.match(head) or TRAINING.search(head))


FORMAT = Format(
    name="spacy-json",
    suffixes=(),
    recognises=recognises,
    read=read,
)
