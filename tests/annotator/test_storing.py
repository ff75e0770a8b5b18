"""Storing what a file says: whose work it is, once, all of it or nothing."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test.utils import CaptureQueriesContext

from annotator import storing
from annotator.imports import ImportReport, check, import_file
from annotator.models import (
    Annotation,
    Project,
    Revision,
    Rule,
    Suggestion,
)
from annotator.models.edits import Edit, SpanEdit
from annotator.opening import ImportOptions
from annotator.suggestions import proposals
from modeling.spans import Span
from tests.annotator.importing import SENTENCES, Write, spans_of


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
