"""Revisions tell what each edit changed; rejections are kept and taken back."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator.models import (
    Annotation,
    Document,
    Edit,
    EditRefused,
    Project,
    Rejection,
    Revision,
)
from annotator.models.edits import SpanEdit
from tests.annotator.models.conftest import ADA, LONDON, apply


def test_every_edit_leaves_a_revision(annotation: Annotation, alice: User) -> None:
    apply(annotation, add=[ADA])
    annotation.apply(Edit(version=1, remove=[ADA], state="flagged"), by=alice)
    first, second = annotation.revisions.all()
    assert (first.version, first.user, first.state) == (1, annotation.user, "open")
    assert (first.added, first.removed) == ([[0, 12, "PER"]], [])
    assert (second.version, second.user, second.state) == (2, alice, "flagged")
    assert (second.added, second.removed) == ([], [[0, 12, "PER"]])


def test_a_revision_tells_what_was_rejected_and_taken_back(
    annotation: Annotation,
) -> None:
    ada, london = [0, 12, "PER"], [18, 24, "LOC"]
    apply(annotation, reject=[LONDON])
    apply(annotation, reject=[ADA, LONDON])
    apply(annotation, unreject=[LONDON, LONDON, SpanEdit(0, 3, "PER")])
    kept = annotation.revisions.values_list("rejected", "unrejected")
    assert list(kept) == [([london], []), ([ada], []), ([], [london])]


def test_any_version_can_be_replayed(annotation: Annotation) -> None:
    organisation = SpanEdit(18, 24, "ORG")
    apply(annotation, add=[ADA, LONDON])
    apply(annotation, remove=[LONDON], add=[organisation])
    apply(annotation, remove=[ADA])
    assert annotation.spans_at(0) == set()
    assert annotation.spans_at(1) == {ADA.span, LONDON.span}
    assert annotation.spans_at(2) == {ADA.span, organisation.span}
    assert annotation.spans_at(3) == {organisation.span}


offsets = st.integers(-1, 8)


edits = st.builds(SpanEdit, offsets, offsets, st.sampled_from(["PER", "LOC", "X"]))


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(st.lists(edits, max_size=2), st.lists(edits, max_size=1)), max_size=8
    )
)
def test_whatever_is_sent_replay_and_stored_spans_agree(
    project: Project, bob: User, sent: list[tuple[list[SpanEdit], list[SpanEdit]]]
) -> None:
    with transaction.atomic():
        document = Document.new(project, "abcdefg")
        document.save()
        annotation = Annotation.objects.create(document=document, user=bob)
        for add, remove in sent:
            try:
                apply(annotation, add=add, remove=remove)
            except EditRefused:
                annotation.refresh_from_db()
        stored = annotation.spans_by_value()
        assert annotation.spans_at(annotation.version) == set(stored)
        assert all(a.end <= b.start for a, b in zip(stored, stored[1:], strict=False))
        assert annotation.revisions.count() == annotation.version
        transaction.set_rollback(True)


def test_a_rejection_is_kept_once_and_taken_back(annotation: Annotation) -> None:
    apply(annotation, reject=[LONDON])
    apply(annotation, reject=[LONDON])
    rejection = Rejection.objects.get()
    assert (rejection.start, rejection.end, rejection.label.name) == (18, 24, "LOC")
    apply(annotation, unreject=[LONDON])
    assert Rejection.objects.count() == 0


def test_a_rejection_taken_back_in_the_edit_that_made_it_is_none(
    annotation: Annotation,
) -> None:
    apply(annotation, reject=[ADA, LONDON], unreject=[LONDON])
    assert Rejection.objects.get().label.name == "PER"


def test_the_database_refuses_a_revision_twice(annotation: Annotation) -> None:
    apply(annotation, edit_id="e1")
    fields = {"annotation": annotation, "state": "open"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Revision.objects.create(version=1, **fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        Revision.objects.create(version=2, edit_id="e1", **fields)


def test_the_database_refuses_empty_rejections(annotation: Annotation) -> None:
    label = annotation.document.project.labels.get(name="ORG")
    with pytest.raises(IntegrityError, match="rejection_is_not_empty"):
        Rejection.objects.create(annotation=annotation, label=label, start=4, end=4)
