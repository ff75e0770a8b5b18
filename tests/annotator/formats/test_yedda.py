"""YEDDA's marks inside of the text."""

from collections.abc import Callable

import pytest

from annotator.formats import FormatError, Record
from modeling.spans import Span

Read = Callable[..., list[Record | FormatError]]


def one(read_file: Read, content: str, **how: str) -> Record:
    (item,) = read_file(content, name="a.ann", **how)
    assert isinstance(item, Record), item
    return item


def test_marks_are_taken_out_of_the_text(read_file: Read) -> None:
    record = one(read_file, "😊 [@Ann Bohm#Person*] saw [@C# #1#Thing*].\n")
    assert record.text == "😊 Ann Bohm saw C# #1."
    assert record.spans == (Span(2, 10, "Person"), Span(15, 20, "Thing"))
    assert record.is_annotated and record.notes == ()


def test_recommendations_are_suggestions(read_file: Read) -> None:
    record = one(read_file, "[$Ann#Person*] saw [@Basel#Place*]")
    assert record.suggestions == (Span(0, 3, "Person"),)
    assert record.spans == (Span(8, 13, "Place"),)


def test_a_line_or_the_whole_file_is_a_document(read_file: Read) -> None:
    content = "[@Ann#P*]\nsaw [@Bob#P*]\r\n"
    first, second = read_file(content, name="a.ann")
    assert isinstance(first, Record) and isinstance(second, Record)
    assert (first.text, second.text) == ("Ann", "saw Bob")
    whole = one(read_file, content, document="file")
    assert whole.text == "Ann\nsaw Bob\r\n"
    assert whole.spans == (Span(0, 3, "P"), Span(8, 11, "P"))


def test_marks_in_another_format_are_text(read_file: Read) -> None:
    (record,) = read_file('{"text": "[@Ann#P*]"}', name="a.ann")
    assert isinstance(record, Record) and record.text == "[@Ann#P*]"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[@A#P*] [@Ann", "[@Ann"),
        ("[@A#P*] Ann#P*]", "#P*]"),
        ("[@A#P*] [@Ann [@B#P*]#Q*]", "[@Ann "),
        ("[@A#P*] [@#P*]", "[@#P*]"),
    ],
)
def test_half_a_mark_is_refused(read_file: Read, text: str, shown: str) -> None:
    good, bad = read_file(f"[@A#P*]\n{text}\n", name="a.ann")
    assert isinstance(good, Record) and isinstance(bad, FormatError)
    assert bad.line == 2
    assert bad.message == f"“{shown}” is no whole mark such as [@Ada Lovelace#Person*]."
