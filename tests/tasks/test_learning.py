"""Rules learn from finished documents, and unlearn what people correct."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User

from annotator import rulebook
from annotator.models import (
    Annotation,
    Document,
    Edit,
    Project,
    Rule,
    Suggestion,
)
from annotator.models.edits import SpanEdit
from tasks.learning import learn_rules
from tests.tasks.ruled import finish, found, texts, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("eager_rules")]
Add = Callable[..., list[Document]]
Annotate = Callable[..., Annotation]


def test_two_annotated_documents_teach_suggestions_in_others(
    project: Project, add_documents: Add, annotate: Annotate
) -> None:
    documents = add_documents(12)  # each name twice; Oslo, then Lima
    annotate(documents[0])
    annotate(documents[1])
    learn_rules(project.pk)
    assert found(project) == [("Oslo", "LOC")] * 4  # the names were seen only once
    assert {row.checkpoint for row in Suggestion.objects.all()} == {None}
    rule = Rule.objects.get()
    assert (rule.is_learned, rule.right, rule.wrong) == (True, 2, 0)
    assert Suggestion.objects.first().confidence == pytest.approx(3 / 4)  # type: ignore[union-attr]


def test_nothing_is_learned_from_the_evaluation_slice(
    project: Project, bob: User
) -> None:
    for document in texts(project, "In Basel.", "To Basel.", split="evaluation"):
        finish(document, bob, ("Basel", "LOC"))
    texts(project, "From Basel.")
    learn_rules(project.pk)
    assert not Rule.objects.exists()


def test_a_surface_with_two_labels_is_not_learned(project: Project, bob: User) -> None:
    first, second, third, _rest = texts(
        project, "Paris won.", "Paris sang.", "Paris is a town.", "Paris again."
    )
    finish(first, bob, ("Paris", "LOC"))
    finish(second, bob, ("Paris", "PER"))
    finish(third, bob, ("Paris", "LOC"))
    learn_rules(project.pk)
    assert found(project) == []


def test_corrected_work_is_unlearned_and_learned_anew(
    project: Project, bob: User
) -> None:
    first, second, _rest = texts(project, "In Turkey.", "To Turkey.", "Of Turkey.")
    work = finish(first, bob, ("Turkey", "LOC"))
    finish(second, bob, ("Turkey", "LOC"))
    learn_rules(project.pk)
    assert found(project) == [("Turkey", "LOC")]
    place = SpanEdit(3, 9, "LOC", "Turkey")
    work.apply(Edit(version=work.version, remove=[place]), by=bob)
    learn_rules(project.pk)
    assert found(project) == []
    work.apply(Edit(version=work.version, add=[place]), by=bob)
    learn_rules(project.pk)
    assert found(project) == [("Turkey", "LOC")]


def test_rejections_drop_a_learned_entry(project: Project, bob: User) -> None:
    first, second, third, _rest = texts(
        project, "May left.", "May came.", "May is warm.", "May or not."
    )
    finish(first, bob, ("May", "PER"))
    finish(second, bob, ("May", "PER"))
    learn_rules(project.pk)
    assert found(project) == [("May", "PER")] * 2
    rejecting = Edit(version=0, reject=[SpanEdit(0, 3, "PER")], state="submitted")
    annotation = Annotation.objects.create(document=third, user=bob)
    annotation.apply(rejecting, by=bob)
    learn_rules(project.pk)
    assert found(project) == []
    rule = Rule.objects.get()
    assert (rule.right, rule.wrong, rule.is_trusted) == (2, 1, False)


def test_a_learned_entry_that_was_switched_off_stays_off(
    project: Project, bob: User
) -> None:
    documents = texts(project, "In Bern.", "To Bern.", "By Bern.", "Of Bern.")
    finish(documents[0], bob, ("Bern", "LOC"))
    finish(documents[1], bob, ("Bern", "LOC"))
    learn_rules(project.pk)
    rulebook.switch(Rule.objects.get(), is_active=False)
    finish(documents[2], bob, ("Bern", "LOC"))
    learn_rules(project.pk)
    assert found(project) == []
    assert Rule.objects.get().right == 3


def test_a_person_takes_a_learned_entry_over(project: Project, bob: User) -> None:
    documents = texts(project, "In Bern.", "To Bern.", "Of bern.")
    for document in documents[:2]:
        finish(document, bob, ("Bern", "LOC"))
    learn_rules(project.pk)
    assert found(project) == []  # learned entries keep their case
    rule = write(project, "LOC", "Bern")
    assert not rule.is_learned
    assert found(project) == [("bern", "LOC")]


def test_gold_counts_alone_where_there_is_any(project: Project, bob: User) -> None:
    documents = texts(project, "In Bern.", "To Bern.", "Of Bern.")
    for document in documents[:2]:
        finish(document, bob, ("Bern", "ORG"))
        gold = Annotation.objects.create(document=document, is_gold=True)
        edit = Edit(version=0, add=[SpanEdit(3, 7, "LOC")], state="submitted")
        gold.apply(edit, by=bob)
    learn_rules(project.pk)
    assert found(project) == [("Bern", "LOC")]


def test_the_confidence_follows_what_people_decide(project: Project, bob: User) -> None:
    first, second, _rest = texts(project, "In Bern.", "Bern FC.", "Of Bern.")
    write(project, "LOC", "Bern")
    assert Suggestion.objects.get(document=_rest).confidence == pytest.approx(1 / 2)
    finish(first, bob, ("Bern", "LOC"))
    learn_rules(project.pk)
    assert Suggestion.objects.get(document=_rest).confidence == pytest.approx(2 / 3)
    finish(second, bob, ("Bern FC", "ORG"))
    learn_rules(project.pk)
    assert Suggestion.objects.get(document=_rest).confidence == pytest.approx(2 / 4)


def test_work_that_was_counted_is_not_counted_again(
    project: Project, bob: User
) -> None:
    (document,) = texts(project, "In Bern.")
    finish(document, bob, ("Bern", "LOC"))
    learn_rules(project.pk)
    with patch("tasks.learning._count") as count:
        learn_rules(project.pk)
    count.assert_not_called()


def test_a_large_project_counts_when_enough_is_new_or_a_rule_is(
    project: Project, bob: User
) -> None:
    first, *others = texts(project, "In Bern.", "To Bern.", "Of Bern.", "By Bern.")
    finish(first, bob, ("Bern", "LOC"))
    learn_rules(project.pk)
    with (
        patch("tasks.learning.FEW_EDITS", 0),
        patch("tasks.learning.WORTH_COUNTING", 0.6),
    ):
        finish(others[0], bob, ("Bern", "LOC"))
        learn_rules(project.pk)
        assert not Rule.objects.exists()
        finish(others[1], bob, ("Bern", "LOC"))
        learn_rules(project.pk)
        assert Rule.objects.get().right == 3
        finish(others[2], bob, ("Bern", "LOC"))
        write(project, "ORG", "nowhere")
        learn_rules(project.pk)
        assert Rule.objects.get(text="Bern").right == 4


def test_a_count_that_was_overtaken_is_made_again(project: Project, bob: User) -> None:
    first, second, _rest = texts(project, "In Bern.", "To Bern.", "Of Bern.")
    finish(first, bob, ("Bern", "LOC"))
    from tasks import learning

    honest = learning._count
    calls = []

    def slow(of: Project) -> Any:
        counted = honest(of)
        calls.append(1)
        if len(calls) == 1:  # meanwhile another worker saw more, and stored it
            finish(second, bob, ("Bern", "LOC"))
            learn_rules(project.pk)
        return counted

    with patch.object(learning, "_count", slow):
        learn_rules(project.pk)
    assert Rule.objects.get().right == 2
    assert found(project) == [("Bern", "LOC")]
