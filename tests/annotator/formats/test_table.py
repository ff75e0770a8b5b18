"""CSV, TSV and Excel: one column is the text, the others are metadata."""

import io
import tempfile
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from annotator.formats import (
    FORMATS,
    FormatError,
    ReadOptions,
    Record,
    Source,
    find_format,
    read,
)

Read = Callable[..., list[Record | FormatError]]


def workbook(*sheets: list[list[Any]]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"Sheet {number}")
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read_with(path: Path, content: bytes, **options: Any) -> list[Record | FormatError]:
    path.write_bytes(content)
    source = Source(path)
    return list(read(source, find_format(source), ReadOptions(**options)))


def test_other_columns_become_metadata(read_file: Read) -> None:
    content = '\nid,Text,label,n\r\n7,"Anna, ""Bo""\r\nsang",PER,\r\n,,,\r\n8,Basel\r\n'
    first, second = read_file(content, name="a.csv")
    assert first == Record(
        'Anna, "Bo"\r\nsang', metadata={"label": "PER"}, external_id="7", line=3
    )
    assert second == Record("Basel", external_id="8", line=6)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(read_file: Read, delimiter: str) -> None:
    content = delimiter.join(["text", "source"]) + "\n" + delimiter.join(["a", "b"])
    assert read_file(content, name="a.csv") == [
        Record("a", metadata={"source": "b"}, line=2)
    ]


def test_a_tsv_is_cut_at_tabs_only(read_file: Read) -> None:
    (error,) = read_file("a,b,c\tx\nb\tc\n", name="a.tsv")
    assert str(error) == "line 1: Choose the column that holds the text: a,b,c, x."


def test_a_person_chooses_the_column_by_heading_or_number(tmp_path: Path) -> None:
    content = b"a,b\nx,y\n"
    for column in ("b", "2"):
        (record,) = read_with(tmp_path / "a.csv", content, text_column=column)
        assert record == Record("y", metadata={"a": "x"}, line=2)
    (error,) = read_with(tmp_path / "a.csv", content, text_column="3")
    assert str(error) == "line 1: There is no column “3” among a, b."


def test_one_column_needs_no_heading(read_file: Read) -> None:
    items = read_file("Anna\nBo\n", name="a.csv")
    assert items == [Record("Anna", line=1), Record("Bo", line=2)]
    assert read_file("text\nBo\n", name="a.csv") == [Record("Bo", line=2)]


@pytest.mark.parametrize(
    ("content", "line", "sentence"),
    [
        (b"a,b\nx,y\n", 1, "Choose the column that holds the text: a, b."),
        (b"text,body\nx,y\n", 1, "Choose the column that holds the text: text, body."),
        (b"text,a,a\n", 1, "The heading “a” stands twice."),
        (b"text,a\nx,y,z\n", 2, "“z” is in column 3, which has no heading."),
        (b"text,a\n,y\n", 2, "The text is empty."),
        (b'text,a\n"x"y,z\n', 2, "The row that begins here is not CSV:"),
        (b'text,a\n"x,z\n\n', 2, "The row that begins here is not CSV:"),
        (b"text,a\nx\xff,z\n", 2, "Byte 8 of a.csv, 0xFF, is not UTF-8."),
    ],
)
def test_a_bad_row_is_refused_with_its_line(
    read_file: Read, content: bytes, line: int, sentence: str
) -> None:
    error = read_file(content, name="a.csv")[0]
    assert isinstance(error, FormatError), error
    assert (error.line, sentence in error.message) == (line, True)


def test_a_bad_row_does_not_hide_the_next(read_file: Read) -> None:
    items = read_file('text,a\n"x"y,z\nfine,b\n', name="a.csv")
    assert [type(item) for item in items] == [FormatError, Record]


