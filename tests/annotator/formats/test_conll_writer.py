"""Writing CoNLL columns: exact tags, and every difference reported."""

import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.formats import (
    FORMATS,
    OUTPUTS,
    Loss,
    ReadOptions,
    Record,
    Source,
    WriteOptions,
    read,
)
from modeling.spans import Span
from modeling.tagging import decode
from tests.annotator.formats.conftest import Read, good, mentions, words

SMILEY = "\U0001f60a"


def written(
    records: list[Record],
    format: str = "conll2002",
    scheme: str = "iob2",
    marks_documents: bool = False,
) -> tuple[str, list[Loss]]:
    file = io.BytesIO()
    options = WriteOptions(scheme, marks_documents)
    losses = list(OUTPUTS[format].write(records, file, options))
    return file.getvalue().decode(), losses


def tagged(text: str, *spans: Span, **more: object) -> Record:
    return Record(text=text, spans=spans, is_annotated=True, **more)  # type: ignore[arg-type]


def test_conll_2003_is_written_with_four_columns() -> None:
    record = tagged("Ada went.", Span(0, 3, "PER"))
    assert written([record], "conll2003") == (
        "Ada -X- -X- B-PER\nwent -X- -X- O\n. -X- -X- O\n\n",
        [],
    )


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("iob1", "I-L I-L B-L O I-L"),
        ("iob2", "B-L I-L B-L O B-L"),
        ("bioes", "B-L E-L S-L O S-L"),
        ("bilou", "B-L L-L U-L O U-L"),
    ],
)
def test_every_scheme_can_be_written(scheme: str, tags: str) -> None:
    spans = [Span(0, 3, "L"), Span(4, 5, "L"), Span(8, 9, "L")]
    text, losses = written([tagged("a b c d e", *spans)], scheme=scheme)
    assert [line.split(" ")[1] for line in text.split("\n") if line] == tags.split()
    assert losses == []


def test_tags_start_anew_in_every_sentence() -> None:
    spans = (Span(0, 4, "PER"), Span(5, 9, "PER"))
    text, _ = written([tagged("Anna\nBohm", *spans)], scheme="iob1")
    assert text == "Anna I-PER\n\nBohm I-PER\n\n"


def test_document_starts_stand_before_each_document() -> None:
    records = [tagged("Yes.\nNo."), tagged("So?")]
    text, _ = written(records, "conll2003", marks_documents=True)
    assert text.split("\n\n") == [
        "-DOCSTART- -X- -X- O",
        "Yes -X- -X- O\n. -X- -X- O",
        "No -X- -X- O\n. -X- -X- O",
        "-DOCSTART- -X- -X- O",
        "So -X- -X- O\n? -X- -X- O",
        "",
    ]


def test_a_span_that_cuts_a_token_is_moved_and_reported() -> None:
    record = tagged("Boston-London flight", Span(2, 6, "LOC"))
    text, (loss,) = written([record])
    assert text.startswith("Boston B-LOC\n- O\nLondon O\n")
    assert (loss.kind, loss.span, loss.became) == ("moved", Span(2, 6, "LOC"), (0, 6))
    assert "Boston" in loss.reason


def test_two_places_joined_by_a_hyphen_are_exact() -> None:
    record = tagged("Boston-London", Span(0, 6, "LOC"), Span(7, 13, "LOC"))
    assert written([record]) == ("Boston B-LOC\n- O\nLondon B-LOC\n\n", [])


def test_a_span_with_a_trailing_space_is_moved() -> None:
    text, (loss,) = written([tagged("Basel is", Span(0, 6, "LOC"))])
    assert text == "Basel B-LOC\nis O\n\n"
    assert (loss.kind, loss.became) == ("moved", (0, 5))


def test_the_outermost_of_nested_spans_is_written() -> None:
    spans = (Span(8, 13, "LOC"), Span(0, 13, "ORG"))
    text, (loss,) = written([tagged("Bank of China", *spans)])
    assert text == "Bank B-ORG\nof I-ORG\nChina I-ORG\n\n"
    assert (loss.kind, loss.span) == ("dropped", Span(8, 13, "LOC"))


def test_a_sentence_break_never_cuts_a_span() -> None:
    film = tagged("Love? Actually won. Yes", Span(0, 14, "FILM"))
    text, losses = written([film])
    assert text.startswith("Love B-FILM\n? I-FILM\nActually I-FILM\nwon O\n. O\n\nYes")
    assert losses == []
    imported = tagged(
        "New\nYork",
        Span(0, 8, "LOC"),
        tokens=((0, 3), (4, 8)),
        sentence_starts=(0, 1),
    )
    text, (loss,) = written([imported])
    assert text == "New B-LOC\nYork I-LOC\n\n"
    assert (loss.kind, loss.became) == ("sentence", (4, 8))


