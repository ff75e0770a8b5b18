"""What an added span remembers of who proposed it, as the editor says it saw."""

from typing import Any

import pytest

from annotator.models import (
    Annotation,
    Checkpoint,
    Document,
    Project,
    Rule,
    Suggestion,
    TrainingRun,
)
from tests.annotator.api.editor import BASEL, KARL, Editor, bare


def new_checkpoint(project: Project) -> Checkpoint:
    run = TrainingRun.objects.create(project=project, state="succeeded")
    return Checkpoint.objects.create(
        project=project, training_run=run, folder="d", encoder="bundled", labels={}
    )


@pytest.fixture
def seen(suggestion: Suggestion) -> dict[str, Any]:
    """What the editor says when Karl Marx is taken over."""
    return {"checkpoint": suggestion.checkpoint_id, "confidence": 0.61}


@pytest.fixture
def rule(project: Project) -> Rule:
    label = project.labels.get(name="LOC")
    return Rule.objects.create(project=project, label=label, text="Basel")


def remembered() -> list[tuple[int | None, int | None, float | None]]:
    spans = Annotation.objects.get().spans
    columns = ("suggested_by", "suggested_rule", "suggested_confidence")
    return list(spans.values_list(*columns))


def replace_suggestions(document: Document) -> Checkpoint:
    """Another model reads the document and is surer of the same span."""
    checkpoint = new_checkpoint(document.project)
    document.suggestions.update(checkpoint=checkpoint, confidence=0.99)
    return checkpoint


def test_a_suggestion_replaced_meanwhile_is_credited_as_it_was_seen(
    editor: Editor, document: Document, seen: dict[str, Any]
) -> None:
    replace_suggestions(document)
    assert editor.edit(0, add=[{**KARL, "source": seen}]).status_code == 200
    assert remembered() == [(seen["checkpoint"], None, 0.61)]
    document.suggestions.all().delete()
    editor.edit(1, remove=[bare(KARL)])
    editor.edit(2, add=[{**KARL, "source": seen}])
    assert remembered() == [(seen["checkpoint"], None, 0.61)]


def test_a_span_made_by_hand_is_nobody_elses_whatever_is_proposed_now(
    editor: Editor, suggestion: Suggestion
) -> None:
    editor.edit(0, add=[{**KARL, "source": None}])
    assert remembered() == [(None, None, None)]
    (span,) = editor.read().json()["annotation"]["spans"]
    assert (span["suggested"], span["checkpoint"]) == (False, None)


def test_without_a_source_it_is_looked_up_among_the_suggestions_of_now(
    editor: Editor, document: Document, seen: dict[str, Any]
) -> None:
    checkpoint = replace_suggestions(document)
    editor.edit(0, add=[KARL, {**BASEL, "source": seen}])
    assert remembered() == [
        (checkpoint.pk, None, 0.99),
        (seen["checkpoint"], None, 0.61),
    ]


def test_a_rule_is_remembered_beside_the_model_or_alone(
    editor: Editor, rule: Rule, seen: dict[str, Any]
) -> None:
    both = {**seen, "rule": rule.pk}
    alone = {"rule": rule.pk, "confidence": 0.75}
    editor.edit(0, add=[{**KARL, "source": both}, {**BASEL, "source": alone}])
    assert remembered() == [
        (seen["checkpoint"], rule.pk, 0.61),
        (None, rule.pk, 0.75),
    ]
    karl, basel = editor.read().json()["annotation"]["spans"]
    assert (karl["source"], karl["checkpoint"]) == ("model", seen["checkpoint"])
    assert (basel["source"], basel["rule"]["id"]) == ("rule", rule.pk)


def test_what_came_in_a_file_keeps_its_confidence(editor: Editor) -> None:
    editor.edit(0, add=[{**KARL, "source": {"confidence": 0.5}}])
    assert remembered() == [(None, None, 0.5)]


def test_of_a_proposer_deleted_since_the_confidence_is_left(
    editor: Editor, suggestion: Suggestion, rule: Rule, seen: dict[str, Any]
) -> None:
    sources = [{**seen, "rule": rule.pk}, {"rule": rule.pk, "confidence": 0.75}]
    Checkpoint.objects.all().delete()
    rule.delete()
    spans = [
        {**span, "source": source}
        for span, source in zip((KARL, BASEL), sources, strict=True)
    ]
    assert editor.edit(0, add=spans).status_code == 200
    assert remembered() == [(None, None, 0.61), (None, None, 0.75)]


@pytest.mark.parametrize("kind", ["checkpoint", "rule"])
def test_a_proposer_of_another_project_is_refused(editor: Editor, kind: str) -> None:
    other = Project.objects.create(name="Letters")
    other.ensure_labels(["LOC"])
    label = other.labels.get()
    proposers = {
        "checkpoint": new_checkpoint(other).pk,
        "rule": Rule.objects.create(project=other, label=label, text="Kew").pk,
    }
    source = {kind: proposers[kind], "confidence": 0.5}
    refused = editor.edit(0, add=[{**KARL, "source": source}])
    assert refused.status_code == 422
    sentence = f"{kind.capitalize()} {proposers[kind]} belongs to another project."
    assert refused.json()["detail"] == sentence
    assert not Annotation.objects.exists()


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ({"confidence": 1.5}, "confidence"),
        ({"checkpoint": 1}, "confidence"),
        ({"checkpoint": 10**30, "confidence": 1}, "checkpoint"),
        ({"rule": 0, "confidence": 1}, "rule"),
    ],
)
def test_a_source_that_makes_no_sense_is_refused_in_one_sentence(
    editor: Editor, source: dict[str, Any], field: str
) -> None:
    refused = editor.edit(0, add=[{**KARL, "source": source}])
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith(f"add.0.source.{field}: ")
