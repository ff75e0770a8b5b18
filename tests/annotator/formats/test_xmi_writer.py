"""Written XMI: cassis reads the same texts, spans, tokens and sentences."""

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import cassis
import pytest
from hypothesis import given, settings

from annotator.formats import Record
from modeling.spans import Span
from modeling.tokens import tokenize
from tests.annotator.formats.records import any_records
from tests.annotator.formats.test_round_trips import expected, expected_text, written

PEERS = os.environ.get("MARGINALIA_PEER_FORMATS", "")
DKPRO = "de.tudarmstadt.ukp.dkpro.core.api"
ENTITY = f"{DKPRO}.ner.type.NamedEntity"
TOKEN = f"{DKPRO}.segmentation.type.Token"
SENTENCE = f"{DKPRO}.segmentation.type.Sentence"
DOCUMENT = f"{DKPRO}.metadata.type.DocumentMetaData"
TEXTS = [
    "👩‍👩‍👧 Ann 😊\r\nsaw\tBasel.",
    "قالت آنا إنها في بازل 😊 אנה",
    "安娜 <b>&amp; “Basel”\u2028\x85 e\u0301",
]


def members(data: bytes) -> tuple[bytes, list[bytes]]:
    """The type system, and the documents in the order in which they were written."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        system, *names = archive.namelist()
        assert system == "TypeSystem.xml"
        return archive.read(system), [archive.read(name) for name in names]


def loaded(data: bytes) -> Iterator[cassis.Cas]:
    """Each document as cassis reads it, which refuses types that are not declared."""
    content, documents = members(data)
    system = cassis.load_typesystem(io.BytesIO(content))
    for document in documents:
        yield cassis.load_cas_from_xmi(io.BytesIO(document), typesystem=system)


def entities(cas: cassis.Cas) -> list[Span]:
    return sorted(Span(e.begin, e.end, e.value) for e in cas.select(ENTITY))


def places(cas: cassis.Cas, type: str) -> list[tuple[int, int]]:
    return [(found.begin, found.end) for found in cas.select(type)]


@settings(deadline=None, max_examples=60)
@given(any_records)
def test_cassis_reads_every_document_but_for_the_losses(records: list[Record]) -> None:
    data, losses = written(records, "xmi")
    assert {loss.kind for loss in losses} <= {"character", "id", "sentence"}
    for record, cas in zip(records, loaded(data), strict=True):
        assert cas.sofa_string == expected_text(record, losses, "xmi")
        assert entities(cas) == sorted(expected(record, losses)) == [*record.spans]
        tokens = tokenize(record.text) if record.tokens is None else record.tokens
        assert places(cas, TOKEN) == list(tokens)
        (about,) = cas.select(DOCUMENT)
        assert (about.begin, about.end) == (0, len(record.text))
        if not any(loss.kind == "id" for loss in losses):
            assert (about.documentId or "") == record.external_id


@settings(deadline=None, max_examples=60)
@given(any_records)
def test_sentences_are_whole_tokens_and_no_span_begins_one_inside(
    records: list[Record],
) -> None:
    data, _losses = written(records, "xmi")
    for record, cas in zip(records, loaded(data), strict=True):
        tokens, sentences = places(cas, TOKEN), places(cas, SENTENCE)
        inside = [t for a, b in sentences for t in tokens if a <= t[0] and t[1] <= b]
        assert inside == tokens
        assert {begin for begin, _ in sentences} <= {begin for begin, _ in tokens}
        assert {end for _, end in sentences} <= {end for _, end in tokens}
        begins = [begin for begin, _ in sentences[1:]]
        assert not any(s.start < at < s.end for s in record.spans for at in begins)


@pytest.mark.parametrize("text", TEXTS)
def test_offsets_in_the_file_count_utf_16(text: str) -> None:
    spans = [Span(*token, "X") for token in tokenize(text)]
    data, losses = written([Record(text, tuple(spans), True)], "xmi")
    (document,) = members(data)[1]
    root = ElementTree.fromstring(document)
    sofa = root.find("{http:///uima/cas.ecore}Sofa")
    assert sofa is not None and sofa.get("sofaString") == text
    units = text.encode("utf-16-le")
    found = [
        units[2 * int(item.attrib["begin"]) : 2 * int(item.attrib["end"])].decode(
            "utf-16-le"
        )
        for item in root
        if item.tag.endswith("}NamedEntity")
    ]
    assert found == [text[span.start : span.end] for span in spans]
    assert losses == []
    (cas,) = loaded(data)
    assert (cas.sofa_string, entities(cas)) == (text, spans)


def test_a_character_that_xml_has_not_is_replaced_and_named() -> None:
    spans = (Span(2, 3, "X"), Span(4, 5, "Y\ufffe"))
    record = Record("a\x0bb\uffff😊", spans, True, external_id="1\x02")
    data, losses = written([record], "xmi")
    assert [(loss.kind, loss.became) for loss in losses] == [
        ("character", (1, 2)),
        ("character", (3, 4)),
        ("id", None),
        ("label", None),
    ]
    assert losses[3].span == spans[1]
    assert losses[0].reason == (
        "XML has no U+000B, at [1] in “a\\x0bb\\xffff😊”: it became U+FFFD."
    )
    (cas,) = loaded(data)
    assert cas.sofa_string == "a\ufffdb\ufffd😊"
    assert [
        (entity.get_covered_text(), entity.value) for entity in cas.select(ENTITY)
    ] == [
        ("b", "X"),
        ("😊", "Y\ufffd"),
    ]


@pytest.mark.skipif(not PEERS, reason="MARGINALIA_PEER_FORMATS names no folder")
def test_inception_declares_the_same_types() -> None:
    path = Path(PEERS, "uima_cas/typesystems/inception_typesystem.xml")
    theirs = cassis.load_typesystem(path)
    content, (document,) = members(written([Record("Ann", (), True)], "xmi")[0])
    for ours in cassis.load_typesystem(io.BytesIO(content)).get_types():
        twin = theirs.get_type(ours.name)
        assert twin.supertype is not None and ours.supertype is not None
        assert ours.supertype.name == twin.supertype.name
        for feature in ours.features:
            found = twin.get_feature(feature.name)
            assert found is not None and found.rangeType == feature.rangeType
    cas = cassis.load_cas_from_xmi(io.BytesIO(document), typesystem=theirs)
    assert cas.sofa_string == "Ann"
