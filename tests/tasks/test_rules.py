"""Rules suggest without a model, go on beside one, and follow what people do."""

from collections.abc import Callable
from functools import partial
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
    RuleBook,
    Suggestion,
)
from annotator.models.edits import SpanEdit
from annotator.rulebook import Entry
from annotator.suggestions import proposals
from modeling.rules import Matcher
from tasks import rules
from tasks.learning import learn_rules
from tasks.rules import apply_rules
from tests.tasks.test_prediction import checkpoint_of

pytestmark = pytest.mark.django_db
Add = Callable[..., list[Document]]
Annotate = Callable[..., Annotation]


@pytest.fixture(autouse=True)
def eager() -> Any:
    """Tasks that are sent run at once, in this process."""
    with (
        patch.object(apply_rules, "delay", apply_rules),
        patch.object(learn_rules, "delay", learn_rules),
    ):
        yield


def write(project: Project, label: str, text: str, **how: Any) -> Rule:
    rulebook.add(project, [Entry(label, text, **how)], by=None)
    apply_rules(project.pk)
    return project.rules.get(text=text, label__name=label)


def found(project: Project) -> list[tuple[str, str]]:
    """Surface and label of every rule's suggestion, in the order of documents."""
    rows = Suggestion.objects.filter(document__project=project, rule__isnull=False)
    return [
        (row.document.text[row.start : row.end], row.label.name)
        for row in rows.select_related("document", "label").order_by(
            "document", "start"
        )
    ]


def finish(document: Document, user: User, *surfaces: tuple[str, str]) -> Annotation:
    spans = []
    for surface, label in surfaces:
        start = document.text.index(surface)
        spans.append(SpanEdit(start, start + len(surface), label, surface))
    annotation = Annotation.objects.create(document=document, user=user)
    annotation.apply(Edit(version=0, add=spans, state="submitted"), by=user)
    return annotation


def texts(project: Project, *texts: str, split: str = "pool") -> list[Document]:
    new = [Document.new(project, text, split=split) for text in texts]
    return Document.objects.bulk_create(new)


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


def test_a_rule_goes_on_beside_a_model_with_its_own_provenance(
    project: Project, bob: User
) -> None:
    (document,) = texts(project, "Ada met Karl Marx in Basel.")
    checkpoint = checkpoint_of(project)
    for start, end, label in [(0, 3, "PER"), (8, 17, "PER")]:
        Suggestion.objects.create(
            document=document,
            checkpoint=checkpoint,
            label=project.labels.get(name=label),
            start=start,
            end=end,
            confidence=0.9,
        )
    ada = write(project, "PER", "Ada")
    write(project, "ORG", "Marx")
    basel = write(project, "LOC", "Basel")
    shown = [(p.start, p.label, p.source, p.rule) for p in proposals(document)]
    assert shown == [
        (0, "PER", "model", ada),
        (8, "PER", "model", None),
        (21, "LOC", "rule", basel),
    ]
    finish(document, bob, ("Ada", "PER"), ("Karl Marx", "PER"), ("Basel", "LOC"))
    first, second, third = bob.annotations.get().spans.all()
    assert (first.suggested_by, first.suggested_rule) == (checkpoint, ada)
    assert (second.suggested_by, second.suggested_rule) == (checkpoint, None)
    assert (third.suggested_by, third.suggested_rule) == (None, basel)
    assert (first.suggested_confidence, third.suggested_confidence) == (0.9, 0.5)


def test_a_deleted_rule_takes_its_suggestions_and_uncovers_shorter_ones(
    project: Project,
) -> None:
    texts(project, "New York is large.")
    write(project, "LOC", "York")
    long = write(project, "LOC", "New York")
    assert found(project) == [("New York", "LOC")]
    rulebook.delete(long)
    assert found(project) == []
    apply_rules(project.pk)
    assert found(project) == [("York", "LOC")]


def test_a_rule_switched_off_says_nothing_until_it_is_on_again(
    project: Project,
) -> None:
    texts(project, "Basel and Bern.")
    rule = write(project, "LOC", "Basel")
    rulebook.switch(rule, is_active=False)
    apply_rules(project.pk)
    assert found(project) == []
    rulebook.switch(rule, is_active=True)
    apply_rules(project.pk)
    assert found(project) == [("Basel", "LOC")]


