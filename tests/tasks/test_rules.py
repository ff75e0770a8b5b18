"""Rules suggest without a model, go on beside one, and follow what people do."""

from collections.abc import Callable
from functools import partial
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User

from annotator import rulebook
from annotator.models import (
    Annotation,
    Document,
    Project,
    RuleBook,
    Suggestion,
)
from annotator.rulebook import Entry
from annotator.suggestions import proposals
from modeling.rules import Matcher
from tasks import rules
from tasks.learning import learn_rules
from tasks.rules import apply_rules
from tests.tasks.ruled import finish, found, texts, write
from tests.tasks.test_prediction import checkpoint_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("eager_rules")]
Add = Callable[..., list[Document]]
Annotate = Callable[..., Annotation]


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


def test_imported_documents_are_read_by_the_rules_that_are_there(
    project: Project,
) -> None:
    write(project, "LOC", "Basel")
    texts(project, "From Basel.")
    learn_rules(project.pk)
    assert found(project) == [("Basel", "LOC")]


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
