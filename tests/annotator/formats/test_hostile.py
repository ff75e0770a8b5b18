"""Files that somebody made to do harm, or named wrongly: one sentence each."""

import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from annotator.formats import (
    FORMATS,
    FormatError,
    ReadOptions,
    Record,
    Source,
    find_format,
    read,
    safexml,
    uima,
)
from tests.annotator.formats.samples import SAMPLES

MIB = 1024**2
LAUGHS = (
    "<!DOCTYPE x [<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 9))
    + "]>"
)
FETCHES = "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/hostname'>]>"
READ_AT_ONCE = ("uima-json", "label-studio", "lighttag", "pubannotation", "spacy-json")


def written(path: Path, content: bytes) -> Source:
    path.write_bytes(content)
    return Source(path)


def refusal(source: Source, name: str = "auto") -> FormatError:
    """The one sentence that a file is refused with."""
    try:
        items = list(read(source, find_format(source, name), ReadOptions()))
    except FormatError as error:
        return error
    (error,) = items
    assert isinstance(error, FormatError), error
    return error


@pytest.mark.parametrize("name", ["xmi", "bioc"])
@pytest.mark.parametrize("prolog", [LAUGHS, FETCHES])
def test_entities_of_xml_are_never_expanded(
    tmp_path: Path, name: str, prolog: str
) -> None:
    sample = SAMPLES[name].replace(b"Ann", b"&a8;&a;")
    source = written(tmp_path / "a.xml", prolog.encode() + sample)
    tracemalloc.start()
    error = refusal(source, name)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "defines entities or refers to other files: refused." in error.message
    assert peak < 5 * MIB


@pytest.mark.parametrize(
    "name", ["jsonl", "tagged-jsonl", "conll", "pubtator", "yedda"]
)
def test_a_line_without_end_is_refused(tmp_path: Path, name: str) -> None:
    source = written(tmp_path / "a.txt", SAMPLES[name] + b"\n" + b"x" * (10 * MIB + 1))
    *_good, error = read(source, FORMATS[name], ReadOptions())
    assert isinstance(error, FormatError)
    assert error.message == "The line is longer than 10 MiB."


@pytest.mark.parametrize("name", ["xmi", "uima-json", "label-studio", "spacy-json"])
def test_a_text_without_end_is_refused(tmp_path: Path, name: str) -> None:
    long = SAMPLES[name].replace(b"Ann", b"Ann" + b"x" * 10 * MIB, 1)
    source = written(tmp_path / "a", long.replace(b'"text": "Ann"', b'"text": null'))
    error, *_others = read(source, FORMATS[name], ReadOptions())
    assert isinstance(error, FormatError)
    assert error.message == "The text is longer than 10 million characters."


@pytest.mark.parametrize(
    ("name", "content", "row", "document"),
    [
        ("conll", b"Ann B-PER\n", b"%s O\n", "sentence"),
        ("conll", b"Ann B-PER\n\n", b"%s O\n\n", "file"),
        ("conll", b"-DOCSTART- O\n\nAnn B-PER\n", b"%s O\n\n", "docstart"),
        ("conllu", b"1\tAnn\n", b"2\t%s\n", "sentence"),
        ("text", b"Ann\n", b"%s\n", "blank-lines:1"),
        ("text", b"Ann\n\n", b"%s\n\n", "blank-lines:9"),
    ],
)
def test_a_document_without_end_is_refused_while_it_is_collected(
    tmp_path: Path, name: str, content: bytes, row: bytes, document: str
) -> None:
    long = row % (b"x" * 4 * MIB)
    source = written(tmp_path / "a", content + long * 3 + b"\xff\n" * 2)
    (error,) = read(source, FORMATS[name], ReadOptions(document))
    assert isinstance(error, FormatError)
    assert error.message == "The text is longer than 10 million characters."


@pytest.mark.parametrize("name", [*READ_AT_ONCE, "xmi", "docbin"])
def test_a_file_that_would_fill_the_memory_is_not_read(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "a"
    with path.open("wb") as file:
        file.truncate(128 * MIB + 1)  # takes no room on the disk
    error = refusal(Source(path), name)
    assert error.message == "The file is longer than 128 MiB: too long to be read."


def test_xml_of_very_many_elements_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safexml, "MOST_INSIDE", 9)
    monkeypatch.setattr(uima, "MOST_ANNOTATIONS", 9)
    many = b"<a/>" * 10
    wide = SAMPLES["xmi"].replace(b"<my:Span", many + b"<my:Span")
    assert "holds more than 9 annotations." in _message(tmp_path, "xmi", wide)
    deep = SAMPLES["bioc"].replace(b"<text>", many + b"<text>", 1)
    message = _message(tmp_path, "bioc", deep)
    assert message == "One XML element holds more than 9 others."


def _message(folder: Path, name: str, content: bytes) -> str:
    return refusal(written(folder / name, content), name).message


def test_a_zip_inside_of_a_zip_is_not_followed(tmp_path: Path) -> None:
    content = SAMPLES["jsonl"]
    for _ in range(30):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("a.zip", content)
        content = packed.getvalue()
    error = refusal(written(tmp_path / "b.zip", content))
    assert error.message == "a.zip is a zip inside of another one: unpack it first."


def test_a_workbook_inside_of_a_zip_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.xlsx", SAMPLES["xlsx"])
    source = Source(tmp_path / "a.zip")
    assert find_format(source).name == "xlsx"


