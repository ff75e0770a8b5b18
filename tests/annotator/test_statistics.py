"""What the pages count."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from annotator import statistics
from annotator.models import Annotation, Document, Edit, Project, TrainingRun
from annotator.models.edits import SpanEdit
from annotator.statistics import Progress


def add(project: Project, text: str, **fields: Any) -> Document:
    document = Document.new(project, text, **fields)
    document.save()
    return document


def annotate(document: Document, user: User, state: str) -> None:
    annotation = Annotation.objects.create(document=document, user=user)
    spans = [SpanEdit(0, 3, "PER")]
    annotation.apply(Edit(version=0, add=spans, state=state), by=user)


def test_a_document_counts_once_and_submitted_beats_flagged(
    project: Project, alice: User, bob: User
) -> None:
    both, flagged = add(project, "Ada."), add(project, "Bob.")
    annotate(both, alice, "submitted")
    annotate(both, bob, "flagged")
    annotate(flagged, bob, "flagged")
    annotate(add(project, "Eve.", split="evaluation"), bob, "skipped")
    add(project, "Joe.")
    found = statistics.progress_by_split(project)
    assert found["pool"] == Progress(total=3, submitted=1, flagged=1)
    assert found["pool"].remaining == 1
    assert found["pool"].percent == 33
    assert found["evaluation"] == Progress(total=1)
    assert statistics.progress_of_projects([project]) == {
        project.pk: found["pool"] + found["evaluation"]
    }


def test_labels_count_submitted_spans_only(
    project: Project, alice: User, bob: User
) -> None:
    document = add(project, "Ada.")
    annotate(document, alice, "submitted")
    annotate(document, bob, "open")
    found = {c.label.name: c.spans for c in statistics.label_counts(project)}
    assert found == {"PER": 1, "LOC": 0, "ORG": 0}


def test_the_histogram_holds_the_remaining_pool(project: Project, alice: User) -> None:
    for number, confidence in enumerate((0.41, 0.7, 0.999, 1.0)):
        add(project, f"text {number}", confidence=confidence)
    annotate(add(project, "Ada.", confidence=0.1), alice, "submitted")
    add(project, "unread")
    found = statistics.confidence_histogram(project)
    assert (found.low, found.high, found.total) == (0.4, 1.0, 4)
    assert found.counts[0] == 1
    assert found.counts[-1] == 2
    assert found.mean == pytest.approx((0.41 + 0.7 + 0.999 + 1.0) / 4)


@pytest.mark.parametrize("confidence", [0.0, 0.3, 0.9, 1.0])
def test_every_confidence_has_a_bin(project: Project, confidence: float) -> None:
    add(project, "text", confidence=confidence)
    assert statistics.confidence_histogram(project).total == 1


def test_an_empty_project_has_an_empty_histogram(project: Project) -> None:
    found = statistics.confidence_histogram(project)
    assert (found.total, found.mean) == (0, None)


def test_the_learning_curve_leaves_out_what_was_not_measured(
    project: Project,
) -> None:
    measured = {
        "f1": 0.5,
        "f1_interval": [0.4, 0.6],
        "trained_documents": 20,
        "promoted": False,
    }
    for state, metrics in (
        ("succeeded", measured),
        ("succeeded", measured | {"f1": None}),
        ("failed", {}),
    ):
        TrainingRun.objects.create(project=project, state=state, metrics=metrics)
    [point] = statistics.learning_curve(project)
    assert (point.documents, point.f1, point.low) == (20, 0.5, 0.4)
    assert not point.promoted


def test_tokens_are_compared_at_the_highest_f1_that_both_reached() -> None:
    chance = [[100, 0.2, 0, 0], [200, 0.4, 0, 0], [300, 0.5, 0, 0]]
    better = [[100, 0.3, 0, 0], [200, 0.7, 0, 0]]
    worse = [[100, 0.1, 0, 0], [400, 0.3, 0, 0]]
    found = statistics.tokens_saved({"a": better, "b": worse, "random": chance})
    assert [(one.name, one.f1) for one in found] == [("a", 0.5), ("b", 0.3)]
    assert found[0].tokens == pytest.approx(150)
    assert (found[0].random, found[0].percent) == (300, 50)
    assert (found[1].tokens, found[1].percent) == (400, round(100 * (1 - 400 / 150)))
    assert statistics.tokens_saved({"a": better}) == []


def test_what_was_reached_at_once_took_the_first_tokens() -> None:
    rows = {"a": [[100, 0.9, 0, 0]], "random": [[100, 0.4, 0, 0], [200, 0.4, 0, 0]]}
    [one] = statistics.tokens_saved(rows)
    assert (one.tokens, one.random, one.percent) == (100, 100, 0)
