"""Plain text, and what all formats share: encodings, line ends, refusals."""

from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.formats import FormatError, Record, Source, find_format

Read = Callable[..., list[Record | FormatError]]
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


def texts(items: list[Record | FormatError]) -> list[str]:
    return [item.text if isinstance(item, Record) else str(item) for item in items]


def test_every_line_that_is_not_blank_is_a_document(read_file: Read) -> None:
    items = read_file("Anna sang.\r\n\r\n \t\n  Bo slept. \nlast")
    assert texts(items) == ["Anna sang.", "  Bo slept. ", "last"]
    assert [item.line for item in items] == [1, 4, 5]


def test_odd_characters_and_other_line_breaks_stay(read_file: Read) -> None:
    line = f"a\u2028b\x0bc\x85d e\u0301 \ufeff\u200b {FAMILY} \u0627\u0644"
    assert texts(read_file(line + "\n")) == [line]


def test_paragraphs_make_a_document_with_their_line_breaks(read_file: Read) -> None:
    content = "one\r\ntwo\n\n\nthree\n\nfour\n"
    items = read_file(content, document="blank-lines:2")
    assert texts(items) == ["one\r\ntwo\n\n\nthree", "four"]
    assert texts(read_file(content, document="blank-lines:1")) == [
        "one\r\ntwo",
        "three",
        "four",
    ]


def test_a_whole_file_is_kept_to_the_last_character(read_file: Read) -> None:
    content = "\n one\r\n\ntwo \n\n"
    assert texts(read_file(content, document="file")) == [content]


def test_plain_text_has_no_document_starts(read_file: Read) -> None:
    assert texts(read_file("a\n", document="docstart")) == [
        "line 1: Plain text has no -DOCSTART- lines."
    ]


@pytest.mark.parametrize("document", ["page", "blank-lines:0", "blank-lines:x", ""])
def test_an_unknown_way_to_cut_documents_is_refused(
    read_file: Read, document: str
) -> None:
    with pytest.raises(FormatError, match="is none of"):
        read_file("a\n", document=document)


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8 with BOM"),
        ("utf-16", "UTF-16 with BOM"),
    ],
)
def test_encodings_are_recognised_and_shown(
    read_file: Read, tmp_path: Path, encoding: str, shown: str
) -> None:
    content = "Zoë \u4e2d\u56fd 😊\r\n\ufeffsecond\u0a0a"
    items = read_file(content.encode(encoding), name="text.txt")
    assert texts(items) == ["Zoë \u4e2d\u56fd 😊", "\ufeffsecond\u0a0a"]
    assert Source(tmp_path / "text.txt").encoding == shown


def test_big_endian_utf_16_is_read_too(read_file: Read) -> None:
    data = b"\xfe\xff" + "\u4e2d\u56fd\nb".encode("utf-16-be")
    assert texts(read_file(data)) == ["\u4e2d\u56fd", "b"]


def test_invalid_bytes_are_named_and_the_other_lines_read(read_file: Read) -> None:
    items = read_file(b"\xef\xbb\xbfgood\nba\xffd\nfine\n", name="notes.txt")
    assert texts(items) == [
        "good",
        "line 2: Byte 10 of notes.txt, 0xFF, is not UTF-8.",
        "fine",
    ]


def test_half_a_utf_16_unit_is_named(read_file: Read) -> None:
    data = "first\nsecond".encode("utf-16") + b"x"
    assert str(read_file(data, format="text", name="notes.txt")[-1]) == (
        f"line 2: Byte {len(data) - 1} of notes.txt is half a UTF-16 unit."
    )


def test_nul_and_half_surrogates_are_refused_by_line(read_file: Read) -> None:
    data = "a\nb\0c\n".encode("utf-16") + b"d\0\x00\xd8e\0"
    found = texts(read_file(data, format="text"))
    assert found == [
        "a",
        "line 2: There is a NUL character at [1] in “b\\x00c”.",
        "line 3: There is half a surrogate pair (U+D800) at [1] in “d\\xd800e”.",
    ]


def test_a_line_of_many_megabytes_is_refused_before_it_is_read(
    read_file: Read,
) -> None:
    found = texts(read_file(b"short\n" + b"x" * 11 * 1024**2, format="text"))
    assert found == ["short", "line 2: The line is longer than 10 MiB."]
    found = texts(read_file(b"x" * 11 * 1024**2, format="text", document="file"))
    assert found == [
        "line 1: The file is longer than 10 MiB: too long for one document."
    ]


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("a.txt", b"Anna sang\n", "text"),
        ("a", b"Anna sang\n", "text"),
        ("a.txt", b"Anna\tB-PER\nsang\tO\n", "conll"),
        ("a.txt", b'\n{"text": "Anna"}\n', "jsonl"),
        ("a.jsonl", b"[]", "jsonl"),
        ("a.conll", b"Anna sang\n", "conll"),
        ("a.txt", b"", "text"),
    ],
)
def test_a_format_is_recognised_by_content_first(
    tmp_path: Path, name: str, content: bytes, format: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert find_format(Source(path)).name == format


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.rst", b"text,label\na,b\n", "was not recognised; choose"),
        ("a.json", b'[{"name": "a"}]', "was not recognised; choose"),
        ("a.txt", b"\x7fELF\0\0", "is not text in UTF-8 or UTF-16"),
        ("a.txt", b"PK\x03\x04\0\0", "a.txt is damaged or encrypted: File is not"),
    ],
)
def test_a_file_that_nothing_recognises_is_refused(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FormatError, match=sentence):
        find_format(Source(path))


def test_an_unknown_format_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="“odt” is none of .*jsonl, conll"):
        find_format(Source(tmp_path / "a"), "odt")


def test_an_upload_is_known_by_the_name_it_had(tmp_path: Path) -> None:
    path = tmp_path / "upload-8f3a"
    path.write_bytes(b"text,label\n")
    assert find_format(Source(path, name="table.csv")).name == "table"


@pytest.mark.parametrize(
    "content",
    ["Rockwell 1\nCorp. 2\nsaid O\n", "-DOCSTART-\n\nVgl. O\nRAB <PART>\n"],
)
def test_tokens_with_tags_of_an_unknown_kind_are_not_taken_for_text(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_text(content)
    with pytest.raises(FormatError, match="was not recognised; choose"):
        find_format(Source(path))


@pytest.mark.parametrize(
    "content", ["Yesterday, I left the house.\n", "I am.\nWe were in B or O there.\n"]
)
def test_single_letters_in_a_text_are_not_taken_for_tags(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_text(content)
    assert find_format(Source(path)).name == "text"
