"""Edits of annotations: stored once, in order, refused whole, never lost."""

import math
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from annotator.models import (
    Annotation,
    Checkpoint,
    Document,
    Edit,
    EditRefused,
    Project,
    Rejection,
    Revision,
    Span,
    StaleVersion,
    Suggestion,
    TrainingRun,
)
from annotator.models.edits import SpanEdit
from modeling.spans import Span as Mention
from tests.annotator.models.conftest import ADA, LONDON, TEXT, apply


def test_spans_are_added_and_the_version_moves(annotation: Annotation) -> None:
    apply(annotation, add=[LONDON, ADA], seconds=2.5)
    assert annotation.spans_by_value() == [Mention(0, 12, "PER"), LONDON.span]
    assert (annotation.version, annotation.seconds_spent) == (1, 2.5)
    assert annotation.state == "open"


def test_a_span_is_relabelled_in_one_edit(annotation: Annotation) -> None:
    apply(annotation, add=[LONDON])
    apply(annotation, remove=[LONDON], add=[SpanEdit(18, 24, "ORG")])
    assert annotation.spans_by_value() == [Mention(18, 24, "ORG")]
    assert annotation.version == 2


def test_an_edit_on_an_old_version_changes_nothing(annotation: Annotation) -> None:
    apply(annotation, add=[LONDON])
    stale = Edit(version=0, add=[ADA], state="submitted", seconds=9)
    with pytest.raises(StaleVersion):
        annotation.apply(stale, by=annotation.user)
    stored = Annotation.objects.get()
    assert (stored.version, stored.state, stored.seconds_spent) == (1, "open", 0)
    assert stored.spans_by_value() == [LONDON.span]
    assert Revision.objects.count() == 1


def test_of_two_edits_on_one_version_one_wins(annotation: Annotation) -> None:
    other_tab = Annotation.objects.get()
    apply(annotation, add=[LONDON])
    with pytest.raises(StaleVersion):
        apply(other_tab, add=[LONDON])
    assert Span.objects.count() == 1


def test_the_same_edit_twice_is_stored_once(annotation: Annotation) -> None:
    edit = Edit(version=0, edit_id="e1", add=[LONDON], seconds=3)
    annotation.apply(edit, by=annotation.user)
    apply(annotation, add=[ADA])
    again = Annotation.objects.get()
    again.apply(edit, by=annotation.user)
    assert (again.version, again.seconds_spent) == (2, 3)
    assert again.spans_by_value() == [ADA.span, LONDON.span]
    assert Revision.objects.count() == 2


