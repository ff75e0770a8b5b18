"""BioC XML: passages or sentences at offsets, annotations with their text."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _t

from annotator.formats.bioc_text import Passage, arrange
from annotator.formats.layers import NO_NAME, short_name
from annotator.formats.mentions import Mention, settle
from annotator.formats.records import Format, Record, check_length, excerpt
from annotator.formats.records import ReadOptions as Options
from annotator.formats.safexml import Element, elements, named
from annotator.formats.source import FormatError, Source

LABEL_KEYS = ("value", "label", "type")
CLASS = re.compile(r"\w+(\.\w+)+")  # a UIMA type says less than any other value
NUMBER = re.compile(r"\s*([0-9]{1,12})\s*")


@dataclass(slots=True)
class Document:
    passages: list[Passage] = field(default_factory=list)
    relations: int = 0
    unkept: Counter[str] = field(default_factory=Counter)  # infons by key
    notes: list[str] = field(default_factory=list)


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """A document each; in a file with annotations one without has none."""
    is_annotated = any(True for _ in elements(source, named("annotation")))
    for element in elements(source, named("document")):
        try:
            yield _record(element, is_annotated, options)
        except FormatError as error:
            yield error


def _record(element: Element, is_annotated: bool, options: Options) -> Record:
    document = Document(relations=len(element.all("relation")))
    for passage in element.all("passage"):
        _add_passage(document, passage)
    for annotation in element.all("annotation"):
        sentence = _t("An annotation stands outside of all passages.")
        raise FormatError(annotation.line, sentence)
    check_length(element.line, "".join(p.text for p in document.passages))
    text, mentions, notes = arrange(document.passages, element.line)
    spans, more_notes = settle(text, mentions, options.may_overlap)
    return Record(
        text=text,
        spans=spans,
        is_annotated=is_annotated,
        metadata=dict(_infons(element)),
        external_id=element.text_of("id").strip(),
        line=element.line,
        notes=(*notes, *more_notes, *document.notes, *_unkept(document)),
    )


def _add_passage(document: Document, element: Element) -> None:
    """A passage has a text or sentences with texts; either has annotations."""
    document.unkept.update(f"passage {key}" for key, _value in _infons(element))
    document.relations += len(element.all("relation"))
    sentences = element.all("sentence")
    has_text = bool(element.all("text")) or not sentences
    whole = Passage(_number(element), element.text_of("text"), "\n")
    if has_text:
        document.passages.append(whole)
        _add_annotations(document, whole, element)
    elif element.all("annotation"):
        sentence = _t("The passage has annotations but its text is in sentences.")
        raise FormatError(element.line, sentence)
    for number, inner in enumerate(sentences):
        document.relations += len(inner.all("relation"))
        joiner = " " if number else "\n"
        part = Passage(_number(inner), inner.text_of("text"), joiner)
        if not has_text:
            document.passages.append(part)
        _add_annotations(document, whole if has_text else part, inner)


def _number(element: Element) -> int:
    text = element.text_of("offset")
    found = NUMBER.fullmatch(text)
    if not found:
        sentence = _t("The offset “{text}” of the {element} is not a number.")
        message = sentence.format(text=excerpt(text), element=element.name)
        raise FormatError(element.line, message)
    return int(found[1])


def _add_annotations(document: Document, passage: Passage, element: Element) -> None:
    for annotation in element.all("annotation"):
        infons = _infons(annotation)
        key, label = _label(infons)
        document.unkept.update(k for k, value in infons if (k, value) != (key, label))
        surface = annotation.text_of("text") if annotation.all("text") else None
        places = [_location(location) for location in annotation.all("location")]
        if len(places) != 1:
            sentence = _t("{label} “{surface}” has {count} places and was left out.")
            shown = {"label": excerpt(label), "surface": excerpt(surface or "")}
            document.notes.append(sentence.format(count=len(places), **shown))
            continue
        start, end = places[0]
        label = short_name(label) if CLASS.fullmatch(label) else label
        mention = Mention(start, end, label or "annotation", annotation.line, surface)
        passage.mentions.append(mention)


def _infons(element: Element) -> list[tuple[str, str]]:
    found = element.all("infon")
    return [
        (infon.attributes.get("key", "infon"), infon.text.strip()) for infon in found
    ]


def _label(infons: list[tuple[str, str]]) -> tuple[str, str]:
    """The key and value that name a mention best; empty without infons."""

    def worth(infon: tuple[str, str]) -> tuple[bool, bool, bool]:
        key, value = infon
        is_named = key in LABEL_KEYS
        return not NO_NAME.fullmatch(value), not CLASS.fullmatch(value), is_named

    return max((infon for infon in infons if infon[1]), key=worth, default=("", ""))


def _location(element: Element) -> tuple[int, int]:
    values = [element.attributes.get(key, "") for key in ("offset", "length")]
    found = [NUMBER.fullmatch(value) for value in values]
    if not (found[0] and found[1]):
        sentence = _t("“{offset}” and “{length}” are not an offset and a length.")
        shown = dict(zip(("offset", "length"), map(excerpt, values), strict=True))
        raise FormatError(element.line, sentence.format(**shown))
    start = int(found[0][1])
    return start, start + int(found[1][1])


def _unkept(document: Document) -> Iterator[str]:
    if document.unkept:
        sentence = _t("Not kept: infons {infons}.")
        counts = sorted(document.unkept.items())
        shown = ", ".join(f"{key} ({count})" for key, count in counts)
        yield sentence.format(infons=shown)
    if document.relations:
        yield _t("Not kept: relations ({count}).").format(count=document.relations)


def recognises(source: Source) -> bool:
    head = source.beginning(2_000)
    return "<collection>" in head and ("<document>" in head or "<source>" in head)


FORMAT = Format(
    name="bioc",
    suffixes=(".bioc",),
    recognises=recognises,
    read=read,
)
