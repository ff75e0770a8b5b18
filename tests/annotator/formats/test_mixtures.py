"""Folders and zips of several kinds of files: one format, or two that are named."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotator.formats import (
    Format,
    FormatError,
    ReadOptions,
    Record,
    Source,
    find_format,
    mixtures,
    read,
)
from annotator.formats.companions import is_documentation
from tests.annotator.formats.conftest import good, refusals
from tests.annotator.formats.samples import SAMPLES

CONLL = SAMPLES["conll"]
TEXT_ONLY = b'{"text": "Bob left."}'
PROSE = b"This corpus is free.\nEnjoy it.\n"
Files = dict[str, bytes]
Pack = Callable[[Path, Files], Source]


def zipped(folder: Path, files: Files) -> Source:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return Source(folder / "a.zip")


def unpacked(folder: Path, files: Files) -> Source:
    for name, content in files.items():
        (folder / "a" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "a" / name).write_bytes(content)
    return Source(folder / "a")


def read_all(source: Source) -> tuple[Format, list[Record | FormatError]]:
    format = find_format(source)
    return format, list(read(source, format, ReadOptions()))


@pytest.mark.parametrize("pack", [zipped, unpacked])
@pytest.mark.parametrize(
    ("document", "format"),
    [("t.conll", "conll"), ("t.xmi", "xmi"), ("t.pubtator", "pubtator")],
)
@pytest.mark.parametrize("about", ["LICENSE", "README.txt", "a/SOURCE", "Notes.md"])
def test_what_tells_about_a_data_set_is_left_out_and_named(
    tmp_path: Path, pack: Pack, document: str, format: str, about: str
) -> None:
    source = pack(tmp_path, {about: PROSE, document: SAMPLES[format]})
    found, items = read_all(source)
    alone = find_format(unpacked(tmp_path / "alone", {document: SAMPLES[format]}))
    assert found.name == format == alone.name
    records = good(items)
    note = f"Not documents, but descriptions of them: {about}."
    assert records[-1].notes[-1] == note
    assert not any("corpus" in record.text for record in records)


@pytest.mark.parametrize("pack", [zipped, unpacked])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("a.txt", "text"), ("b.jsonl", "jsonl")),
        (("a.txt", "text"), ("b.json", "label-studio")),
        (("a.csv", "table"), ("b.txt", "text")),
        (("a.jsonl", "jsonl"), ("b.conll", "conll")),
        (("README.conll", "conll"), ("b.xmi", "xmi")),
    ],
)
def test_files_of_different_formats_are_refused_by_two_of_their_names(
    tmp_path: Path,
    pack: Pack,
    first: tuple[str, str],
    second: tuple[str, str],
) -> None:
    files = {name: SAMPLES[format] for name, format in (first, second)}
    with pytest.raises(FormatError) as refused:
        find_format(pack(tmp_path, files))
    assert refused.value.message == (
        f"{first[0]} is of the format {first[1]}, {second[0]} of {second[1]}: import "
        "them separately, or choose the format."
    )


def test_a_stated_format_is_that_of_all_files(tmp_path: Path) -> None:
    source = zipped(tmp_path, {"README.txt": b"one", "a.conll": b"two\n"})
    items = list(read(source, find_format(source, "text"), ReadOptions()))
    assert [record.text for record in good(items)] == ["one", "two"]


def test_text_files_are_documents_whatever_they_are_called(tmp_path: Path) -> None:
    files = {"README.txt": b"one", "a.txt": b"two", "b.md": b"three", "c.txt": b" \n"}
    _format, items = read_all(zipped(tmp_path, files))
    assert [record.text for record in good(items)] == ["one", "two", "three"]


def test_a_file_that_nobody_looked_at_is_still_not_read_as_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mixtures, "MEMBERS_LOOKED_AT", 2)
    files = {"a.txt": b"one", "b.txt": b"two", "c.conll": CONLL, "d.css": b"a {}"}
    _format, items = read_all(zipped(tmp_path, files))
    assert [item.text for item in items if isinstance(item, Record)] == ["one", "two"]
    first, second = refusals(items)
    assert first.startswith("line 1: c.conll: a.txt is of the format text, c.conll of")
    assert second.startswith("line 1: d.css: The file was not recognised")


def test_brat_claims_its_pairs_whatever_the_case_of_their_suffix(
    tmp_path: Path,
) -> None:
    files = {"README.txt": PROSE, "a.ann": b"T1\tPER 0 3\tAnn\n", "a.TXT": b"Ann left"}
    format, items = read_all(zipped(tmp_path, files))
    (record,) = good(items)
    assert (format.name, record.text, len(record.spans)) == ("brat", "Ann left", 1)
    assert record.notes == ("Not read: README.txt.",)
    assert len(good(read_all(unpacked(tmp_path, files))[1])) == 1


def test_what_lies_beside_pairs_of_brat_is_named(tmp_path: Path) -> None:
    pair = {"a.ann": b"T1\tPER 0 3\tAnn\n", "a.txt": b"Ann", "source-1.txt": b"Bob"}
    files = pair | {"b.conll": CONLL, "meta.json": b"{}"}
    format, items = read_all(zipped(tmp_path, files))
    assert (format.name, [r.text for r in good(items)]) == ("brat", ["Ann", "Bob"])
    assert good(items)[0].notes == ("Not read: b.conll, meta.json.",)


@pytest.mark.parametrize(
    ("format", "files"),
    [
        ("pubannotation", {"a.json": SAMPLES["pubannotation"], "b.json": TEXT_ONLY}),
        ("yedda", {"a.txt": b"Bob left.\n", "b.txt": SAMPLES["yedda"]}),
        ("label-studio", {"a.json": SAMPLES["label-studio"], "b.json": b"[]"}),
    ],
)
def test_files_in_which_nothing_is_marked_are_of_the_same_format(
    tmp_path: Path, format: str, files: Files
) -> None:
    found, items = read_all(zipped(tmp_path, files))
    assert found.name == format
    assert good(items)


def test_files_that_are_all_empty_are_called_so(tmp_path: Path) -> None:
    for pack in (zipped, unpacked):
        with pytest.raises(
            FormatError, match=r"^line 1: All files in a.* are empty\.$"
        ):
            find_format(pack(tmp_path, {"a.txt": b" \n", "b.json": b"[]"}))


def test_annotations_without_their_text_are_not_documents(tmp_path: Path) -> None:
    files = {"a.ann": b"T1\tPER 0 3\tAnn\n", "b.txt": b"Bob"}
    format, items = read_all(zipped(tmp_path, files))
    assert format.name == "brat"
    assert refusals(items) == ["line 1: a.ann has no text: a.txt is missing."]


def test_workbooks_in_a_zip_are_read_one_by_one(tmp_path: Path) -> None:
    files = {"a.xlsx": SAMPLES["xlsx"], "b.xlsx": SAMPLES["xlsx"], "README": PROSE}
    _format, items = read_all(zipped(tmp_path, files))
    assert [record.text for record in good(items)] == ["Ann left"] * 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("b.txt", "北京大学的学生在图书馆看书\n他们喜欢中文\n"),
        ("b.conll", "北京 B-LOC\n大学 O\n图书馆 O\n喜欢 O\n中文 O\n"),
    ],
)
def test_an_encoding_that_was_detected_is_told_for_each_file(
    tmp_path: Path, name: str, content: str
) -> None:
    ascii_one = f"a{Path(name).suffix}"
    files = {ascii_one: SAMPLES["conll"] if "conll" in name else b"Ann left\n"}
    _format, items = read_all(
        zipped(tmp_path, {**files, name: content.encode("gb18030")})
    )
    notes = [note for record in good(items) for note in record.notes]
    assert notes == [f"{name} is not UTF-8; it was read as GB18030, as detected."]


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("README", True),
        ("a/readme_de.TXT", True),
        ("LICENSE-2.0.txt", True),
        ("sources.txt", True),
        ("notes.md", True),
        ("readmerchant.txt", False),
        ("resource.txt", False),
        ("source-1.txt", False),
        ("README.conll", False),
        ("a.txt", False),
    ],
)
def test_documentation_is_known_by_its_name(name: str, is_one: bool) -> None:
    assert is_documentation(name) is is_one


def test_a_small_member_is_not_opened_for_every_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = zipped(tmp_path, {f"{n}.conll": CONLL for n in range(20)})
    format, opened, real = find_format(source), [0], Path.open

    def count(path: Path, mode: str = "r", *rest: Any, **options: Any) -> Any:
        opened[0] += mode == "rb"
        return real(path, mode, *rest, **options)

    monkeypatch.setattr(Path, "open", count)
    assert len(good(list(read(source, format, ReadOptions())))) == 40
    assert opened[0] < 3 * 20
