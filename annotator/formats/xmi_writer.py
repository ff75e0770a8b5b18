"""Writing UIMA CAS as XMI: a zip with a file a document and the type system of all."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import IO
from zipfile import ZipFile

from django.utils.translation import gettext as _t

from annotator.formats.archives import Names, add
from annotator.formats.offsets import UTF_16, offsets_of
from annotator.formats.records import Loss, Output, Record, WriteOptions, excerpt
from annotator.formats.sentences import sentence_starts
from annotator.formats.uima import ANNOTATED
from modeling.tokens import Token, tokenize

DKPRO = "de.tudarmstadt.ukp.dkpro.core.api"
# Each type with what it is a kind of and its features: of INCEpTION's the part that
# is written, since UIMA merges the declarations of a type.
TYPES: dict[str, tuple[str, tuple[str, ...]]] = {
    "metadata.type.DocumentMetaData": (
        "uima.tcas.DocumentAnnotation",
        ("documentTitle", "documentId"),
    ),
    "metadata.type.MetaDataStringField": ("uima.tcas.Annotation", ("key", "value")),
    "segmentation.type.Sentence": ("uima.tcas.Annotation", ()),
    "segmentation.type.Token": ("uima.tcas.Annotation", ()),
    "ner.type.NamedEntity": ("uima.tcas.Annotation", ("value", "identifier")),
}
NAMESPACES = "".join(
    f' xmlns:{short}="http:///{DKPRO.replace(".", "/")}/{short}/type.ecore"'
    for short in ("metadata", "segmentation", "ner")
)
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<xmi:XMI xmi:version="2.0"'
    ' xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore"'
    f'{NAMESPACES}>\n<cas:NULL xmi:id="0"/>\n'
)
SOFA = (
    '<cas:Sofa xmi:id="1" sofaNum="1" sofaID="_InitialView" mimeType="text" '
    'sofaString="{text}"/>\n<cas:View sofa="1" members="{members}"/>\n</xmi:XMI>\n'
)
NO_XML = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # in XML 1.0
INSTEAD = "\ufffd"  # as long in UTF-16, so that all offsets stay
# Raw line ends and tabs in an attribute would be read as spaces.
ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
ESCAPES |= {c: f"&#{ord(c)};" for c in "\t\n\r"}
ESCAPED = str.maketrans(ESCAPES)


def write(
    records: Iterable[Record], file: IO[bytes], options: WriteOptions
) -> Iterator[Loss]:
    """Layers as INCEpTION has them: sentences, tokens, named entities.

    Of a text only what XML has no character for is changed, and named.
    """
    names = Names()
    with ZipFile(file, "w") as archive:
        add(archive, "TypeSystem.xml", _type_system().encode())
        for record in records:
            yield from _replaced(record)
            tokens = tokenize(record.text) if record.tokens is None else record.tokens
            starts, cut = sentence_starts(record, tokens, _inside(record, tokens))
            yield from cut
            breaks = pairwise([*starts, len(tokens)])
            sentences = [(tokens[a][0], tokens[b - 1][1]) for a, b in breaks]
            content = "".join(_lines(record, tokens, sentences))
            add(archive, f"{names.next(record)}.xmi", content.encode())


def _replaced(record: Record) -> Iterator[Loss]:
    """A loss for each character of the text that XML does not have, id and label."""
    for found in NO_XML.finditer(record.text):
        sentence = _t("XML has no U+{code}, at [{at}] in “{text}”: it became U+FFFD.")
        at, text = found.start(), excerpt(record.text, found.start())
        reason = sentence.format(code=f"{ord(found[0]):04X}", at=at, text=text)
        yield Loss(record, "character", reason, became=(at, at + 1))
    if NO_XML.search(record.external_id):
        sentence = _t("The id “{id}” has characters that XML has not.")
        yield Loss(record, "id", sentence.format(id=excerpt(record.external_id)))
    for span in record.spans:
        if NO_XML.search(span.label):
            sentence = _t("The label “{label}” has characters that XML has not.")
            reason = sentence.format(label=excerpt(span.label))
            yield Loss(record, "label", reason, span)


def _inside(record: Record, tokens: Iterable[Token]) -> set[int]:
    """Numbers of the tokens that begin inside of a span, but for the very first."""
    starts = [start for start, _ in tokens]
    inside: set[int] = set()
    for span in record.spans:
        first, last = bisect_right(starts, span.start), bisect_left(starts, span.end)
        inside.update(range(max(1, first), last))
    return inside


def _lines(
    record: Record, tokens: Iterable[Token], sentences: Iterable[Token]
) -> Iterator[str]:
    units = offsets_of(record.text, UTF_16)
    id = _escape(record.external_id)
    about = f' documentTitle="{id}" documentId="{id}"' if id else ""
    whole = 0, len(record.text)
    pieces = [("metadata:DocumentMetaData", whole, f' language="x-unspecified"{about}')]
    if record.is_annotated:
        mark = f' key="{ANNOTATED}" value="true"'
        pieces.append(("metadata:MetaDataStringField", whole, mark))
    pieces += [("segmentation:Sentence", place, "") for place in sentences]
    pieces += [("segmentation:Token", place, "") for place in tokens]
    pieces += [
        ("ner:NamedEntity", (span.start, span.end), f' value="{_escape(span.label)}"')
        for span in sorted(record.spans)
    ]
    yield HEAD
    for number, (name, (start, end), features) in enumerate(pieces, 2):
        offsets = f'begin="{units[start]}" end="{units[end]}"'
        yield f'<{name} xmi:id="{number}" sofa="1" {offsets}{features}/>\n'
    members = " ".join(map(str, range(2, 2 + len(pieces))))
    yield SOFA.format(text=_escape(record.text), members=members)


def _escape(value: str) -> str:
    return NO_XML.sub(INSTEAD, value).translate(ESCAPED)


def _type_system() -> str:
    types = "".join(
        f"<typeDescription><name>{DKPRO}.{name}</name><description/>"
        f"<supertypeName>{kind}</supertypeName>"
        f"<features>{''.join(map(_feature, features))}</features></typeDescription>\n"
        for name, (kind, features) in TYPES.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<typeSystemDescription xmlns="http://uima.apache.org/resourceSpecifier">\n'
        f"<types>\n{types}</types>\n</typeSystemDescription>\n"
    )


def _feature(name: str) -> str:
    return (
        f"<featureDescription><name>{name}</name><description/>"
        "<rangeTypeName>uima.cas.String</rangeTypeName></featureDescription>"
    )


OUTPUT = Output(
    name="xmi",
    title="UIMA CAS XMI",
    suffix="zip",
    write=write,
    holds=frozenset({"text", "ids", "tokens", "sentences", "overlaps"}),
    needs_tokens=True,
)
