"""BioC XML: passages at offsets, several ways to count them, hostile XML."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.formats import FORMATS, FormatError, ReadOptions, Record, Source, read
from modeling.spans import Span

Read = Callable[..., list[Record | FormatError]]


def infon(key: str, value: str) -> str:
    return f'<infon key="{key}">{value}</infon>'


def annotation(
    start: int, length: int, text: str, infons: str = infon("type", "LOC")
) -> str:
    place = f'<location offset="{start}" length="{length}"/>'
    return f'<annotation id="1">{infons}{place}<text>{text}</text></annotation>'


def passage(offset: int, text: str, *inside: str) -> str:
    return (
        f"<passage><offset>{offset}</offset><text>{text}</text>{''.join(inside)}"
        "</passage>\n"
    )


def collection(*passages: str) -> str:
    document = f"<document><id>d1</id>\n{''.join(passages)}</document>"
    return (
        '<?xml version="1.0"?>\n<!DOCTYPE collection SYSTEM "BioC.dtd">\n'
        f"<collection><source>x</source>\n{document}</collection>\n"
    )


def one(read_file: Read, content: str) -> Record:
    (item,) = read_file(content)
    assert isinstance(item, Record), item
    return item


def marked(record: Record) -> list[tuple[str, str]]:
    return [(record.text[span.start : span.end], span.label) for span in record.spans]


def test_offsets_that_make_too_long_a_text_are_refused(read_file: Read) -> None:
    steps = [passage(9 * 1024**2 * number, "a") for number in range(30)]
    for passages in ([passage(0, "a"), passage(10**11, "b")], steps):
        (error,) = read_file(collection(*passages))
        assert str(error) == ("line 4: The text is longer than 10 million characters.")


def test_passages_are_arranged_by_their_offsets(read_file: Read) -> None:
    content = collection(
        passage(0, "In Basel", annotation(3, 5, "Basel")),
        passage(10, "and Bern.", annotation(14, 4, "Bern")),
    )
    record = one(read_file, content)
    assert record.text == "In Basel\n\nand Bern."
    assert marked(record) == [("Basel", "LOC"), ("Bern", "LOC")]
    assert (record.external_id, record.line, record.notes) == ("d1", 4, ())
    assert record.is_annotated


def test_sentences_hold_the_text_where_the_passage_does_not(read_file: Read) -> None:
    sentence = "<sentence><offset>{}</offset><text>{}</text>{}</sentence>"
    content = collection(
        "<passage><offset>0</offset>"
        + sentence.format(0, "In Basel.", annotation(3, 5, "Basel"))
        + sentence.format(10, "In Bern.", annotation(13, 4, "Bern"))
        + "</passage>"
    )
    record = one(read_file, content)
    assert record.text == "In Basel. In Bern."
    assert [surface for surface, _label in marked(record)] == ["Basel", "Bern"]


@pytest.mark.parametrize(
    ("second", "start", "note"),
    [
        (7, 11, ()),
        (9, 14, ("The offsets count UTF-8 bytes, not code points: 1 were converted.",)),
        (7, 4, ("Offsets count from their own passage: 1 were converted.",)),
        (
            0,
            4,
            ("The offsets of the passages overlap; they were joined by line breaks.",),
        ),
    ],
)
def test_other_ways_to_count_are_recognised_and_named(
    read_file: Read, second: int, start: int, note: tuple[str, ...]
) -> None:
    content = collection(
        passage(0, "Zoë ér"), passage(second, "ïs Bern", annotation(start, 3, "ern"))
    )
    record = one(read_file, content)
    assert (record.text, marked(record)) == ("Zoë ér\nïs Bern", [("ern", "LOC")])
    assert record.notes == note


def test_what_is_not_kept_is_named(read_file: Read) -> None:
    infons = infon("identifier", "4") + infon("type", "Cell line")
    two = annotation(0, 2, "In").replace(
        "<text>", '<location offset="3" length="5"/><text>'
    )
    content = collection(
        passage(0, "In Basel", annotation(3, 5, "Basel", infons), two),
        '<relation id="R"/>',
    )
    assert one(read_file, content).notes == (
        "The label “Cell line” is not one word; it became “Cell_line”.",
        "LOC “In” has 2 places and was left out.",
        "Not kept: infons identifier (1).",
        "Not kept: relations (1).",
    )


@pytest.mark.parametrize(
    ("infons", "label"),
    [
        (infon("identifier", "MESH:1") + infon("type", "Disease"), "Disease"),
        (infon("type", "webanno.custom.Span") + infon("value", "PER"), "PER"),
        (infon("type", "webanno.custom.Span"), "Span"),
        (infon("kind", "PER"), "PER"),
        ("", "annotation"),
    ],
)
def test_the_label_is_the_infon_that_names_best(
    read_file: Read, infons: str, label: str
) -> None:
    content = collection(passage(0, "Basel", annotation(0, 5, "Basel", infons)))
    assert one(read_file, content).spans == (Span(0, 5, label),)


@pytest.mark.parametrize(
    ("passages", "line", "sentence"),
    [
        (passage(0, "a", "\n", annotation(0, 1, "b")), 6, "text says “a”, not “b”."),
        (passage(0, "a", "\n", annotation(7, 1, "b")), 6, "“b” is not at [7, 8), how"),
        ("<passage><text>a</text></passage>", 5, "The offset “” of the passage is not"),
        (
            passage(0, "a", '<annotation><location offset="x"/></annotation>'),
            5,
            "“x” and",
        ),
        (annotation(0, 1, "a"), 5, "An annotation stands outside of all passages."),
        (
            "<passage><offset>0</offset><sentence/><annotation/></passage>",
            5,
            "its text is in sentences",
        ),
        ("", 4, "The text is empty."),
        ("<passage", 5, "This is not XML: not well-formed (invalid token)."),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(
    read_file: Read, passages: str, line: int, sentence: str
) -> None:
    error = read_file(collection(passages), format="bioc")[0]
    assert isinstance(error, FormatError), error
    assert (error.line, sentence in error.message) == (line, True), error


@pytest.mark.parametrize(
    "definitions",
    [
        '<!ENTITY a "aaa"><!ENTITY b "&a;&a;">',
        '<!ENTITY a SYSTEM "file:///etc/hostname">',
        '<!ENTITY % a SYSTEM "http://127.0.0.1:9/x"> %a;',
    ],
)
def test_entities_and_files_from_outside_are_refused(
    read_file: Read, definitions: str
) -> None:
    content = (
        f"<!DOCTYPE collection [{definitions}]><collection><source>x</source>"
        f"<document>{passage(0, 'a')}</document></collection>"
    )
    (error,) = read_file(content)
    assert "entities or refers to other files: refused" in str(error)


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_whatever_is_changed_only_format_errors_come_out(data: st.DataObject) -> None:
    text = collection(passage(0, "In Basel", annotation(3, 5, "Basel")))
    content = text.encode()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(60, len(content)))
        drawn = st.sampled_from(["", "<", ">", '"', "&#0;", "9", "é", "</passage>"])
        cut = data.draw(st.integers(0, 9))
        content = content[:at] + data.draw(drawn).encode() + content[at + cut :]
    with tempfile.NamedTemporaryFile() as stored:
        stored.write(content)
        stored.flush()
        for item in read(Source(Path(stored.name)), FORMATS["bioc"], ReadOptions()):
            assert isinstance(item, Record | FormatError)