@pytest.mark.parametrize(
    "row", [b'"x\n\xff\ny",z\n', b'"\xff\nx\ny",z\n', b'"x\ny\xff",z\n']
)
def test_a_bad_byte_takes_the_whole_row_of_its_cell(
    read_file: Read, row: bytes
) -> None:
    error, record = read_file(b"text,a\n" + row + b"fine,b\n", name="a.csv")
    assert "0xFF, is not UTF-8." in str(error)
    assert record == Record(
        "fine", metadata={"a": "b"}, line=5 if row.count(b"\n") == 3 else 4
    )


def test_excel_is_read_with_its_values(tmp_path: Path) -> None:
    rows = [["text", "n", "when", None], ["Zoë 😊", 3, date(2020, 1, 2)], [], [4, True]]
    content = workbook([], rows, [["other"]], [])
    first, second = read_with(tmp_path / "a.xlsx", content)
    assert first == Record(
        "Zoë 😊",
        metadata={"n": 3, "when": "2020-01-02T00:00:00"},
        line=2,
        notes=("Not kept: the other sheets Sheet 2.",),
    )
    assert second == Record("4", metadata={"n": True}, line=4)


def test_excel_is_recognised_without_its_suffix_and_described(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(workbook([["text", "n"]]))
    format = find_format(Source(path))
    assert format.name == "xlsx"
    assert format.describe(Source(path)) == {"sheet": "Sheet 0", "columns": "text, n"}
    path.write_text("a;b\n", encoding="utf-8")
    assert FORMATS["table"].describe(Source(path)) == {
        "delimiter": ";",
        "columns": "a, b",
    }


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]>'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<sheetData><row><c t="inlineStr"><is><t>&b;</t></is></c></row></sheetData>'
    "</worksheet>"
)


@pytest.mark.parametrize(
    ("member", "data"),
    [
        ("xl/worksheets/sheet1.xml", BOMB.encode()),
        ("xl/worksheets/sheet1.xml", b"<a"),
        ("xl/workbook.xml", b"a"),
        ("[Content_Types].xml", b""),
    ],
)
def test_a_broken_or_hostile_workbook_is_refused(
    tmp_path: Path, member: str, data: bytes
) -> None:
    changed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook([["text"], ["a"]]))) as old,
        zipfile.ZipFile(changed, "w") as new,
    ):
        for name in old.namelist():
            new.writestr(name, data if name == member else old.read(name))
    (error,) = read_with(tmp_path / "a.xlsx", changed.getvalue())
    assert isinstance(error, FormatError), error
    assert "is not a workbook that can be read" in error.message


def test_a_workbook_that_unpacks_to_far_more_than_it_is_is_refused(
    tmp_path: Path,
) -> None:
    file = io.BytesIO(workbook([["text"], ["a"]]))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/a.xml", b" " * (11 * 1024**2))
    (error,) = read_with(tmp_path / "a.xlsx", file.getvalue())
    assert str(error) == "line 1: The workbook unpacks to more than 10 MiB: refused."


def test_what_is_no_zip_is_no_workbook(tmp_path: Path) -> None:
    (error,) = read_with(tmp_path / "a.xlsx", b"text,a\n")
    assert "is not a workbook that can be read" in str(error)


# Made once: it holds the time, and a test that draws again needs the same bytes.
WORKBOOK = workbook([["text", "a"], ["x", 1]])


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_whatever_is_changed_only_format_errors_come_out(data: st.DataObject) -> None:
    is_excel = data.draw(st.booleans())
    content = bytearray(WORKBOOK if is_excel else b'text,"a"\n"x\ny",z\n')
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + 1] = data.draw(
            st.sampled_from([b"", b'"', b"\n", b"\xff", b"9"])
        )
    with tempfile.NamedTemporaryFile() as stored:
        stored.write(content)
        stored.flush()
        format = FORMATS["xlsx" if is_excel else "table"]
        for item in read(Source(Path(stored.name)), format, ReadOptions()):
            assert isinstance(item, Record | FormatError)
