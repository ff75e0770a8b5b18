"""Importing: all or nothing, never twice, and nothing of a file lost in silence."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test.utils import CaptureQueriesContext

from annotator import imports, storing
from annotator.formats import FormatError
from annotator.imports import ImportReport, check, import_file
from annotator.models import (
    Annotation,
    Membership,
    Project,
    Revision,
    Rule,
    Suggestion,
)
from annotator.models.edits import Edit, SpanEdit
from annotator.opening import ImportOptions, bad_lines
from annotator.suggestions import proposals
from modeling.spans import Span

Write = Callable[..., Path]
SENTENCES = "Ada B-PER\nsang O\n\nIn O\nBasel B-LOC\n\nAda B-PER\nsang O\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(content: str | Sequence[Any], name: str = "") -> Path:
        if not isinstance(content, str):
            content = "\n".join(json.dumps(line) for line in content)
            name = name or "file.jsonl"
        path = tmp_path / (name or "file.conll")
        path.write_text(content, newline="")
        return path

    return write_file


def spans_of(annotation: Annotation) -> list[Span]:
    return annotation.spans_by_value()


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


def test_gold_annotations_are_submitted_with_their_revision(
    project: Project, write: Write
) -> None:
    report = import_file(write(SENTENCES), project, ImportOptions(annotated_by="gold"))
    assert (report.annotations, report.spans, report.spans_not_stored) == (3, 3, 0)
    gold = Annotation.objects.get(document__text="In Basel")
    assert (gold.is_gold, gold.user, gold.state, gold.version) == (
        True,
        None,
        "submitted",
        1,
    )
    assert gold.submitted_at is not None
    assert spans_of(gold) == [Span(3, 8, "LOC")]
    assert gold.spans_at(1) == {Span(3, 8, "LOC")}
    assert gold.revisions.get().user is None


def test_bobs_file_becomes_bobs_annotations(
    project: Project, write: Write, alice: User, bob: User
) -> None:
    options = ImportOptions(annotated_by=bob)
    import_file(write(SENTENCES), project, options, by=alice)
    assert {a.user for a in Annotation.objects.all()} == {bob}
    assert {revision.user for revision in Revision.objects.all()} == {bob}


def test_gold_names_the_person_who_imported_it(
    project: Project, write: Write, alice: User
) -> None:
    options = ImportOptions(annotated_by="gold")
    import_file(write(SENTENCES), project, options, by=alice)
    assert {revision.user for revision in Revision.objects.all()} == {alice}


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


def test_annotations_are_added_to_documents_that_have_none(
    project: Project, write: Write, bob: User
) -> None:
    path = write(SENTENCES)
    import_file(path, project)
    bobs = import_file(path, project, ImportOptions(annotated_by=bob))
    assert (bobs.created, bobs.duplicates, bobs.annotations) == (0, 3, 3)
    again = import_file(path, project, ImportOptions(annotated_by=bob))
    assert (again.annotations, Annotation.objects.count()) == (0, 3)
    gold = import_file(path, project, ImportOptions(annotated_by="gold"))
    assert (gold.annotations, Annotation.objects.count()) == (3, 6)


def test_work_that_is_there_is_never_changed(
    project: Project, write: Write, bob: User
) -> None:
    import_file(write([{"text": "In Basel"}]), project)
    mine = Annotation.objects.create(document=project.documents.get(), user=bob)
    spans = [[3, 8, "LOC"]]
    options = ImportOptions(annotated_by=bob)
    report = import_file(
        write([{"text": "In Basel", "spans": spans}]), project, options
    )
    assert report.annotations == 0
    mine.refresh_from_db()
    assert (mine.state, spans_of(mine)) == ("open", [])


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


def test_a_failure_in_the_middle_leaves_nothing(
    project: Project, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "BATCH", 2)
    insert = storing.insert_rows
    calls = []

    def fail_later(model: Any, columns: Any, rows: Sequence[Any]) -> list[int]:
        calls.append(len(rows))
        if calls.count(2) == 2:
            raise OSError("disk full")
        return insert(model, columns, rows)

    monkeypatch.setattr(storing, "insert_rows", fail_later)
    with pytest.raises(OSError, match="disk full"):
        import_file(write([{"text": text} for text in "abcd"]), project)
    assert calls.count(2) == 2  # batches of documents
    assert project.documents.count() == 0


def test_batches_number_repeated_texts_across_their_borders(
    project: Project, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "BATCH", 2)
    texts = ["x", "y", "x", "x", "y"]
    path = write([{"text": text, "spans": [[0, 1, "PER"]]} for text in texts])
    report = import_file(path, project, ImportOptions(annotated_by="gold"))
    assert (report.created, report.annotations) == (5, 5)
    found = project.documents.values_list("text", "occurrence")
    assert list(found) == [("x", 0), ("y", 0), ("x", 1), ("x", 2), ("y", 1)]


def test_a_thousand_documents_take_few_queries(
    project: Project, write: Write, django_assert_max_num_queries: Any
) -> None:
    lines = [{"text": f"Ada {n}", "spans": [[0, 3, "PER"]]} for n in range(1000)]
    path = write(lines)
    captured: CaptureQueriesContext
    with django_assert_max_num_queries(80) as captured:
        import_file(path, project, ImportOptions(annotated_by="gold"))
    assert len(captured) > 0
    assert Annotation.objects.count() == 1000


def test_chance_fills_the_evaluation_slice(project: Project, write: Write) -> None:
    report = import_file(write([{"text": f"n {n}"} for n in range(120)]), project)
    assert report.evaluation == 30
    slice_ = project.documents.filter(split="evaluation")
    assert (slice_.count(), slice_.filter(split_is_chosen=True).count()) == (30, 0)


@pytest.mark.parametrize("split", ["pool", "evaluation"])
def test_a_split_that_a_person_chose_is_kept(
    project: Project, write: Write, split: str
) -> None:
    lines = [{"text": f"n {n}"} for n in range(100)]
    report = import_file(write(lines), project, ImportOptions(split=split))
    assert report.evaluation == 0
    chosen = project.documents.filter(split=split, split_is_chosen=True)
    assert chosen.count() == 100


def test_chinese_tokens_are_joined_without_spaces(write: Write, db: None) -> None:
    project = Project.objects.create(name="Baike", language="zh-Hans")
    import_file(write("\u4ed6 O\n\u53bb O\n\u5317\u4eac B-LOC\n"), project)
    assert project.documents.get().text == "\u4ed6\u53bb\u5317\u4eac"


def propose(project: Project, write: Write, **options: Any) -> ImportReport:
    spans = [{"start": 3, "end": 8, "label": "LOC", "surface": "Basel"}]
    line = {"text": "In Basel", "spans": spans}
    how = ImportOptions(annotated_by="suggestions", **options)
    return import_file(write([line]), project, how)


def test_a_files_spans_can_be_suggestions_that_a_person_confirms(
    project: Project, write: Write, bob: User
) -> None:
    report = propose(project, write, split="pool")
    assert (report.suggestions, report.spans, report.spans_not_stored) == (1, 0, 0)
    document = project.documents.get()
    (shown,) = proposals(document)
    assert (shown.start, shown.end, shown.label, shown.source) == (
        3,
        8,
        "LOC",
        "import",
    )
    assert not document.annotations.exists()
    annotation = Annotation.objects.create(document=document, user=bob)
    annotation.apply(Edit(version=0, add=[SpanEdit(3, 8, "LOC", "Basel")]), by=bob)
    assert annotation.spans.get().suggested_confidence == storing.UNJUDGED


def test_suggestions_of_a_file_are_not_doubled_by_importing_it_again(
    project: Project, write: Write
) -> None:
    propose(project, write, split="pool")
    assert propose(project, write, split="pool").suggestions == 1
    assert Suggestion.objects.count() == 1


def test_what_people_annotated_and_the_evaluation_slice_get_no_suggestions(
    project: Project, write: Write, bob: User
) -> None:
    assert propose(project, write, split="evaluation").suggestions == 0
    document = project.documents.get()
    document.split = "pool"
    document.save()
    Annotation.objects.create(document=document, user=bob)
    assert propose(project, write).suggestions == 0
    assert Suggestion.objects.count() == 0


def test_a_rule_and_a_model_go_before_what_a_file_proposes(
    project: Project, write: Write
) -> None:
    propose(project, write, split="pool")
    document = project.documents.get()
    org = project.labels.get(name="ORG")
    rule = Rule.objects.create(project=project, label=org, text="In Basel")
    document.suggestions.create(rule=rule, label=org, start=0, end=8, confidence=0.5)
    (shown,) = proposals(document)
    assert (shown.label, shown.source) == ("ORG", "rule")


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


def test_who_stops_in_the_middle_of_storing_keeps_nothing(
    project: Project, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "BATCH", 2)

    def stop(documents: int, share: float) -> None:
        raise KeyboardInterrupt

    path = write([{"text": text, "spans": [[0, 1, "NEW"]]} for text in "abcd"])
    checked = check(path, project, ImportOptions(annotated_by="gold"))
    with pytest.raises(KeyboardInterrupt):
        checked.store(on_progress=stop)
    assert not project.documents.exists()
    assert not project.labels.filter(name="NEW").exists()


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


def test_spans_of_documents_answered_already_are_counted(
    project: Project, write: Write
) -> None:
    bare = [{"text": "In Basel", "spans": []}]
    import_file(write(bare), project, ImportOptions(annotated_by="gold"))
    spans = [{"start": 3, "end": 8, "label": "LOC"}]
    mended = write([{"text": "In Basel", "spans": spans}])
    report = import_file(mended, project, ImportOptions(annotated_by="gold"))
    assert (report.annotations, report.spans, report.spans_not_stored) == (0, 0, 1)


def test_what_is_imported_twice_leaves_nothing_out(
    project: Project, write: Write
) -> None:
    spans = [{"start": 3, "end": 8, "label": "LOC"}]
    file = write([{"text": "In Basel", "spans": spans}])
    import_file(file, project, ImportOptions(annotated_by="gold"))
    again = import_file(file, project, ImportOptions(annotated_by="gold"))
    assert (again.duplicates, again.spans, again.spans_not_stored) == (1, 0, 0)


def test_suggestions_for_what_is_annotated_are_counted(
    project: Project, write: Write
) -> None:
    spans = [{"start": 3, "end": 8, "label": "LOC"}]
    line = {"text": "In Basel", "spans": spans}
    import_file(write([line]), project, ImportOptions(annotated_by="gold"))
    report = propose(project, write)
    assert (report.suggestions, report.suggestions_not_stored) == (0, 1)
