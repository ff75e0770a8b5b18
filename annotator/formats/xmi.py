"""UIMA CAS as XMI: texts in attributes, annotations beside them, UTF-16 offsets."""

from collections.abc import Iterator

from django.utils.translation import gettext as _t

from annotator.formats.records import Format, Record, excerpt
from annotator.formats.records import ReadOptions as Options
from annotator.formats.safexml import Element, elements
from annotator.formats.source import FormatError, Source
from annotator.formats.uima import (
    Annotation,
    Sofa,
    add,
    as_offsets,
    describe_annotations,
    records,
)

CAS = "http:///uima/cas.ecore"
TYPE_SYSTEM = "<typeSystemDescription"
XMI_ID = "{http://www.omg.org/XMI}id"
OWN = {"begin", "end", "sofa", XMI_ID}
NO_PACKAGE = "uima.noNamespace."


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """A document for each view; a type system is not needed.

    What has ``begin`` and ``end`` is an annotation, and a feature that is a number or
    a child element may be a reference, but never a label.
    """
    yield from records(*_parse(source), options)


def _parse(source: Source) -> tuple[list[Sofa], dict[str, Annotation]]:
    source.check_size()
    known: dict[str, Annotation] = {}
    sofas: dict[str, Element] = {}
    members: dict[str, list[str]] = {}
    for element in elements(source, lambda name, depth: depth == 1):
        id = element.attributes.get(XMI_ID, "")
        kind = element.name if element.namespace == CAS else ""
        if kind == "Sofa" and id in sofas:
            sentence = _t("Two texts have the id {id}.")
            raise FormatError(element.line, sentence.format(id=excerpt(id)))
        if kind == "Sofa":
            sofas[id] = element
        elif kind == "View":
            listed = element.attributes.get("members", "").split()
            members.setdefault(element.attributes.get("sofa", ""), []).extend(listed)
        elif kind != "NULL":
            add(known, _annotation(id, element))
    found = [_sofa(id, sofa, members.get(id, [])) for id, sofa in sofas.items()]
    return found, known


def _annotation(id: str, element: Element) -> Annotation:
    attributes = element.attributes
    offsets = None
    if "begin" in attributes and "end" in attributes:
        offsets = as_offsets(element.line, attributes["begin"], attributes["end"])
    return Annotation(
        id=id,
        type=_type(element),
        line=element.line,
        offsets=offsets,
        features={key: attributes[key] for key in attributes if key not in OWN},
        references={child.name for child in element.children},
    )


def _type(element: Element) -> str:
    """``http:///a/b.ecore`` and ``C`` are the type ``a.b.C``."""
    package = element.namespace.removeprefix("http:///").removesuffix(".ecore")
    return f"{package.replace('/', '.')}.{element.name}".removeprefix(NO_PACKAGE)


def _sofa(id: str, element: Element, members: list[str]) -> Sofa:
    return Sofa(
        id=id,
        name=element.attributes.get("sofaID", id),
        text=element.attributes.get("sofaString", ""),
        line=element.line,
        members=tuple(members),
    )


def recognises(source: Source) -> bool:
    head = source.beginning()
    return CAS in head and "XMI" in head


def describe(source: Source) -> dict[str, str]:
    """Which layers hold the spans, for the person to check."""
    try:
        return describe_annotations(*_parse(source))
    except FormatError:
        return {}  # reading it says why


def ignores(source: Source) -> bool:
    """Whether it is the type system that INCEpTION puts beside a document."""
    return TYPE_SYSTEM in source.beginning()


FORMAT = Format(
    name="xmi",
    suffixes=(".xmi",),
    recognises=recognises,
    read=read,
    describe=describe,
    ignores=ignores,
)
