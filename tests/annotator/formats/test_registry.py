"""What holds for every format: a name, a sample that it knows, and no other errors."""

import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.formats import (
    FORMATS,
    FormatError,
    ReadOptions,
    Record,
    Source,
    find_format,
    read,
)
from annotator.forms.imports import FORMAT_NAMES
from tests.annotator.formats.samples import PACKED, SAMPLES

TEXT = "Ann left\nHome."  # beside the files of annotations that need one
UNITS = ("sentence", "docstart", "file", "blank-lines:2")
COLUMNS = ("", "", "text", "1/2", "2/4", "1")
ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "gb18030", "cp1252")
STATED = ("", "", "utf-8", "utf-16", "gb18030", "hz", "iso2022_jp", "no such")
# What may lie beside the samples in a folder or zip, and describe them.
BESIDE = {
    "README.md": b"---\nfeatures: [{name: ner_tags, names: [O, B-X]}]\n---\n",
    "label.json": b'{"O": 0, "B-X": 1}',
    "dataset_info.json": b'{"features": {"ner_tags": {"names": ["O"]}}}',
    "report.json": b"{}",
    "annotation.conf": b"[entities]\nPER\n",
}
# What means something to some format; a change puts one of them somewhere.
PIECES = [
    *(
        b"",
        b"\0",
        b"\n",
        b"\r\n",
        b"\t",
        b" ",
        b"\xff",
        b"\xef\xbb\xbf",
        "😊é".encode(),
    ),
    *(b"[", b"]", b"{", b"}", b'"', b":", b",", b"\\", b"#", b"|", b"*", b"_", b"-"),
    *(b"<", b">", b"/>", b"<!DOCTYPE a>", b"&a;", b"&#0;", b"null", b"-1", b"1e999"),
    *(b"9" * 30, b"0", b"true", b"[" * 3000, b"O", b"B-X", b"(X*", b"\x91", b"\xc1"),
]


def suffix_of(name: str) -> str:
    return next(iter(FORMATS[name].suffixes), "") or ".dat"


def written(folder: str, name: str, content: bytes) -> Source:
    pack = PACKED.get(name, bytes)
    path = Path(folder, f"a{suffix_of(name)}")
    path.write_bytes(pack(content))
    if path.suffix != ".txt":
        path.with_suffix(".txt").write_text(TEXT)
    return Source(path)


def test_every_format_has_a_name_for_people() -> None:
    assert FORMATS.keys() == FORMAT_NAMES.keys()
    assert all(FORMATS[name].name == name for name in FORMATS)


def test_every_format_has_a_sample() -> None:
    assert FORMATS.keys() == SAMPLES.keys()


@pytest.mark.parametrize("name", FORMATS)
def test_a_sample_is_recognised_and_read_without_an_error(
    name: str, tmp_path: Path
) -> None:
    source = written(str(tmp_path), name, SAMPLES[name])
    assert find_format(source).name == name
    items = list(read(source, FORMATS[name], ReadOptions()))
    assert items and all(isinstance(item, Record) for item in items), items
    assert FORMATS[name].describe(source) is not None


def encoded(sample: bytes, encoding: str) -> bytes:
    """The sample in another encoding, where it is text and has its characters."""
    try:
        return sample.decode().encode(encoding)
    except UnicodeError:
        return sample


@st.composite
def changed(draw: st.DrawFn, sample: bytes) -> bytes:
    """A sample with a few pieces put in, taken out or written over."""
    content = sample
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        new = draw(st.sampled_from(PIECES) | st.binary(max_size=4))
        gone = draw(st.sampled_from([0, 0, 1, 2, 9, 1000]))
        content = content[:at] + new + content[at + gone :]
    return content


@pytest.mark.parametrize("name", FORMATS)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_whatever_a_file_holds_only_format_errors_come_out(
    name: str, data: st.DataObject
) -> None:
    other = data.draw(st.sampled_from([name, name, name, *SAMPLES]))
    sample = encoded(SAMPLES[other], data.draw(st.sampled_from(ENCODINGS)))
    content = data.draw(changed(sample))
    options = ReadOptions(
        data.draw(st.sampled_from(UNITS)),
        data.draw(st.sampled_from([" ", ""])),
        data.draw(st.booleans()),
        data.draw(st.sampled_from(COLUMNS)),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = written(folder, name, content).path
        source = Source(path, stated_encoding=data.draw(st.sampled_from(STATED)))
        try:
            list(source.notes)
            find_format(source).describe(source)
            FORMATS[name].describe(source)
        except FormatError:
            pass  # that is how a file is refused
        for item in read(source, FORMATS[name], options):
            assert isinstance(item, Record | FormatError)


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_whatever_a_zip_holds_only_format_errors_come_out(data: st.DataObject) -> None:
    names = data.draw(
        st.lists(st.sampled_from(sorted(SAMPLES)), max_size=3, unique=True)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.zip")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(zipfile.ZipInfo("a.txt"), TEXT)
            for name in names:
                entry = zipfile.ZipInfo(f"{name}{suffix_of(name)}")
                archive.writestr(entry, SAMPLES[name])
            for name in data.draw(st.sets(st.sampled_from(sorted(BESIDE)))):
                archive.writestr(zipfile.ZipInfo(name), BESIDE[name])
        path.write_bytes(
            data.draw(st.just(path.read_bytes()) | changed(path.read_bytes()))
        )
        source = Source(path)
        assert all(isinstance(note, str) for note in source.notes)
        try:
            format = find_format(source)
            format.describe(source)
        except FormatError:
            return
        for item in read(source, format, ReadOptions()):
            assert isinstance(item, Record | FormatError)
