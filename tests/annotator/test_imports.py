"""Importing: all or nothing, never twice, and nothing of a file lost in silence."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from annotator import imports, storing
from annotator.formats import FormatError
from annotator.imports import check, import_file
from annotator.models import (
    Annotation,
    Membership,
    Project,
)
from annotator.opening import ImportOptions, bad_lines
from tests.annotator.importing import SENTENCES, Write


def test_documents_keep_text_tokens_and_sentences(
    project: Project, write: Write
) -> None:
    report = import_file(write(SENTENCES), project)
    first, second, third = project.documents.all()
    assert (first.text, second.text, third.text) == ("Ada sang", "In Basel", "Ada sang")
    assert first.tokens == [[0, 3], [4, 8]]
    assert first.sentence_starts == [0]
    assert [document.occurrence for document in (first, second, third)] == [0, 0, 1]
    assert (report.created, report.duplicates, report.is_stored) == (3, 0, True)


def test_the_same_file_twice_makes_no_duplicates(
    project: Project, write: Write
) -> None:
    import_file(write(SENTENCES), project)
    report = import_file(write(SENTENCES + "\nNew O\n"), project)
    assert (report.created, report.duplicates) == (1, 3)
    assert project.documents.count() == 4


def test_annotations_of_a_file_need_somebody_whose_they_are(
    project: Project, write: Write
) -> None:
    report = import_file(write(SENTENCES), project)
    assert Annotation.objects.count() == 0
    assert (report.spans, report.spans_not_stored) == (0, 3)


@pytest.mark.parametrize("role", [None, "viewer"])
def test_annotations_of_somebody_who_may_not_annotate_are_refused(
    project: Project, write: Write, charlie: User, role: str | None
) -> None:
    if role:
        Membership.objects.create(project=project, user=charlie, role=role)
    options = ImportOptions(annotated_by=charlie)
    report = import_file(write(SENTENCES), project, options)
    assert report.errors == [(1, "charlie may not annotate in “News”.")]
    assert not report.is_stored and project.documents.count() == 0


def test_a_record_without_spans_key_stays_unannotated(
    project: Project, write: Write
) -> None:
    path = write([{"text": "a"}, {"text": "b", "spans": []}])
    import_file(path, project, ImportOptions(annotated_by="gold"))
    assert [a.document.text for a in Annotation.objects.all()] == ["b"]


def test_new_labels_are_created_in_the_order_of_the_file(
    project: Project, write: Write
) -> None:
    spans = [[0, 1, "WORK"], [2, 3, "PER"], [4, 5, "ART"]]
    report = import_file(write([{"text": "a b c", "spans": spans}]), project)
    assert report.labels_created == ["WORK", "ART"]
    names = list(project.labels.values_list("name", flat=True))
    assert names == ["PER", "LOC", "ORG", "WORK", "ART"]


def test_one_bad_line_stops_everything(project: Project, write: Write) -> None:
    path = write([{"text": "a", "spans": [[0, 1, "NEW"]]}, {"txt": "b"}, {"text": ""}])
    report = import_file(path, project)
    assert report.errors == [
        (2, "There is no “text”, only txt."),
        (3, "The text is empty."),
    ]
    assert (report.is_stored, report.created, report.error_count) == (False, 0, 2)
    assert project.documents.count() == 0
    assert not project.labels.filter(name="NEW").exists()


def test_bad_lines_can_be_skipped(project: Project, write: Write) -> None:
    path = write([{"text": "a"}, {"txt": "b"}, {"text": "c"}])
    report = import_file(path, project, ImportOptions(skip_bad=True))
    assert (report.is_stored, report.created, report.error_count) == (True, 2, 1)


def test_skipping_everything_stores_nothing(project: Project, write: Write) -> None:
    report = import_file(write([{"txt": "b"}]), project, ImportOptions(skip_bad=True))
    assert (report.is_stored, report.error_count) == (False, 1)


def test_an_empty_file_says_so(project: Project, write: Write) -> None:
    report = import_file(write("", name="a.txt"), project)
    assert report.errors == [(1, "The file holds no document.")]


def test_an_unknown_split_is_refused(project: Project, write: Write) -> None:
    report = import_file(write(SENTENCES), project, ImportOptions(split="test"))
    assert report.errors[0][1].startswith("The split “test” is neither")


def test_chinese_tokens_are_joined_without_spaces(write: Write, db: None) -> None:
    project = Project.objects.create(name="Baike", language="zh-Hans")
    import_file(write("\u4ed6 O\n\u53bb O\n\u5317\u4eac B-LOC\n"), project)
    assert project.documents.get().text == "\u4ed6\u53bb\u5317\u4eac"


def test_a_guessed_encoding_is_reported_and_a_stated_one_is_taken(
    project: Project, tmp_path: Path
) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes("北京是中华人民共和国的首都。\n".encode("gb18030"))
    report = import_file(path, project)
    assert report.encoding == "GB18030"
    assert report.notes == [
        (1, "notes.txt is not UTF-8; it was read as GB18030, as detected.")
    ]
    report = import_file(path, project, ImportOptions(encoding="gbk"))
    assert (report.encoding, report.notes, report.duplicates) == ("GBK", [], 1)
    report = import_file(path, project, ImportOptions(encoding="klingon"))
    assert report.errors == [(1, "There is no encoding “klingon”.")]


def test_the_text_column_of_a_table_can_be_chosen(
    project: Project, write: Write
) -> None:
    path = write("title,body\nLetter,Ada sang.\n", name="letters.csv")
    import_file(path, project, ImportOptions(text_column="body"))
    import_file(path, project, ImportOptions(text_column="1"))
    found = project.documents.values_list("text", "metadata")
    assert list(found) == [
        ("Ada sang.", {"title": "Letter"}),
        ("Letter", {"body": "Ada sang."}),
    ]
    report = import_file(path, project, ImportOptions(text_column="letter"))
    assert report.errors == [(1, "There is no column “letter” among title, body.")]


def test_unknown_labels_can_be_refused_line_by_line(
    project: Project, write: Write
) -> None:
    lines = [
        {"text": "In Basel", "spans": [[3, 8, "LOC"]]},
        {"text": "In Berne", "spans": [[3, 8, "CITY"]]},
    ]
    path = write(lines)
    report = import_file(path, project, ImportOptions(creates_labels=False))
    assert report.errors == [
        (2, "The label “CITY” is not one of the project's: PER, LOC, ORG.")
    ]
    options = ImportOptions(creates_labels=False, skip_bad=True)
    assert import_file(path, project, options).created == 1
    assert not project.labels.filter(name="CITY").exists()
    assert import_file(path, project).labels_created == ["CITY"]


def test_every_bad_line_can_be_read_again(project: Project, write: Write) -> None:
    path = write([{"text": "a"}, {"txt": "b"}, {"text": ""}])
    found = list(bad_lines(path, project, ImportOptions()))
    assert found == [
        (2, "There is no “text”, only txt."),
        (3, "The text is empty."),
    ]
    unknown = write("x", name="a.rtf")
    ((line, sentence),) = bad_lines(unknown, project, ImportOptions())
    assert (line, "not recognised" in sentence) == (1, True)


def test_checking_and_storing_say_how_far_they_are(
    project: Project, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "BATCH", 2)
    path = write([{"text": text} for text in "abcd"])
    said: list[tuple[int, float]] = []

    def note(documents: int, share: float) -> None:
        said.append((documents, share))

    checked = check(path, project, ImportOptions(), note)
    assert said == [(2, 0.5), (4, 1.0)]
    assert not project.documents.exists()
    said.clear()
    assert checked.store(on_progress=note).created == 4
    assert said == [(2, 0.5), (4, 1.0)]


def test_a_file_too_long_to_be_kept_is_read_again_and_must_not_have_changed(
    project: Project, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write([{"text": "a"}, {"text": "b"}])
    few = check(path, project, ImportOptions())
    assert few.kept is not None and len(few.kept) == 2
    monkeypatch.setattr(imports._Kept, "__init__", no_room)
    many = check(path, project, ImportOptions())
    assert many.kept is None
    write([{"text": "a"}, {"txt": "b"}])
    with pytest.raises(FormatError, match="There is no “text”"):
        many.store()
    assert not project.documents.exists()
    write([{"text": "a"}, {"text": "c"}])
    assert many.store().created == 2


def test_what_was_left_out_of_a_folder_is_left_out_again_when_it_is_stored(
    project: Project, tmp_path: Path
) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "README.txt").write_text("This corpus is free.")
    (folder / "a.conll").write_text(SENTENCES)
    checked = check(folder, project, ImportOptions())
    assert checked.report.notes[0][1].endswith("descriptions of them: README.txt.")
    assert replace(checked, kept=None).store().created == 3


def no_room(kept: Any) -> None:
    kept.records, kept.room = [], 0