def test_a_document_without_tokens_is_reported() -> None:
    text, (loss,) = written([tagged(" \n ")])
    assert (text, loss.kind) == ("", "empty")


def test_tokens_that_a_line_cannot_hold_are_split_and_reported() -> None:
    tokens = ((0, 3), (4, 5), (6, 7))
    record = tagged("a\tb \n c", Span(0, 3, "X"), tokens=tokens, sentence_starts=(0,))
    text, losses = written([record])
    assert text == "a B-X\nb I-X\nc O\n\n"
    assert [(loss.kind, loss.became) for loss in losses] == [
        ("token", (0, 3)),
        ("token", (4, 5)),
    ]


def test_a_sentence_that_reads_as_a_document_start_is_reported() -> None:
    record = tagged("-DOCSTART-", tokens=((0, 10),))
    _, (loss,) = written([record])
    assert (loss.kind, loss.became) == ("token", (0, 10))
    assert written([tagged("x -DOCSTART-", tokens=((0, 1), (2, 12)))])[1] == []


def test_a_mention_that_begins_with_a_document_start_is_kept_and_reported(
    read_file: Read,
) -> None:
    span = Span(0, 12, "PER")
    record = tagged("-DOCSTART- x", span, tokens=((0, 10), (11, 12)))
    text, (loss,) = written([record])
    assert (loss.kind, loss.span, loss.became) == ("token", span, (0, 10))
    alone = tagged("-DOCSTART-", Span(0, 10, "PER"), tokens=((0, 10),))
    more, _losses = written([alone])
    first, second = good(read_file(text + more, format="conll"))
    assert mentions(first) == [("-DOCSTART- x", "PER")]
    assert mentions(second) == [("-DOCSTART-", "PER")]


any_word = st.sampled_from(["-DOCSTART-", "\ufeff"]) | st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0\t\r\n"),
    min_size=1,
    max_size=6,
)
any_label = st.text(
    st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=9
)


@st.composite
def any_sentences(draw: st.DrawFn) -> list[tuple[list[str], list[str]]]:
    labels = draw(st.lists(any_label, min_size=1, max_size=3))
    tag = st.just("O") | st.builds(
        "{}-{}".format, st.sampled_from("BI"), st.sampled_from(labels)
    )
    row = st.tuples(any_word, tag)
    rows = draw(st.lists(st.lists(row, min_size=1, max_size=6), min_size=1, max_size=4))
    return [([w for w, _ in found], [t for _, t in found]) for found in rows]


@settings(deadline=None)
@given(
    any_sentences(),
    st.sampled_from(["conll2003", "conll2002"]),
    st.sampled_from(["iob1", "iob2", "bioes", "bilou"]),
    st.sampled_from([" ", ""]),
)
def test_writing_and_reading_again_is_the_identity(
    sentences: list[tuple[list[str], list[str]]],
    format: str,
    scheme: str,
    joiner: str,
) -> None:
    records = []
    for found, tags in [*sentences, (["x"], ["O"])]:
        text, offsets = "", []
        for word in found:
            text += joiner if text else ""
            offsets.append((len(text), len(text) + len(word)))
            text += word
        spans = decode(tags, offsets)
        records.append(
            tagged(text, *spans, tokens=tuple(offsets), sentence_starts=(0,))
        )
    data, losses = written(records, format, scheme)
    assert {loss.kind for loss in losses} <= {"token"}
    with tempfile.NamedTemporaryFile(suffix=".conll") as stored:
        stored.write(data.encode())
        stored.flush()
        options = ReadOptions(joins_tokens_with=joiner)
        items = list(read(Source(Path(stored.name)), FORMATS["conll"], options))
    kept = [r for r in records if words(r) != ["-DOCSTART-"] or r.spans]
    for before, after in zip(kept, good(items), strict=True):
        assert after.text == before.text
        assert after.tokens == before.tokens
        assert after.spans == before.spans


@pytest.mark.parametrize(
    "token",
    ["\u200b", "\ufeff", "\u00a0", "\u200b\ufeff", "\ue056", "e\u0301", '"', SMILEY]
    + ["New York", "a\u00a0b", " ", "\u2028", "\x85", "-DOCSTART-x", "O", "B-PER"],
)
def test_odd_tokens_survive_reading_and_writing(read_file: Read, token: str) -> None:
    content = f"x\tO\n{token}\tB-PER\n{token}\tI-PER\n\n{token}\tO\n"
    records = good(read_file(content))
    assert [words(record) for record in records] == [["x", token, token], [token]]
    assert [span.label for span in records[0].spans] == ["PER"]
    text, losses = written(records)
    assert text.replace("\t", " ").rstrip("\n") == content.replace("\t", " ").rstrip(
        "\n"
    )
    again = good(read_file(text, format="conll"))
    assert [words(record) for record in again] == [words(r) for r in records]
    assert bool(losses) == any(character.isspace() for character in token)
