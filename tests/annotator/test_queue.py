"""The queue: least certain first, one document for one person at a time."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotator import queue
from annotator.models import Annotation, Checkpoint, Document, Project, TrainingRun


def add(project: Project, text: str, **fields: Any) -> Document:
    document = Document.new(project, text, **fields)
    document.save()
    return document


def annotate(document: Document, user: User, state: str = "submitted") -> Annotation:
    time = timezone.now() if state == "submitted" else None
    return Annotation.objects.create(
        document=document, user=user, state=state, submitted_at=time
    )


def order(project: Project, user: User | None = None) -> list[str]:
    return [document.text for document in queue.remaining(project, user)]


def expire(document: Document) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Document.objects.filter(pk=document.pk).update(leased_until=past)


def test_the_least_certain_document_comes_first(project: Project) -> None:
    add(project, "sure", confidence=0.9)
    add(project, "unsure", confidence=0.2)
    add(project, "between", confidence=0.5)
    assert order(project) == ["unsure", "between", "sure"]


def test_documents_no_model_has_read_follow_in_the_seeded_shuffle(
    project: Project,
) -> None:
    unread = [add(project, f"unread {n}") for n in range(9)]
    add(project, "read", confidence=0.99)
    shuffled = sorted(unread, key=lambda document: document.shuffle_key)
    expected = ["read", *(document.text for document in shuffled)]
    assert order(project) == expected
    assert order(project) != ["read", *(document.text for document in unread)]


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("lowest_marginal", ["a", "b", "c"]),
        ("lowest_min_marginal", ["b", "c", "a"]),
        ("mnlp", ["c", "a", "b"]),
        ("summed_uncertainty", ["c", "b", "a"]),
    ],
)
def test_every_query_strategy_orders_by_its_own_measure(
    project: Project, strategy: str, expected: list[str]
) -> None:
    measures = ("confidence", "min_marginal", "mnlp", "summed_uncertainty")
    for text, values in {
        "a": (0.1, 0.9, -0.5, 1.0),
        "b": (0.2, 0.3, -0.1, 2.0),
        "c": (0.3, 0.6, -0.9, 3.0),
    }.items():
        add(project, text, **dict(zip(measures, values, strict=True)))
    project.query_strategy = strategy
    assert order(project) == expected


def test_the_random_strategy_ignores_confidence(project: Project) -> None:
    project.query_strategy = "random"
    documents = [add(project, f"n {n}", confidence=n / 20) for n in range(20)]
    shuffled = sorted(documents, key=lambda document: document.shuffle_key)
    assert order(project) == [document.text for document in shuffled]


def test_the_evaluation_slice_comes_first_and_never_by_confidence(
    project: Project,
) -> None:
    add(project, "pool", confidence=0.01)
    slice_ = [
        add(project, f"slice {n}", split="evaluation", confidence=(9 - n) / 10)
        for n in range(9)
    ]
    shuffled = sorted(slice_, key=lambda document: document.shuffle_key)
    assert order(project) == [*(d.text for d in shuffled), "pool"]


@pytest.mark.parametrize("state", ["submitted", "flagged"])
def test_finished_documents_leave_everybodys_queue(
    project: Project, alice: User, bob: User, state: str
) -> None:
    annotate(add(project, "done"), bob, state)
    add(project, "left")
    assert order(project) == order(project, alice) == order(project, bob) == ["left"]


def test_documents_with_a_gold_answer_are_finished(project: Project) -> None:
    document = add(project, "done")
    Annotation.objects.create(document=document, is_gold=True)
    assert order(project) == []


def test_a_skipped_document_leaves_only_the_skippers_queue(
    project: Project, alice: User, bob: User
) -> None:
    annotate(add(project, "hard"), bob, "skipped")
    assert order(project, bob) == []
    assert order(project, alice) == ["hard"]


def test_an_open_document_stays_in_the_queue(project: Project, bob: User) -> None:
    annotate(add(project, "begun"), bob, "open")
    assert order(project, bob) == ["begun"]


def test_two_people_never_get_the_same_document(
    project: Project, alice: User, bob: User
) -> None:
    for n in range(6):
        add(project, f"n {n}", confidence=n / 10)
    served: dict[User, list[str]] = {alice: [], bob: []}
    for person in [alice, bob] * 3:
        document = queue.take_next(project, person)
        assert document is not None
        served[person].append(document.text)
        annotate(document, person)
        queue.release(document, person)
    assert served == {alice: ["n 0", "n 2", "n 4"], bob: ["n 1", "n 3", "n 5"]}
    assert queue.take_next(project, alice) is None


def test_leases_keep_a_document_from_others_until_they_expire(
    project: Project, alice: User, bob: User
) -> None:
    only = add(project, "only")
    assert queue.take_next(project, alice) == only
    assert queue.take_next(project, bob) is None
    assert queue.take_next(project, alice) == only
    expire(only)
    assert queue.take_next(project, bob) == only
    assert queue.take_next(project, alice) is None


def test_only_the_holder_releases_a_lease(
    project: Project, alice: User, bob: User
) -> None:
    only = add(project, "only")
    assert queue.lease(only, alice)
    queue.release(only, bob)
    assert not queue.lease(only, bob)
    queue.release(only, alice)
    assert queue.lease(only, bob)


def test_the_lease_of_a_person_who_left_is_free(
    project: Project, alice: User, bob: User
) -> None:
    only = add(project, "only")
    queue.lease(only, alice)
    alice.delete()
    assert order(project, bob) == ["only"]
    assert queue.take_next(project, bob) == only


def test_what_a_person_has_begun_comes_back_first(project: Project, bob: User) -> None:
    begun = add(project, "begun", confidence=0.9)
    queue.lease(begun, bob)
    annotate(begun, bob, "open")
    add(project, "urgent", confidence=0.1)
    assert queue.take_next(project, bob) == begun


def test_what_somebody_else_has_begun_does_not_come_back(
    project: Project, alice: User, bob: User
) -> None:
    document = add(project, "bob skipped it", confidence=0.9)
    queue.lease(document, bob)
    annotate(document, bob, "skipped")
    annotate(document, alice, "open")
    urgent = add(project, "urgent", confidence=0.1)
    assert queue.take_next(project, bob) == urgent


def test_the_document_just_left_is_not_served_again(
    project: Project, bob: User
) -> None:
    first = add(project, "first", confidence=0.1)
    second = add(project, "second", confidence=0.2)
    assert queue.take_next(project, bob) == first
    annotate(first, bob, "open")
    assert queue.take_next(project, bob, after=first.pk) == second
    assert queue.take_next(project, bob, after=second.pk) == first


def test_a_lease_lost_to_somebody_faster_moves_on(
    project: Project, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = add(project, "first", confidence=0.1)
    second = add(project, "second", confidence=0.2)
    lease = queue.lease

    def too_late(document: Document, user: User, **marks: Any) -> bool:
        if document == first and user == bob:
            lease(document, alice)
        return lease(document, user, **marks)

    monkeypatch.setattr(queue, "lease", too_late)
    assert queue.take_next(project, bob) == second


def test_the_reason_for_the_order_is_known(project: Project) -> None:
    assert queue.reason_for_order(project) == "cold"
    run = TrainingRun.objects.create(project=project, state="succeeded")
    Checkpoint.objects.create(
        project=project, training_run=run, state="active", labels={}, folder="x"
    )
    assert queue.reason_for_order(project) == "confidence"
    project.query_strategy = "random"
    assert queue.reason_for_order(project) == "random"


def test_going_on_and_on_passes_every_document_once_before_it_comes_back(
    project: Project, bob: User
) -> None:
    documents = [add(project, f"text {n}", confidence=n / 10) for n in range(4)]
    seen = [queue.take_next(project, bob)]
    for _ in documents[1:]:
        last = seen[-1]
        assert last is not None
        seen.append(queue.take_next(project, bob, after=last.pk))
    assert seen == documents
    assert queue.take_next(project, bob, after=documents[-1].pk) == documents[0]
