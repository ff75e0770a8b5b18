"""A preview shows what was recognised, quickly, and stores nothing."""

from pathlib import Path
from zipfile import ZipFile

import pytest

from annotator import previews, surveys
from annotator.imports import import_file
from annotator.models import Project
from annotator.opening import ImportOptions
from annotator.previews import preview
from tests.annotator.formats.test_table import workbook
from tests.annotator.importing import SENTENCES, Write


def test_a_preview_shows_what_was_recognised_and_stores_nothing(
    project: Project, write: Write
) -> None:
    import_file(write("Ada O\nsang O\n"), project)
    path = write(SENTENCES + "\nx B-WORK\n\ny\n")
    found = preview(path, project)
    assert (found.format, found.scheme, found.encoding) == ("conll", "iob2", "UTF-8")
    assert found.details == {"columns": "2 columns, token in 1, tag in 2"}
    assert (found.documents, found.annotated, found.spans) == (4, 4, 4)
    assert found.duplicates == 1
    assert found.labels == [("PER", False), ("LOC", False), ("WORK", True)]
    assert [sample.text for sample in found.samples][:2] == ["Ada sang", "In Basel"]
    assert found.errors == [(12, "“y” has 1 columns; the tag is expected in 2.")]
    assert project.documents.count() == 1


def test_a_preview_of_an_unknown_file_is_one_sentence(
    project: Project, write: Write
) -> None:
    found = preview(write("a,b\n", name="a.rtf"), project)
    assert (found.documents, found.error_count) == (0, 1)
    assert "was not recognised" in found.errors[0][1]


def test_many_errors_are_counted_and_some_are_kept(
    project: Project, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveys, "ERRORS_KEPT", 3)
    found = preview(write([{}] * 8), project)
    assert (len(found.errors), found.error_count) == (3, 8)


def test_of_a_large_file_only_the_beginning_is_looked_at(
    project: Project, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "LOOKED_AT", 3)
    assert preview(write([{"text": text} for text in "abc"]), project).is_whole
    found = preview(write([{"text": text} for text in "abc"] + [{}]), project)
    assert (found.documents, found.error_count, found.is_whole) == (3, 0, False)


def test_a_preview_leaves_no_part_of_a_zip_behind(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile
    import zipfile

    monkeypatch.setattr(previews, "LOOKED_AT", 1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "unpacked"))
    (tmp_path / "unpacked").mkdir()
    path = tmp_path / "letters.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in "ab":
            archive.writestr(f"{name}.txt", "Ada.\nRome.\n")
    assert not preview(path, project).is_whole
    assert list((tmp_path / "unpacked").iterdir()) == []


def test_stated_columns_are_shown_in_place_of_the_detected_ones(
    project: Project, write: Write
) -> None:
    path = write("Ada B-PER I-X\nsang O O\n", name="a.conll")
    found = preview(path, project, ImportOptions(text_column="1/2"))
    assert found.details["columns"] == "3 columns, token in 1, tag in 2"
    found = preview(path, project, ImportOptions(text_column="1/3"))
    assert found.details["columns"] == "3 columns, token in 1, tag in 3"
    table = write("title,body\na,b\n", name="a.csv")
    found = preview(table, project, ImportOptions(text_column="body"))
    assert found.details["text"] == "text in body"


def test_of_files_read_one_by_one_the_first_is_described(
    project: Project, tmp_path: Path
) -> None:
    path = tmp_path / "both.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("README.txt", "What this is.")
        archive.writestr("a/train.conll", SENTENCES)
        archive.writestr("b/test.conll", "x B-WORK\n")
    found = preview(path, project)
    assert (found.format, found.scheme) == ("conll", "iob2")
    columns = "2 columns, token in 1, tag in 2"
    assert found.details == {"columns": columns, "file": "a/train.conll"}
    assert any("README.txt" in note for _line, note in found.notes)


def test_a_zip_of_workbooks_is_described_by_its_first(
    project: Project, tmp_path: Path
) -> None:
    path = tmp_path / "tables.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("a.xlsx", workbook([["text"], ["Ada sang"]]))
    found = preview(path, project)
    assert (found.errors, found.documents, found.format) == ([], 1, "xlsx")
    assert found.details["file"] == "a.xlsx"
