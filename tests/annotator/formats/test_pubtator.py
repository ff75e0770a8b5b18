"""PubTator: titles and abstracts with mentions whose text is checked."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.formats import FormatError, Record, Source, find_format
from annotator.formats.pubtator import FORMAT
from annotator.formats.records import ReadOptions
from modeling.spans import Span

Read = Callable[..., list[Record | FormatError]]
FILE = (
    "\n12|t|Gout in mice\n12|a|We saw gout, then rickets.\n"
    "12\t0\t4\tGout\tDisease\tD006073\n12\t20\t24\tgout\tDisease\t\n"
    "12\t31\t38\trickets\tRare disease\tD012279|D1\tgout|rickets\n"
    "12\tCID\tD006073\tD012279\n"
    "\n13|t|Nothing here\n13|a|\n"
)


def one(read_file: Read, content: str) -> Record:
    (item,) = read_file(content, format="pubtator")
    assert isinstance(item, Record), item
    return item


def marked(record: Record) -> list[tuple[str, str]]:
    return [(record.text[span.start : span.end], span.label) for span in record.spans]


def test_an_article_is_its_title_and_its_abstract(read_file: Read) -> None:
    first, second = read_file(FILE)
    assert isinstance(first, Record) and isinstance(second, Record)
    assert first.text == "Gout in mice\nWe saw gout, then rickets."
    assert (first.external_id, first.line, second.line) == ("12", 2, 9)
    assert marked(first) == [
        ("Gout", "Disease"),
        ("gout", "Disease"),
        ("rickets", "Rare_disease"),
    ]
    assert (second.text, second.spans, second.is_annotated) == (
        "Nothing here\n",
        (),
        True,
    )


def test_what_is_not_kept_is_named(read_file: Read) -> None:
    first = read_file(FILE)[0]
    assert isinstance(first, Record)
    assert first.notes == (
        "The label “Rare disease” is not one word; it became “Rare_disease”.",
        "Not kept: concept ids, such as D006073 (3).",
        "Not kept: relations (1).",
    )


def test_without_any_mention_nothing_is_known_to_be_annotated(read_file: Read) -> None:
    assert not one(read_file, "1|t|Gout\n").is_annotated


def test_offsets_that_count_bytes_are_repaired_and_named(read_file: Read) -> None:
    record = one(read_file, "1|t|é gout\n1|a|x\n1\t3\t7\tgout\tDisease\n")
    assert record.spans == (Span(2, 6, "Disease"),)
    assert record.notes == (
        "The offsets count UTF-8 bytes, not code points: 1 were converted.",
    )


def test_a_mention_with_other_white_space_keeps_its_offsets(read_file: Read) -> None:
    record = one(read_file, "1|t|a gout\n1\t2\t6\tgout  \tDisease\n")
    assert marked(record) == [("gout", "Disease")]
    assert "other white space than the text's “gout”" in record.notes[0]


def test_of_overlapping_mentions_the_outermost_is_kept(read_file: Read) -> None:
    record = one(
        read_file,
        "1|t|Bank of China\n1\t8\t13\tChina\tLOC\n1\t0\t13\tBank of China\tORG\n"
        "1\t0\t13\tBank of China\tORG\n1\t4\t4\t\tORG\n",
    )
    assert record.spans == (Span(0, 13, "ORG"),)
    assert record.notes == (
        "“ORG” at [4, 4) marks no character and was left out.",
        "ORG “Bank of China” [0, 13) was left out: it overlaps ORG “Bank of China” "
        "[0, 13).",
        "LOC “China” [8, 13) was left out: it overlaps ORG “Bank of China” [0, 13).",
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("1\t0\t4\tRash\tDisease", "At [0, 4) the text says “Gout”, not “Rash”."),
        ("1\t0\t99\tGout\tDisease", "[0, 99) is not inside a text of 5 characters."),
        ("2\t0\t4\tGout\tDisease", "does not belong to the article “1” above it."),
        ("1\t0\t4\tGout", "is not id, start, end, mention and type with tabs."),
        ("1\t0\t4\tGout\t ", "is not id, start, end, mention and type with tabs."),
        ("1|t|Again", "“1|t|Again” stands twice in the article 1."),
    ],
)
def test_a_bad_line_is_refused_with_its_number(
    read_file: Read, line: str, sentence: str
) -> None:
    bad, good = read_file(f"1|t|Gout\n1|a|\n{line}\n\n2|t|Fine\n", format="pubtator")
    assert isinstance(bad, FormatError) and isinstance(good, Record)
    assert bad.line == 3
    assert sentence in bad.message


def test_it_is_recognised_by_its_first_title(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_text(FILE, encoding="utf-8")
    assert find_format(Source(path)).name == "pubtator"


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_whatever_is_changed_only_format_errors_come_out(data: st.DataObject) -> None:
    content = bytearray(FILE.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.sampled_from([b"\t", b"|", b"\n", b"\xff", b"9", b"-", "😊".encode()])
        )
    with tempfile.NamedTemporaryFile() as stored:
        stored.write(content)
        stored.flush()
        for item in FORMAT.read(Source(Path(stored.name)), ReadOptions()):
            assert isinstance(item, Record | FormatError)