def test_edits_without_an_id_are_all_stored(annotation: Annotation) -> None:
    apply(annotation, seconds=1)
    apply(annotation, seconds=1)
    assert (annotation.version, annotation.seconds_spent) == (2, 2)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        ({"add": [SpanEdit(18, 24, "DATE")]}, "The project has no label “DATE”."),
        ({"add": [SpanEdit(18, 25, "LOC")]}, "is not inside a text of 24 characters"),
        ({"add": [SpanEdit(-1, 3, "LOC")]}, "[-1, 3) is not inside"),
        ({"add": [SpanEdit(5, 5, "LOC")]}, "[5, 5) is not inside"),
        (
            # What a browser that counts UTF-16 units would send.
            {"add": [SpanEdit(19, 25, "LOC", "London")]},
            "is not inside a text of 24",
        ),
        (
            {"add": [SpanEdit(17, 23, "LOC", "London")]},
            "At [17, 23) the text says “ Londo”, not “London”.",
        ),
        (
            {"add": [ADA, SpanEdit(4, 12, "PER")]},
            "“Ada Lovelace” and “Lovelace” overlap.",
        ),
        ({"add": [LONDON, LONDON]}, "“London” and “London” overlap."),
        ({"remove": [LONDON]}, "There is no LOC at [18, 24) to remove."),
        ({"remove": [SpanEdit(9, 3, "LOC")]}, "There is no LOC at [9, 3) to remove."),
        ({"reject": [SpanEdit(18, 24, "DATE")]}, "The project has no label “DATE”."),
        ({"state": "finished"}, "There is no state “finished”."),
    ],
)
def test_an_edit_that_does_not_fit_is_refused_whole(
    annotation: Annotation, edit: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(EditRefused) as refusal:
        apply(annotation, **({"seconds": 5, "add": [LONDON]} | edit))
    assert sentence in str(refusal.value)
    stored = Annotation.objects.get()
    assert (stored.version, stored.seconds_spent, stored.state) == (0, 0, "open")
    assert (Span.objects.count(), Revision.objects.count()) == (0, 0)


def test_a_span_may_not_overlap_a_stored_one(annotation: Annotation) -> None:
    apply(annotation, add=[ADA])
    with pytest.raises(EditRefused, match="“Ada” and “Ada Lovelace” overlap."):
        apply(annotation, add=[SpanEdit(0, 3, "ORG")])
    apply(annotation, add=[SpanEdit(12, 13, "ORG")])  # touching is not overlapping
    assert Span.objects.count() == 2


def test_a_span_removed_twice_is_refused(annotation: Annotation) -> None:
    apply(annotation, add=[ADA])
    with pytest.raises(EditRefused, match="There is no PER"):
        apply(annotation, remove=[ADA, ADA])
    assert Span.objects.count() == 1


def test_a_removal_must_name_the_label_too(annotation: Annotation) -> None:
    apply(annotation, add=[ADA])
    with pytest.raises(EditRefused, match="There is no ORG"):
        apply(annotation, remove=[SpanEdit(0, 12, "ORG")])


def test_submitting_has_a_time_and_reopening_takes_it_back(
    annotation: Annotation,
) -> None:
    annotation.submit(annotation.user)
    assert annotation.state == "submitted"
    assert annotation.submitted_at is not None
    apply(annotation, state="open")
    assert annotation.submitted_at is None


def test_a_correction_keeps_a_document_submitted(annotation: Annotation) -> None:
    annotation.submit(annotation.user)
    first = annotation.submitted_at
    apply(annotation, add=[ADA])
    assert annotation.state == "submitted"
    assert annotation.submitted_at is not None and first is not None
    assert annotation.submitted_at >= first


def test_work_on_a_skipped_document_opens_it(annotation: Annotation) -> None:
    apply(annotation, state="skipped")
    apply(annotation, seconds=1)
    assert annotation.state == "skipped"
    apply(annotation, add=[ADA])
    assert annotation.state == "open"


@pytest.mark.parametrize(
    ("seconds", "counted"), [(-5, 0), (1e9, 3600), (math.nan, 0), (12.5, 12.5)]
)
def test_time_spent_stays_believable(
    annotation: Annotation, seconds: float, counted: float
) -> None:
    apply(annotation, seconds=seconds)
    assert annotation.seconds_spent == counted


@pytest.fixture
def checkpoint(project: Project) -> Checkpoint:
    run = TrainingRun.objects.create(project=project, state="succeeded")
    return Checkpoint.objects.create(
        project=project, training_run=run, labels={}, folder="x"
    )


def test_an_accepted_suggestion_remembers_its_model(
    annotation: Annotation, checkpoint: Checkpoint
) -> None:
    Suggestion.objects.create(
        document=annotation.document,
        checkpoint=checkpoint,
        label=checkpoint.project.labels.get(name="LOC"),
        start=18,
        end=24,
        confidence=0.75,
    )
    apply(annotation, add=[LONDON, ADA])
    ada, london = annotation.spans.all()
    assert (london.suggested_by, london.suggested_confidence) == (checkpoint, 0.75)
    assert (ada.suggested_by, ada.suggested_confidence) == (None, None)
    checkpoint.delete()
    assert Span.objects.count() == 2


def test_many_at_once_cost_no_more_statements_than_one(
    annotation: Annotation, django_assert_max_num_queries: Any
) -> None:
    """However many suggestions are rejected or spans deleted in one edit."""
    words = [SpanEdit(start, start + 1, "PER") for start in range(len(TEXT))]
    parts: list[dict[str, Any]] = [
        {"reject": words},
        {"unreject": words},
        {"add": words},
        {"remove": words},
    ]
    for part in parts:
        with django_assert_max_num_queries(15):
            apply(annotation, **part)
    assert not (Rejection.objects.exists() or Span.objects.exists())


def test_a_label_with_spans_cannot_be_deleted(annotation: Annotation) -> None:
    apply(annotation, add=[LONDON])
    label = annotation.document.project.labels.get(name="LOC")
    with pytest.raises(ProtectedError):
        label.delete()


def test_a_person_with_work_cannot_be_deleted(annotation: Annotation) -> None:
    assert annotation.user is not None
    with pytest.raises(ProtectedError):
        annotation.user.delete()


# What the database itself refuses, whoever writes to it.


def refused_by_the_database(constraint: str) -> Any:
    return pytest.raises(IntegrityError, match=constraint)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"user": None}, "annotation_has_a_person_or_is_gold"),
        ({"state": "finished"}, "annotation_state_is_known"),
        ({"state": "submitted"}, "submitted_annotation_has_a_time"),
    ],
)
def test_the_database_refuses_annotations_that_make_no_sense(
    document: Document, bob: User, fields: dict[str, Any], constraint: str
) -> None:
    with refused_by_the_database(constraint):
        Annotation.objects.create(**({"document": document, "user": bob} | fields))


def test_a_person_has_one_annotation_of_a_document(
    annotation: Annotation, alice: User
) -> None:
    document = annotation.document
    Annotation.objects.create(document=document, user=alice)
    Annotation.objects.create(document=document, user=alice, is_gold=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Annotation.objects.create(document=document, user=alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        Annotation.objects.create(document=document, is_gold=True)


@pytest.mark.parametrize(("start", "end"), [(3, 3), (4, 2), (18, 20), (20, 24)])
def test_the_database_refuses_empty_and_doubled_spans(
    annotation: Annotation, start: int, end: int
) -> None:
    apply(annotation, add=[LONDON])
    label = annotation.document.project.labels.get(name="ORG")
    with pytest.raises(IntegrityError):
        Span.objects.create(annotation=annotation, label=label, start=start, end=end)


def test_gold_needs_no_person(document: Document) -> None:
    gold = Annotation.objects.create(
        document=document, is_gold=True, state="submitted", submitted_at=timezone.now()
    )
    assert str(gold) == f"#{document.pk} – gold (submitted)"