@pytest.mark.parametrize(
    ("sample", "suffix"),
    [
        ("conll", ".jsonl"),
        ("jsonl", ".conll"),
        ("jsonl", ".csv"),
        ("xmi", ".json"),
        ("uima-json", ".xmi"),
        ("label-studio", ".jsonl"),
        ("webanno-tsv", ".tsv"),
        ("yedda", ".txt"),
        ("conll2012", ".conllu"),
        ("conllu", ".conll"),
        ("xlsx", ".csv"),
        ("spacy-json", ".txt"),
    ],
)
def test_a_wrong_suffix_does_not_hide_what_a_file_is(
    tmp_path: Path, sample: str, suffix: str
) -> None:
    source = written(tmp_path / f"a{suffix}", SAMPLES[sample])
    assert find_format(source).name == sample


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.jsonl", b"\x89PNG\r\n\x1a\n\0\0\0", "is not text in UTF-8 or UTF-16."),
        ("a.spacy", b"text", "This is not a DocBin of spaCy:"),
        ("a.conll", b"%PDF-1.7\nstream\n", "A PDF is not read: save its text"),
        ("a.conll", b"no columns\n", "No column of the file holds tags"),
        ("a.xlsx", b"no workbook", "not a workbook that can be read:"),
        ("a.zip", b"no zip", "was not recognised; choose one of"),
        ("a.parquet", b"PAR1\0\0PAR1", "A Parquet file is not read: write it as"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as .xlsx, .csv"),
        ("a.jsonl.gz", b"\x1f\x8b\x08\0", "A gzip file is not read: unpack it"),
        ("a.txt", b"PK\x03\x04" + bytes(40), "a.txt is damaged or encrypted:"),
        ("a.xmi", b"<html></html>", "was not recognised; choose one of"),
    ],
)
def test_what_is_something_else_is_refused_in_one_sentence(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    assert sentence in refusal(written(tmp_path / name, content)).message


def test_a_word_document_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>")
    assert refusal(Source(path)).message.startswith("A Word document is not read:")


def test_markup_in_a_text_is_only_text(tmp_path: Path) -> None:
    script = "<script>alert(1)</script>"
    content = f'{{"text": "{script}", "spans": [[0, 8, "<b>"]], "id": "{script}"}}'
    source = written(tmp_path / "a.jsonl", content.encode())
    (record,) = read(source, find_format(source), ReadOptions())
    assert isinstance(record, Record)
    assert (record.text, record.external_id) == (script, script)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("conll", b"a O\n\n"),
        ("conll", b"a O\n"),
        ("conllu", b"1\ta\tO\t_\n\n"),
        ("conll2012", b"a 0 0 a NN * - - - - * * -\n\n"),
        ("webanno-tsv", b"1\ta\t_\t_\tO\t_\t_\t_\t_\t_\n\n"),
    ],
)
def test_tokens_without_end_are_refused_before_they_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, line: bytes
) -> None:
    monkeypatch.setattr("annotator.formats.records.MOST_TOKENS", 1000)
    heads = {"conllu": b"# global.columns = ID FORM NER MISC\n"}
    heads |= {
        "conll2012": b"#begin document (a); part 000\n",
        "webanno-tsv": b"#id=1\n",
    }
    content = heads.get(name, b"") + line * 5000
    source = written(tmp_path / "a.txt", content)
    tracemalloc.start()
    *_good, error = read(source, FORMATS[name], ReadOptions("file"))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(error, FormatError)
    assert error.message == "The document has more than 1,000 tokens."
    assert peak < 4 * MIB


def lying(packed: bytes, size: int) -> bytes:
    """A zip of one member whose directory says that it unpacks to less."""
    at = packed.rindex(b"PK\x01\x02") + 24
    return packed[:at] + size.to_bytes(4, "little") + packed[at + 4 :]


@pytest.mark.parametrize("name", ["a.txt", "xl/workbook.xml"])
def test_a_member_that_unpacks_at_once_is_refused_whatever_it_says(
    tmp_path: Path, name: str
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr(name, bytes(50 * MIB))
    source = written(tmp_path / "a.zip", lying(packed.getvalue(), 9))
    tracemalloc.start()
    error = refusal(source)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert f"{name} is packed in a way that is not read" in error.message
    assert peak < 5 * MIB


def test_a_workbook_whose_size_is_a_lie_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(50 * MIB))
    source = written(tmp_path / "a.xlsx", lying(packed.getvalue(), 1000))
    tracemalloc.start()
    error = refusal(source)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "is not a workbook that can be read" in error.message
    assert peak < 5 * MIB


def test_a_workbook_of_very_many_strings_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotator.formats.xlsx.LARGEST_WHOLE", MIB)
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "")
        archive.writestr("xl/sharedStrings.xml", bytes(2 * MIB))
    error = refusal(Source(path))
    assert error.message.startswith("All but the sheets unpacks to more than 1 MiB")


@pytest.mark.parametrize(
    ("name", "suffix", "head", "line"),
    [
        ("pubtator", ".txt", b"1|t|Ann\n", b"1\t0\t3\tAnn\tPER\tQ1\n"),
        ("pubtator", ".txt", b"1|t|Ann\n", b"bad\n"),
        ("brat", ".ann", b"", b"T1\tPER 0 3\tAnn\n"),
        ("brat", ".ann", b"", b"bad\n"),
    ],
)
def test_marks_without_end_are_refused_before_they_fill_the_memory(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    suffix: str,
    head: bytes,
    line: bytes,
) -> None:
    monkeypatch.setattr("annotator.formats.records.MOST_TOKENS", 100)
    (tmp_path / "a.txt").write_text("Ann")
    source = written(tmp_path / f"a{suffix}", head + line * 5000)
    *others, error = read(source, FORMATS[name], ReadOptions())
    assert isinstance(error, FormatError)
    assert "has more than 100 mentions or bad lines." in error.message
    assert len(others) <= 101