def test_the_evaluation_slice_and_finished_documents_get_no_suggestions(
    project: Project, bob: User
) -> None:
    texts(project, "Basel is here.", split="evaluation")
    (done, _left) = texts(project, "Basel was done.", "Basel is left.")
    finish(done, bob)
    write(project, "LOC", "Basel")
    assert [row.document.text for row in Suggestion.objects.all()] == ["Basel is left."]


def test_nothing_is_learned_from_the_evaluation_slice(
    project: Project, bob: User
) -> None:
    for document in texts(project, "In Basel.", "To Basel.", split="evaluation"):
        finish(document, bob, ("Basel", "LOC"))
    texts(project, "From Basel.")
    learn_rules(project.pk)
    assert not Rule.objects.exists()


def test_imported_documents_are_read_by_the_rules_that_are_there(
    project: Project,
) -> None:
    write(project, "LOC", "Basel")
    texts(project, "From Basel.")
    learn_rules(project.pk)
    assert found(project) == [("Basel", "LOC")]


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


def test_a_reader_of_old_rules_writes_nothing(project: Project) -> None:
    (document,) = texts(project, "Basel and Bern.")
    write(project, "LOC", "Basel")
    rulebook.read_anew(project)
    reader = rules.Reader(RuleBook.objects.get())
    rulebook.add(project, [Entry("LOC", "Bern")], by=None)
    Suggestion.objects.all().delete()
    assert reader.read([document.pk]) is False
    assert found(project) == []
    apply_rules(project.pk)
    assert found(project) == [("Basel", "LOC"), ("Bern", "LOC")]


def test_a_batch_that_comes_twice_writes_once(project: Project) -> None:
    documents = texts(project, "Basel.", "Bern.")
    rulebook.add(project, [Entry("LOC", "Basel")], by=None)
    keys = [document.pk for document in documents]
    reader = rules.Reader(RuleBook.objects.get())
    assert reader.read(keys)
    before = list(Suggestion.objects.values_list("pk"))
    assert reader.read(keys)
    assert list(Suggestion.objects.values_list("pk")) == before


def test_a_batch_that_dies_leaves_nothing_and_is_read_again(project: Project) -> None:
    texts(project, "Basel.", "Bern.")
    rulebook.add(project, [Entry("LOC", "Basel")], by=None)
    with (
        patch.object(RuleBook, "save", side_effect=SystemExit),
        pytest.raises(SystemExit),
    ):
        apply_rules(project.pk)
    assert found(project) == []
    apply_rules(project.pk)
    assert found(project) == [("Basel", "LOC")]


def test_a_large_pool_is_read_in_waves(
    project: Project, add_documents: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "BATCH", 2)
    monkeypatch.setattr(rules, "WAVE_BATCHES", 2)
    add_documents(11)
    rulebook.add(project, [Entry("LOC", "Oslo")], by=None)
    with patch.object(apply_rules, "delay", wraps=apply_rules) as send:
        apply_rules(project.pk)
    assert [call.args[1] for call in send.call_args_list] == [11, 7]
    assert len(found(project)) == 6


def test_documents_that_a_new_rule_cannot_touch_keep_their_suggestions(
    project: Project,
) -> None:
    texts(project, "Basel.", "Bern.")
    write(project, "LOC", "Basel")
    (before,) = Suggestion.objects.values_list("pk", flat=True)
    write(project, "LOC", "Bern")
    assert Suggestion.objects.filter(pk=before).exists()
    assert len(found(project)) == 2


def test_a_pattern_that_takes_too_long_is_set_aside(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "Matcher", partial(Matcher, seconds=0.02))
    texts(project, *(f"{'ab' * 40} {number} c" for number in range(5)), "Basel.")
    write(project, "LOC", "Basel")
    rule = write(project, "ORG", r"(?:a|b|ab)*[xy]", kind="pattern")
    assert rule.problem == "slow"
    assert found(project) == [("Basel", "LOC")]
