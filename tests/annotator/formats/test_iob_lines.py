"""A sentence a line, as token|tag or token|part of speech|tag."""

from pathlib import Path

from annotator.formats import FormatError, ReadOptions, Record, Source, read
from annotator.formats.iob_lines import FORMAT
from modeling.spans import Span
from tests.annotator.formats.conftest import Read, good

LINES = "Ann|NNP|B-PER saw|VB|O New|N|B-LOC York|N|I-LOC\n\n|||O ||SYM|O x|Y|S-X\n"


def test_a_line_is_a_sentence(read_file: Read) -> None:
    first, second = good(read_file(LINES, name="a.iob"))
    assert first.text == "Ann saw New York"
    assert first.spans == (Span(0, 3, "PER"), Span(8, 16, "LOC"))
    assert (second.text, second.spans) == ("| | x", (Span(4, 5, "X"),))
    assert second.line == 3


def test_tokens_and_tags_alone_are_read(read_file: Read) -> None:
    (record,) = good(read_file("Ann|B-PER left|O", name="a.iob"))
    assert record.spans == (Span(0, 3, "PER"),)


def test_lines_may_make_one_document(read_file: Read) -> None:
    (record,) = good(read_file(LINES, name="a.iob", document="file"))
    assert record.text == "Ann saw New York\n| | x"
    assert record.sentence_starts == (0, 4)


def test_a_token_without_a_tag_is_refused_with_its_line(read_file: Read) -> None:
    for bad in ("Ann", "|B-PER", "Ann|x"):
        first, error = read_file(f"Ann|O\n{bad}\n", "iob-lines")
        assert isinstance(first, Record) and isinstance(error, FormatError)
        assert error.line == 2


def test_what_ends_in_no_tag_is_not_recognised(tmp_path: Path) -> None:
    path = tmp_path / "a.iob"
    path.write_text("Ann|O Basel|S-|LOC\n")
    source = Source(path)
    assert not FORMAT.recognises(source)
    assert FORMAT.describe(source) == {}
    (error,) = read(source, FORMAT, ReadOptions())
    assert isinstance(error, FormatError) and "“LOC” is not a tag" in error.message


def test_other_white_space_makes_no_line(tmp_path: Path) -> None:
    path = tmp_path / "a.iob"
    path.write_text("Ann|O left|O\n\x0b\nBob|B-PER\n")
    assert FORMAT.describe(Source(path)) == {"scheme": "iob2"}


def test_a_token_a_line_is_something_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("New|B-LOC\nYork|I-LOC\nis|O\n\nBob|B-PER\n")
    assert not FORMAT.recognises(Source(path))


def test_nested_tags_are_noted_once(read_file: Read) -> None:
    lines = "Bank|B-ORG|O of|I-ORG|O China|I-ORG|B-LOC\nAnn|B-X|B-PER x|O|O\n"
    first, second = good(read_file(lines))
    assert first.spans == (Span(8, 13, "LOC"),)
    assert first.notes == ("Not kept: further tags of the tokens.",)
    assert second.notes == ()


def test_document_starts_that_are_asked_for_are_there(read_file: Read) -> None:
    lines = "Ann|B-PER x|O\nBob|B-PER y|O\n"
    (error,) = read_file(lines, document="docstart")
    assert isinstance(error, FormatError) and "no -DOCSTART-" in error.message
    lines = f"-DOCSTART-|O\n{lines}\n-DOCSTART-|O\n{lines}"
    assert len(good(read_file(lines, document="docstart"))) == 2
