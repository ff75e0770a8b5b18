"""UIMA CAS as XMI: views, layers, UTF-16 offsets; cassis reads the same."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import cassis
import pytest

from annotator.formats import (
    FormatError,
    ReadOptions,
    Record,
    Source,
    find_format,
    read,
)
from modeling.spans import Span

Read = Callable[..., list[Record | FormatError]]
PEERS = os.environ.get("MARGINALIA_PEER_FORMATS", "")
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore" '
    'xmlns:ne="http:///de/tudarmstadt/ukp/dkpro/core/api/ner/type.ecore" '
    'xmlns:seg="http:///de/tudarmstadt/ukp/dkpro/core/api/segmentation/type.ecore" '
    'xmlns:meta="http:///de/tudarmstadt/ukp/dkpro/core/api/metadata/type.ecore" '
    'xmlns:my="http:///my.ecore" xmi:version="2.0">\n<cas:NULL xmi:id="0"/>\n'
)
TEXT = "😊 Ann saw Basel."


def xmi(
    *annotations: str, text: str = TEXT, members: str | None = None, more: str = ""
) -> str:
    """A file whose annotations are numbered from 2 on and listed in the one view."""
    numbered = [
        annotation.replace(" ", f' xmi:id="{number}" ', 1)
        for number, annotation in enumerate(annotations, 2)
    ]
    listed = " ".join(str(2 + n) for n in range(len(annotations)))
    sofa = f'<cas:Sofa xmi:id="1" sofaID="_InitialView" sofaString="{text}"/>\n'
    view = f'<cas:View sofa="1" members="{listed if members is None else members}"/>\n'
    return HEAD + "\n".join([*numbered, sofa, view]) + more + "</xmi:XMI>\n"


def entity(begin: int, end: int, label: str, more: str = "") -> str:
    offsets = f'begin="{begin}" end="{end}"'
    return f'<ne:NamedEntity sofa="1" {offsets} value="{label}"{more}/>'


def piece(layer: str, begin: int, end: int, more: str = "") -> str:
    return f'<{layer} sofa="1" begin="{begin}" end="{end}"{more}/>'


def one(read_file: Read, content: str) -> Record:
    (item,) = read_file(content, name="a.xmi")
    assert isinstance(item, Record), item
    return item


def refusal(read_file: Read, content: str) -> FormatError:
    (item,) = read_file(content, name="a.xmi")
    assert isinstance(item, FormatError), item
    return item


def marked(record: Record) -> list[tuple[str, str]]:
    return [(record.text[span.start : span.end], span.label) for span in record.spans]


def test_entities_tokens_and_sentences_are_read(read_file: Read) -> None:
    content = xmi(
        entity(3, 6, "PER"),
        entity(11, 16, "LOC"),
        *(piece("seg:Token", *at) for at in [(0, 2), (3, 6), (7, 10), (11, 16)]),
        piece("seg:Sentence", 0, 17),
        piece("meta:DocumentMetaData", 0, 17, ' documentId="d1" language="de"'),
    )
    record = one(read_file, content)
    assert marked(record) == [("Ann", "PER"), ("Basel", "LOC")]
    assert record.spans[0] == Span(2, 5, "PER")
    assert record.tokens == ((0, 1), (2, 5), (6, 9), (10, 15))
    assert record.sentence_starts == (0,)
    assert (record.external_id, record.is_annotated) == ("d1", True)
    assert record.metadata == {"documentId": "d1", "language": "de"}
    assert record.notes == ()


def test_cassis_finds_the_same_words(read_file: Read, tmp_path: Path) -> None:
    system = cassis.TypeSystem()
    layer = system.create_type("my.Layer", supertypeName="uima.tcas.Annotation")
    system.create_feature(layer, name="value", rangeType="uima.cas.String")
    cas = cassis.Cas(typesystem=system)
    cas.sofa_string = "a\r\n👩‍👩‍👧 Ann & <b> é"
    for begin, end, label in [(3, 8, "X"), (9, 12, "PER"), (19, 20, "Y")]:
        cas.add(layer(begin=begin, end=end, value=label))
    cas.to_xmi(tmp_path / "made.xmi")
    record = one(read_file, (tmp_path / "made.xmi").read_text(encoding="utf-8"))
    assert record.text == cas.sofa_string
    assert marked(record) == [
        (found.get_covered_text(), found.value) for found in cas.select("my.Layer")
    ]


def test_offsets_that_count_code_points_are_recognised_by_the_whole(
    read_file: Read,
) -> None:
    whole = piece("meta:DocumentMetaData", 0, len(TEXT))
    record = one(read_file, xmi(whole, entity(2, 5, "PER")))
    assert marked(record) == [("Ann", "PER")]
    assert record.notes == (
        "The offsets count code points, not UTF-16 units: 2 were converted.",
    )


def test_what_is_no_mention_is_named(read_file: Read) -> None:
    content = xmi(
        entity(3, 6, "PER", ' identifier="Q1"'),
        piece("my:Owns", 3, 6, ' Governor="2" Dependent="2"'),
        piece("my:Link", 3, 6, ' next="5"'),
        piece("my:Link", 11, 16),
        '<my:Chain sofa="1" first="4"/>',
        '<my:Host sofa="1" begin="7" end="10"><role>2</role></my:Host>',
        piece("seg:Paragraph", 0, 17),
        members="2 3 4 5 6 7 8",
        more='<my:Free xmi:id="99" begin="0" end="2"/>\n<my:Free begin="0" end="2"/>\n',
    )
    record = one(read_file, content)
    assert marked(record) == [("Ann", "PER"), ("saw", "Host")]
    assert record.notes == (
        "Not kept: other values of the layer NamedEntity: identifier (1).",
        "Not kept: relations of the layer Owns (1).",
        "Not kept: relations of the layer Link (2).",
        "Mentions of the layer Host without a label got its name (1).",
        "Not kept: links from mentions of the layer Host (1).",
        "Not kept: the layer Paragraph, which describes tokens, sentences or the "
        "document (1).",
        "Not kept: what has no place in the text, Chain (1).",
        "Not kept: annotations that are in no view (2).",
    )


def test_the_layers_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "a.xmi"
    owns = piece("my:Owns", 3, 6, ' Governor="2" Dependent="2"')
    path.write_text(xmi(entity(3, 6, "PER"), owns), encoding="utf-8")
    source = Source(path)
    shown = {"layers": "NamedEntity", "not read": "Owns"}
    assert find_format(source).describe(source) == shown


def test_a_view_is_a_document_and_one_without_text_is_none(read_file: Read) -> None:
    second = (
        '<cas:Sofa xmi:id="50" sofaID="German" sofaString="Anna"/>\n'
        '<cas:Sofa xmi:id="51" sofaID="Audio"/>\n'
        '<ne:NamedEntity xmi:id="60" sofa="50" begin="0" end="4" value="PER"/>\n'
        '<cas:View sofa="50" members="60"/>\n'
    )
    items = read_file(xmi(more=second), name="a.xmi")
    assert [item.external_id for item in items if isinstance(item, Record)] == [
        "_InitialView",
        "German",
    ]
    assert all(isinstance(item, Record) and item.is_annotated for item in items)


def test_annotations_of_a_view_without_text_are_told(read_file: Read) -> None:
    second = (
        '<cas:Sofa xmi:id="50" sofaID="Audio"/>\n'
        '<ne:NamedEntity xmi:id="60" sofa="50" begin="0" end="4" value="PER"/>\n'
        '<cas:View sofa="50" members="60"/>\n'
    )
    good, bad = read_file(xmi(more=second), name="a.xmi")
    assert isinstance(good, Record) and isinstance(bad, FormatError)
    assert bad.message == "The view Audio has annotations but no text."


def test_a_type_system_beside_a_document_is_no_document(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("TypeSystem.xml", "<typeSystemDescription/>")
        archive.writestr("admin.xmi", xmi(entity(3, 6, "PER")))
    source = Source(path)
    (record,) = read(source, find_format(source), ReadOptions())
    assert isinstance(record, Record) and marked(record) == [("Ann", "PER")]


def test_overlapping_tokens_are_left_out_and_named(read_file: Read) -> None:
    tokens = [piece("seg:Token", 3, 6), piece("seg:Token", 4, 10)]
    record = one(read_file, xmi(*tokens, entity(3, 6, "PER")))
    assert record.tokens is None
    assert record.notes == ("Not kept: the tokens (2), since they overlap.",)


@pytest.mark.parametrize(
    ("content", "line", "sentence"),
    [
        (xmi(entity(3, 99, "X")), 4, "[3, 99) is not inside a text of 16 characters."),
        (xmi(entity(1, 6, "X")), 4, "[1, 6) is not inside a text of 16"),
        (xmi(piece("seg:Token", 1, 6)), 4, "[1, 6) is not inside a text"),
        (xmi('<my:X begin="a" end="2"/>'), 4, "“a” and “2” are not offsets."),
        (xmi(members="7"), 4, "The view _InitialView lists 7, which is not in"),
        (
            xmi(entity(3, 6, "X"), more='<my:X xmi:id="2"/>\n'),
            8,
            "Two annotations have the id 2.",
        ),
        (xmi(more='<cas:Sofa xmi:id="1"/>\n'), 7, "Two texts have the id 1."),
        (xmi(text=""), 1, "No view of the file has a text."),
        (xmi().replace("</xmi:XMI>", ""), 8, "This is not XML: no element found."),
        (
            xmi().replace("<xmi:XMI", '<!DOCTYPE a [<!ENTITY b "c">]><xmi:XMI'),
            2,
            "The XML defines entities or refers to other files: refused.",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(
    read_file: Read, content: str, line: int, sentence: str
) -> None:
    error = refusal(read_file, content)
    assert (error.line, sentence in error.message) == (line, True), error


SUITE = Path(PEERS, "webanno_tsv/inception/tsv3-suite")
TWINS = sorted(path.parent for path in SUITE.glob("*/reference.xmi")) if PEERS else []
# What the two formats call a mention without a label: the layer, which differs.
LAYERS = {"NamedEntity", "Span"}


@pytest.mark.skipif(not PEERS, reason="MARGINALIA_PEER_FORMATS names no folder")
def test_webanno_tsv_and_xmi_of_the_same_document_are_equal() -> None:
    assert len(TWINS) == 73
    for folder in TWINS:
        tsv, cas = (_read_twin(folder / f"reference.{n}") for n in ("tsv", "xmi"))
        assert _content(tsv) == _content(cas), folder.name


def _read_twin(path: Path) -> Record:
    source = Source(path)
    options = ReadOptions(may_overlap=True)
    (item,) = read(source, find_format(source), options)
    assert isinstance(item, Record), item
    return item


def _content(record: Record) -> tuple[object, ...]:
    """The text, tokens and mentions but for white space at their ends.

    WebAnno's TSV cannot hold that, since all offsets in it are those of tokens.
    """
    mentions = set()
    for span in record.spans:
        surface = record.text[span.start : span.end]
        start = span.start + len(surface) - len(surface.lstrip())
        label = "" if span.label in LAYERS else span.label
        mentions.add((start, surface.strip(), label))
    return record.text.rstrip(), record.tokens, record.sentence_starts, mentions


@pytest.mark.skipif(not PEERS, reason="MARGINALIA_PEER_FORMATS names no folder")
def test_cassis_finds_the_same_entities_between_emoji() -> None:
    folder = Path(PEERS, "uima_cas")
    with (folder / "typesystems/inception_typesystem.xml").open("rb") as file:
        system = cassis.load_typesystem(file)
    path = folder / "xmi/cas_with_smileys.xmi"
    with path.open("rb") as file:
        cas = cassis.load_cas_from_xmi(file, typesystem=system)
    record = _read_twin(path)
    found = cas.select("de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity")
    assert marked(record) == [(e.get_covered_text(), e.value) for e in found]
    assert record.tokens is not None
    words = cas.select("de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token")
    assert record.tokens == tuple((word.begin, word.end) for word in words)
