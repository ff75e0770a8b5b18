"""Folders and zips: every file once, nothing outside, no bombs, nothing left behind."""

import io
import stat
import tempfile
import zipfile
from pathlib import Path

import pytest

from annotator.formats import (
    FormatError,
    ReadOptions,
    Record,
    Source,
    find_format,
    members,
)
from annotator.formats import read as read_source


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def zipped(path: Path, **files: bytes) -> Source:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return Source(path, "data.zip")


def refusal(source: Source) -> str:
    with pytest.raises(FormatError) as refused:
        list(source.members())
    return refused.value.message


def test_members_come_in_order_and_leave_nothing(tmp_path: Path, scratch: Path) -> None:
    source = zipped(tmp_path / "0", b_txt=b"2", a__c_txt=b"1", _hidden=b"x")
    found = [(member.shown_name, member.read_text()) for member in source.members()]
    assert found == [("a/c.txt", "1"), ("b.txt", "2")]
    assert list(scratch.iterdir()) == []


def test_a_folder_is_read_as_a_zip_is(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "c.txt").write_text("1")
    (folder / "b.txt").write_text("2")
    assert Source(folder).member_names == ["a/c.txt", "b.txt"]


def test_every_file_of_a_zip_is_read_and_named_in_its_errors(tmp_path: Path) -> None:
    source = zipped(tmp_path / "0", a_jsonl=b'{"text": "a"}\n', b_jsonl=b"{\n")
    error, record = read_source(source, find_format(source), ReadOptions())
    assert isinstance(error, FormatError) and isinstance(record, Record)
    assert error.message.startswith("b.jsonl: This is not JSON")


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "..\\x", "C:\\x"])
def test_a_member_that_points_outside_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "0"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "x")
    assert "points outside the zip" in refusal(Source(path))
    assert not (tmp_path.parent / "x").exists()


def test_a_link_is_refused(tmp_path: Path) -> None:
    path, entry = tmp_path / "0", zipfile.ZipInfo("link.txt")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, "/etc/hostname")
    assert "points outside the zip" in refusal(Source(path))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, scratch: Path) -> None:
    source = zipped(tmp_path / "0", bomb_txt=bytes(11 * 1024**2))
    assert refusal(source) == "bomb.txt unpacks to more than 10 MiB: refused."
    assert list(scratch.iterdir()) == []


def test_too_many_and_too_large_members_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = zipped(tmp_path / "0", a_txt=b"abc", b_txt=b"abc")
    monkeypatch.setattr(members, "LARGEST_TOTAL", 5)
    assert "unpacks to more than" in refusal(source)
    monkeypatch.setattr(members, "MOST_MEMBERS", 1)
    assert refusal(source) == "There are more than 1 files in it."


def test_a_damaged_zip_is_told_in_one_sentence(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.txt", "Ada Lovelace")
    data = content.getvalue().replace(b"Ada", b"Eve")
    (tmp_path / "0").write_bytes(data)
    assert "data.zip is damaged or encrypted" in refusal(
        Source(tmp_path / "0", "data.zip")
    )


@pytest.mark.parametrize("is_zip", [False, True])
def test_a_file_that_is_called_as_a_receipt_is_named(
    tmp_path: Path, is_zip: bool
) -> None:
    contents = {"a/report.json": "{}", "b.report.json": "{}", "c.txt": "c"}
    contents |= {".d/report.json": "{}"}
    path = tmp_path / ("whole.zip" if is_zip else "whole")
    if is_zip:
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in contents.items():
                archive.writestr(name, content)
    else:
        for name, content in contents.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(content)
    assert list(Source(path).notes) == [
        "Not read: a/report.json, b.report.json, named as the receipt of an export."
    ]


def test_a_damaged_zip_has_no_notes(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK\3\4 no zip")
    assert list(Source(path).notes) == []
