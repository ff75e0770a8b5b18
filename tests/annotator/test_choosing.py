"""What is served: the least certain, some by chance, new ones, none nearly twice."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotator import queue
from annotator.models import Annotation, Checkpoint, Document, Project, TrainingRun
from modeling.diversity import signature

Serve = Callable[..., Document]


@pytest.fixture
def active(project: Project) -> Checkpoint:
    """A model in use, so that the order is one of confidence."""
    run = TrainingRun.objects.create(project=project, state="succeeded")
    return Checkpoint.objects.create(
        project=project, training_run=run, state="active", labels={}, folder="x"
    )


def add(project: Project, count: int, **fields: object) -> list[Document]:
    """Documents that share no words, the least certain first."""
    words = random.Random(count)
    documents = []
    for number in range(count):
        text = " ".join(str(words.random()) for _ in range(4))
        known = {"confidence": (number + 1) / (count + 1), "signature": signature(text)}
        documents.append(Document.new(project, text, **known | fields))
    return Document.objects.bulk_create(documents)


def serve(project: Project, user: User) -> Document:
    """Take the next document and submit it."""
    document = queue.take_next(project, user)
    assert document is not None
    document.refresh_from_db()
    Annotation.objects.create(
        document=document, user=user, state="submitted", submitted_at=timezone.now()
    )
    queue.release(document, user)
    return document


def test_two_people_get_no_document_twice_and_the_order_is_that_of_confidence(
    project: Project, active: Checkpoint, alice: User, bob: User
) -> None:
    add(project, 1000)
    served = [serve(project, (alice, bob)[n % 2]) for n in range(120)]

    assert len({document.pk for document in served}) == 120
    by_order = [d.confidence for d in served if d.served_as == "best"]
    assert by_order == sorted(by_order)  # type: ignore[type-var]
    by_chance = [n for n, d in enumerate(served) if d.served_as == "chance"]
    assert by_chance == list(range(9, 120, 10))


def test_two_people_who_work_at_the_same_time_share_the_places(
    project: Project, active: Checkpoint, alice: User, bob: User
) -> None:
    add(project, 60)
    kinds = []
    for _ in range(10):
        held = [queue.take_next(project, user) for user in (alice, bob)]
        assert held[0] != held[1]
        for document, user in zip(held, (alice, bob), strict=True):
            assert document is not None
            document.refresh_from_db()
            kinds.append(document.served_as)
            Annotation.objects.create(
                document=document,
                user=user,
                state="submitted",
                submitted_at=timezone.now(),
            )
            queue.release(document, user)
    assert [n for n, kind in enumerate(kinds) if kind == "chance"] == [9, 19]


def test_an_expired_lease_comes_back_at_its_place(
    project: Project, active: Checkpoint, alice: User, bob: User
) -> None:
    first, second, *_ = add(project, 20)
    assert queue.take_next(project, alice) == first
    assert queue.take_next(project, bob) == second
    past = timezone.now() - timedelta(seconds=1)
    Document.objects.filter(pk=first.pk).update(leased_until=past)
    queue.release(second, bob)
    assert queue.take_next(project, bob) == first


def test_documents_by_chance_come_in_the_seeded_shuffle(
    project: Project, active: Checkpoint, bob: User
) -> None:
    project.exploration = 0.5
    documents = add(project, 40)
    served = [serve(project, bob) for _ in range(12)]
    taken: set[int] = set()
    for document in served:
        if document.served_as == "chance":
            left = [d for d in documents if d.pk not in taken]
            assert document == min(left, key=lambda d: d.shuffle_key)
        taken.add(document.pk)
    assert sum(d.served_as == "chance" for d in served) == 6


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_share_may_be_nothing_or_everything(
    project: Project, active: Checkpoint, bob: User, share: float
) -> None:
    project.exploration = share
    add(project, 8)
    kinds = {serve(project, bob).served_as for _ in range(8)}
    assert kinds == {"chance" if share else "best"}


def test_asking_again_gives_the_same_document(
    project: Project, active: Checkpoint, bob: User
) -> None:
    add(project, 30)
    for _ in range(9):
        serve(project, bob)
    drawn = queue.take_next(project, bob)
    assert drawn is not None
    assert queue.take_next(project, bob) == queue.take_next(project, bob) == drawn
    assert Document.objects.get(pk=drawn.pk).served_as == "chance"


def test_documents_that_no_model_has_read_get_every_fifth_place(
    project: Project, active: Checkpoint, bob: User
) -> None:
    project.exploration = 0.0
    add(project, 30)
    fresh = add(project, 4, confidence=None, signature=None)
    served = [serve(project, bob) for _ in range(15)]
    assert [n for n, d in enumerate(served) if d in fresh] == [4, 9, 14]
    assert [d.served_as for d in served].count("new") == 3
    assert all(d.signature is not None for d in served)


def test_before_the_first_model_the_seeded_shuffle_is_the_order(
    project: Project, bob: User
) -> None:
    documents = add(project, 30, confidence=None, signature=None)
    served = [serve(project, bob) for _ in range(12)]
    assert served == sorted(documents, key=lambda d: d.shuffle_key)[:12]
    assert {d.served_as for d in served} == {"best"}


def test_the_random_strategy_has_no_other_lines(
    project: Project, active: Checkpoint, bob: User
) -> None:
    project.query_strategy = "random"
    documents = add(project, 30)
    served = [serve(project, bob) for _ in range(12)]
    assert served == sorted(documents, key=lambda d: d.shuffle_key)[:12]


LONG = "The committee met on Tuesday in the town hall of Bern to discuss the {} budget."


def add_texts(project: Project, *texts: str) -> list[Document]:
    documents = [
        Document.new(project, text, confidence=n / 10, signature=signature(text))
        for n, text in enumerate(texts)
    ]
    return Document.objects.bulk_create(documents)


def test_near_duplicates_are_not_served_in_a_row_and_never_lost(
    project: Project, active: Checkpoint, bob: User
) -> None:
    project.exploration = 0.0
    texts = (LONG.format("old"), LONG.format("new"), LONG.format("big"), "Ada sang")
    documents = add_texts(project, *texts)
    served = [serve(project, bob) for _ in range(4)]
    assert served == [documents[index] for index in (0, 3, 1, 2)]


def test_near_duplicates_are_kept_apart_in_a_batch_of_any_size(
    project: Project, active: Checkpoint, bob: User
) -> None:
    project.exploration = 0.0
    first, twin = add_texts(project, LONG.format("old"), LONG.format("new"))
    others = add(project, 120, confidence=0.5)
    assert serve(project, bob) == first
    now = timezone.now()
    annotations = [
        Annotation(document=document, user=bob, state="submitted", submitted_at=now)
        for document in others[:100]
    ]
    Annotation.objects.bulk_create(annotations)
    assert serve(project, bob) in others[100:]
    project.documents.filter(pk__in=[document.pk for document in others]).delete()
    assert serve(project, bob) == twin


def test_what_somebody_else_has_open_is_not_given_in_another_wording(
    project: Project, active: Checkpoint, alice: User, bob: User
) -> None:
    documents = add_texts(project, LONG.format("old"), LONG.format("new"), "Ada sang")
    assert queue.take_next(project, alice) == documents[0]
    assert queue.take_next(project, bob) == documents[2]


def test_after_a_training_what_was_passed_over_is_weighed_anew(
    project: Project, active: Checkpoint, bob: User
) -> None:
    documents = add_texts(project, LONG.format("old"), LONG.format("new"), "Ada sang")
    assert serve(project, bob) == documents[0]
    now = timezone.now()
    TrainingRun.objects.filter(checkpoint=active).update(started_at=now)
    assert queue.take_next(project, bob) == documents[1]


def test_a_document_is_not_its_own_near_duplicate(
    project: Project, active: Checkpoint, bob: User
) -> None:
    first, _ = add_texts(project, LONG.format("old"), "Ada sang")
    Annotation.objects.create(document=first, user=bob, state="open")
    assert queue.take_next(project, bob) == first


def test_the_evaluation_slice_still_comes_first(
    project: Project, active: Checkpoint, bob: User
) -> None:
    add(project, 20)
    slice_ = add(project, 11, split="evaluation", confidence=None, signature=None)
    served = [serve(project, bob) for _ in range(11)]
    assert served == sorted(slice_, key=lambda d: d.shuffle_key)
    assert serve(project, bob).split == "pool"


def test_a_document_passed_over_is_read_for_its_signature_once(
    project: Project, active: Checkpoint, alice: User, bob: User
) -> None:
    add_texts(project, LONG.format("old"), LONG.format("new"), "Ada sang")
    queue.take_next(project, alice)
    Document.objects.filter(text=LONG.format("new")).update(signature=None)
    queue.take_next(project, bob)
    found = Document.objects.get(text=LONG.format("new")).signature
    assert bytes(found or b"") == signature(LONG.format("new"))


def test_a_choice_takes_few_queries(
    project: Project, active: Checkpoint, bob: User
) -> None:
    add(project, 200)
    for _ in range(9):
        serve(project, bob)
    with CaptureQueriesContext(connection) as queries:
        queue.take_next(project, bob)
    assert len(queries) <= 11


@pytest.mark.parametrize(
    ("served_as", "title"),
    [
        ("chance", "Drawn by chance"),
        ("new", "New document"),
        ("best", "Least certain first"),
    ],
)
def test_the_page_says_why_a_document_comes(
    project: Project, active: Checkpoint, bob: User, served_as: str, title: str
) -> None:
    (document,) = add(project, 1, served_as=served_as)
    client = Client()
    client.force_login(bob)
    page = client.get(f"/documents/{document.pk}/annotate/", follow=True)
    assert title in page.content.decode()
