"""Which column is what: labels without prefix, few labels, columns a person names."""

from pathlib import Path

import pytest

from annotator.formats import (
    FORMATS,
    FormatError,
    ReadOptions,
    Record,
    Source,
    read,
)
from annotator.formats.conll import describe
from tests.annotator.formats.conftest import Read, good, mentions

SMILEY = "\U0001f60a"


def test_labels_without_prefix_are_read_and_noted(
    read_file: Read, tmp_path: Path
) -> None:
    content = "-DOCSTART-\n\nVgl. O\nNew PLACE\nYork PLACE\n1/2010 DATE\nx O\n"
    (record,) = good(read_file(content, name="a.txt"))
    assert mentions(record) == [("New York", "PLACE"), ("1/2010", "DATE")]
    assert record.notes[0].startswith("The labels have no B- or I-:")
    assert describe(Source(tmp_path / "a.txt"))["scheme"] == "io"


def test_prefixes_behind_the_label_are_read(read_file: Read) -> None:
    content = "New NN LOC-B\nYork NN LOC-I\nAda NN X-Y-B\nleft VB O\n"
    (record,) = good(read_file(content, name="a.txt"))
    assert mentions(record) == [("New York", "LOC"), ("Ada", "X-Y")]
    assert record.notes == ()


@pytest.mark.parametrize(
    "content",
    [
        "Ada left\tO\nBob is here\tPER\n",  # sentences, no tokens
        "a NN\nb VB\n",
        "a O\nb 17\n",
        "a O\n" + "".join(f"w L{number}\n" for number in range(60)),
    ],
)
def test_what_is_no_tag_is_not_taken_for_one(read_file: Read, content: str) -> None:
    (error,) = read_file(content, "conll", name="a.tsv")
    assert isinstance(error, FormatError) and "No column" in error.message


@pytest.mark.parametrize(
    ("value", "label"), [("PER", "PER"), ("PER-B", "PER"), ("B-PER", "PER")]
)
@pytest.mark.parametrize("columns", ["", "1/2"])
def test_a_tag_among_many_tokens_is_read_as_it_is_spelt(
    tmp_path: Path, value: str, label: str, columns: str
) -> None:
    path = tmp_path / "a.conll"
    path.write_text(f"Ada {value}\n" + "w O\n" * 40 + f"Bo {value}\n")
    options = ReadOptions(text_column=columns)
    (record,) = good(list(read(Source(path), FORMATS["conll"], options)))
    assert mentions(record) == [("Ada", label), ("Bo", label)]


FIVE = "1\tAda\tB-NP\tB-PER\tO\n2\tleft\tB-VP\tO\tB-X\n"


def as_stated(tmp_path: Path, columns: str) -> list[Record | FormatError]:
    path = tmp_path / "a.conll"
    path.write_text(FIVE)
    options = ReadOptions(text_column=columns)
    return list(read(Source(path), FORMATS["conll"], options))


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ("2/3", [("Ada", "NP"), ("left", "VP")]),
        ("2/4", [("Ada", "PER")]),
        ("2/5", [("left", "X")]),
        ("3/4", [("B-NP", "PER")]),
    ],
)
def test_a_person_may_name_the_columns(
    tmp_path: Path, columns: str, found: list[tuple[str, str]]
) -> None:
    (record,) = good(as_stated(tmp_path, columns))
    assert mentions(record) == found
    token, tag = columns.split("/")
    assert record.notes == (
        f"As stated, column {token} was read as tokens, {tag} as tags.",
    )


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("text", "“text” does not name the columns of token and tag, as 1/4 does."),
        ("2/6", "“2/6” names no two of the file's 5 columns."),
        ("2/2", "“2/2” names no two of the file's 5 columns."),
        ("0/2", "“0/2” names no two of the file's 5 columns."),
    ],
)
def test_columns_that_are_not_there_are_refused(
    tmp_path: Path, columns: str, message: str
) -> None:
    (error,) = as_stated(tmp_path, columns)
    assert isinstance(error, FormatError) and error.message == message
