"""LightTag's JSON: examples with their annotations in one object."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from django.utils.translation import gettext as _t

from annotator.formats.json_values import is_whole, objects, parse, shown
from annotator.formats.mentions import Mention, claims_of, is_alike, settle
from annotator.formats.offsets import Claim, Found, detect
from annotator.formats.records import Format, Record, excerpt
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import FormatError, Source

MARKS = re.compile(r'"(example_id|tagged_token_id|annotators_per_example)"\s*:')
LINE = 1  # the file is one value: its examples are named by their id instead


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """An example a document; what a reviewer called wrong is left out."""
    value = parse(LINE, source.read_text())
    examples = value.get("examples") if isinstance(value, dict) else None
    if not isinstance(examples, list):
        sentence = _t("{value} is not an object with “examples”.")
        raise FormatError(LINE, sentence.format(value=shown(value)))
    relations = value.get("relations")
    count = len(relations) if isinstance(relations, list) else 0
    of_file = detect(_claimed(examples), same=is_alike)
    for example in examples:
        try:
            yield _record(example, count, options, of_file)
        except FormatError as error:
            yield error
        count = 0  # they were told with the first example


def _claimed(examples: list[Any]) -> Iterator[tuple[str, list[Claim]]]:
    """What the file says where, as far as it can be read."""
    for example in objects(examples):
        with suppress(FormatError):  # its record is refused when it is read
            text, found = example.get("content"), example.get("annotations")
            if isinstance(text, str):
                yield text, claims_of(map(_mention, objects(found)))


def _record(example: Any, relations: int, options: Options, of_file: Found) -> Record:
    if not isinstance(example, dict) or not isinstance(example.get("content"), str):
        sentence = _t("{value} is not an example: an object with “content”.")
        raise FormatError(LINE, sentence.format(value=shown(example)))
    id, text = str(example.get("example_id", "")), example["content"]
    found = example.get("annotations") or []
    metadata = example.get("metadata")
    try:
        mentions = [_mention(value) for value in _objects(found) if _is_kept(value)]
        spans, notes = settle(text, mentions, options.may_overlap, of_file=of_file)
    except FormatError as error:
        sentence = _t("example {id}: {message}")
        message = sentence.format(id=id or "–", message=error.message)
        raise FormatError(LINE, message) from error
    return Record(
        text=text,
        spans=spans,
        is_annotated=bool(found or example.get("seen_by")),
        metadata=metadata if isinstance(metadata, dict) else {},
        external_id=id,
        notes=(*notes, *_notes(example, relations)),
    )


def _objects(values: Any) -> list[dict[str, Any]]:
    found = objects(values)
    if not isinstance(values, list) or len(found) < len(values):
        sentence = _t("{value} is no list of annotations.")
        raise FormatError(LINE, sentence.format(value=shown(values)))
    return found


def _is_kept(value: Mapping[str, Any]) -> bool:
    return value.get("correct") is not False


def _mention(value: Mapping[str, Any]) -> Mention:
    start, end, label = value.get("start"), value.get("end"), value.get("tag")
    if not (is_whole(start) and is_whole(end) and isinstance(label, str) and label):
        sentence = _t("{value} is not an annotation with a start, an end and a tag.")
        raise FormatError(LINE, sentence.format(value=shown(value)))
    surface = value.get("value")
    said = surface if isinstance(surface, str) else None
    return Mention(start, end, label, LINE, said)


def _notes(example: Mapping[str, Any], relations: int) -> Iterator[str]:
    annotations = objects(example.get("annotations"))
    for value in annotations:
        if not _is_kept(value):
            sentence = _t("{tag} “{surface}” was left out: a reviewer called it wrong.")
            shown_value = {
                key: excerpt(str(value.get(key))) for key in ("tag", "value")
            }
            yield sentence.format(tag=shown_value["tag"], surface=shown_value["value"])
    people = {
        str(person.get("annotator"))
        for value in annotations
        for person in objects(value.get("annotated_by"))
    }
    if len(people) > 1:
        sentence = _t("The annotations of {people} were put together.")
        yield sentence.format(people=excerpt(", ".join(sorted(people)), limit=200))
    classes = objects(example.get("classifications"))
    if classes:
        sentence = _t("Not kept: classifications ({count}).")
        yield sentence.format(count=len(classes))
    if relations:
        yield _t("Not kept: relations ({count}).").format(count=relations)


def recognises(source: Source) -> bool:
    head = source.beginning()
    is_object = head.lstrip()[:1] == "{"
    return is_object and '"examples"' in head and bool(MARKS.search(head))


FORMAT = Format(
    name="lighttag",
    suffixes=(),
    recognises=recognises,
    read=read,
)
