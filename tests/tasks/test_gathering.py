"""Whose word a model learns from, and what stays unknown."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.models import Annotation, Document, Edit, Project
from annotator.models.edits import SpanEdit
from modeling.spans import Span
from tasks.gathering import (
    Lesson,
    count_sources,
    examples,
    lessons,
    tell_sources,
)
from tasks.learning import readings

Submit = Callable[..., Annotation]
Add = Callable[..., list[Document]]
Say = Callable[..., Annotation]

PER, LOC = SpanEdit(0, 3, "PER"), SpanEdit(12, 16, "LOC")


@pytest.fixture
def document(project: Project) -> Document:
    text = "Ada went to Oslo on day 3 ."
    document = Document.new(project, text, split="pool", split_is_chosen=True)
    document.save()
    return document


@pytest.fixture
def say(document: Document) -> Say:
    """Annotate the document: by whom, which spans, which state."""

    def annotate(
        user: User | None,
        *spans: SpanEdit,
        state: str = "submitted",
        reject: tuple[SpanEdit, ...] = (),
    ) -> Annotation:
        annotation = Annotation.objects.create(
            document=document, user=user, is_gold=user is None
        )
        edit = Edit(version=0, add=spans, reject=reject, state=state)
        annotation.apply(edit, by=user)
        return annotation

    return annotate


@pytest.fixture
def carol() -> User:
    return User.objects.create_user("charlie", password="charlie")


def only(project: Project) -> Lesson:
    (lesson,) = lessons(project)
    return lesson


def test_one_persons_document_is_complete(
    project: Project, say: Say, bob: User
) -> None:
    say(bob, PER)
    lesson = only(project)
    assert lesson.source == "single"
    assert lesson.example.spans == (PER.span,)
    assert lesson.example.known is None


def test_adjudicated_counts_before_people(
    project: Project, say: Say, alice: User, bob: User
) -> None:
    say(alice, PER)
    say(bob, PER)
    say(None, LOC)
    lesson = only(project)
    assert lesson.source == "gold"
    assert lesson.example.spans == (LOC.span,)
    assert lesson.example.known is None


def test_people_of_one_mind_make_a_document_known(
    project: Project, say: Say, alice: User, bob: User
) -> None:
    say(alice, PER, LOC)
    say(bob, PER, LOC)
    lesson = only(project)
    assert lesson.source == "agreed"
    assert lesson.example.spans == (PER.span, LOC.span)
    assert lesson.example.known is None


def test_where_two_people_disagree_it_is_unknown(
    project: Project, say: Say, alice: User, bob: User
) -> None:
    say(alice, PER, LOC)
    say(bob, PER, SpanEdit(12, 16, "ORG"))
    lesson = only(project)
    assert lesson.source == "agreed"
    assert lesson.example.spans == (PER.span,)
    assert lesson.example.known == ((0, 12), (16, 27))


def test_two_of_three_people_outvote_the_third(
    project: Project, say: Say, alice: User, bob: User, carol: User
) -> None:
    say(alice, PER, LOC)
    say(bob, PER, LOC)
    say(carol, SpanEdit(12, 16, "ORG"))
    example = only(project).example
    assert example.spans == (PER.span, LOC.span)
    assert example.known is None


def test_a_document_begun_teaches_its_spans_and_nothing_else(
    project: Project, say: Say, bob: User
) -> None:
    say(bob, PER, state="open", reject=(LOC,))
    lesson = only(project)
    assert lesson.source == "partial"
    assert lesson.example.spans == (PER.span,)
    assert lesson.example.known == ()
    assert lesson.example.excluded == (LOC.span,)


def test_what_two_have_begun_differently_teaches_where_they_do_not_clash(
    project: Project, say: Say, alice: User, bob: User
) -> None:
    say(alice, PER, LOC, state="open")
    say(bob, SpanEdit(0, 8, "PER"), state="open")
    assert only(project).example.spans == (LOC.span,)


@pytest.mark.parametrize("state", ["flagged", "skipped"])
def test_flagged_and_skipped_documents_teach_nothing(
    project: Project, say: Say, bob: User, state: str
) -> None:
    say(bob, PER, state=state)
    assert not list(lessons(project))


def test_a_document_begun_without_a_span_teaches_nothing(
    project: Project, say: Say, bob: User
) -> None:
    say(bob, state="open", reject=(LOC,))
    assert not list(lessons(project))


def test_begun_annotations_of_a_finished_document_do_not_count(
    project: Project, say: Say, alice: User, bob: User
) -> None:
    say(alice, PER)
    say(bob, LOC, state="open")
    lesson = only(project)
    assert lesson.source == "single"
    assert lesson.example.spans == (PER.span,)


def test_the_evaluation_slice_holds_finished_answers_only(
    project: Project, say: Say, document: Document, alice: User, bob: User
) -> None:
    Document.objects.update(split="evaluation")
    begun = say(alice, LOC, state="open")
    assert not list(examples(project, "evaluation"))
    say(bob, PER, LOC)
    begun.state, begun.submitted_at = "submitted", timezone.now()
    begun.save()
    ((key, example),) = examples(project, "evaluation")
    assert key == document.pk
    assert example.spans == (Span(12, 16, "LOC"),)
    assert example.known is None
    assert not list(lessons(project))


def test_sources_are_counted_and_told(
    project: Project, add_documents: Add, annotate: Submit, say: Say, bob: User
) -> None:
    say(bob, PER, state="open")
    for document in add_documents(3):
        annotate(document)
    counts = count_sources(lessons(project))
    assert counts == {"gold": 0, "agreed": 0, "single": 3, "partial": 1}
    assert tell_sources(counts) == "3 documents: 3 by one person; 1 more in part."
    everything = {"gold": 10, "agreed": 30, "single": 70, "partial": 0}
    assert tell_sources(everything) == (
        "110 documents: 10 adjudicated, 30 by several people, 70 by one person."
    )


def test_more_documents_need_no_more_queries(
    project: Project,
    add_documents: Add,
    annotate: Submit,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for document in add_documents(30):
        annotate(document)
    with django_assert_max_num_queries(6):
        assert len(list(lessons(project))) == 30


def test_of_spans_that_overlap_the_outermost_is_learned(
    project: Project, say: Say, bob: User, alice: User
) -> None:
    project.allows_overlap = True
    project.save()
    outer, inner = SpanEdit(0, 16, "ORG"), SpanEdit(12, 16, "LOC")
    say(bob, outer, inner)
    assert only(project).example.spans == (outer.span,)
    say(alice, outer)
    lesson = only(project)
    assert (lesson.example.spans, lesson.example.known) == ((outer.span,), None)
    places = [{(s.start, s.end) for s in one.spans} for one in readings(project)]
    assert places == [{(0, 16)}, {(0, 16)}]
