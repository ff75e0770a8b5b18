"""Two models in a row, compared on documents that nobody has touched."""

from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock, patch

import pytest

from annotator.models import (
    Annotation,
    Checkpoint,
    Document,
    Project,
    TrainingRun,
)
from annotator.models.training import Trigger
from modeling.spans import Span
from tasks import agreement
from tasks.agreement import agreement_with_previous

Submit = Callable[..., Annotation]
Add = Callable[..., list[Document]]

ADA, KEW = Span(0, 3, "PER"), Span(5, 8, "LOC")


@pytest.fixture
def previous(project: Project, tmp_path: Path) -> Checkpoint:
    return kept(project, "here")


def kept(project: Project, folder: str) -> Checkpoint:
    run = TrainingRun.objects.create(
        project=project, trigger=Trigger.BUTTON, state="succeeded"
    )
    return Checkpoint.objects.create(
        project=project, training_run=run, folder=folder, labels={}, metrics={}
    )


def compare(project: Project, *found: list[list[Span]]) -> tuple[object, list[str]]:
    """What it says when the models find this, and the texts they were given."""
    with (
        patch.object(agreement, "load_tagger"),
        patch.object(agreement, "predicted_spans", side_effect=found) as predicted,
    ):
        said = agreement_with_previous(project, Mock(), {})
    calls = predicted.call_args_list
    return said, [example.text for example in calls[0].args[1]] if calls else []


def test_the_first_model_has_nothing_to_agree_with(
    project: Project, add_documents: Add
) -> None:
    add_documents(3)
    assert compare(project) == (None, [])


def test_it_is_the_f1_of_the_spans_of_both(
    project: Project, add_documents: Add, previous: Checkpoint
) -> None:
    add_documents(2)
    said, _ = compare(project, [[ADA], [ADA]], [[ADA], [KEW]])
    assert said == {"f1": 0.5, "documents": 2, "checkpoint": previous.pk}


def test_the_newest_model_that_is_kept_is_the_one_before(
    project: Project, add_documents: Add, previous: Checkpoint
) -> None:
    add_documents(1)
    newer = kept(project, "there")
    kept(project, "")
    said, _ = compare(project, [[ADA]], [[ADA]])
    assert said == {"f1": 1.0, "documents": 1, "checkpoint": newer.pk}


def test_where_no_span_is_found_nothing_is_shown(
    project: Project, add_documents: Add, previous: Checkpoint
) -> None:
    assert compare(project, [], [])[0] is None
    add_documents(1)
    assert compare(project, [[]], [[]])[0] is None


def test_the_documents_stay_the_same_until_somebody_touches_them(
    project: Project,
    add_documents: Add,
    annotate: Submit,
    previous: Checkpoint,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(agreement, "SAMPLE", 5)
    documents = add_documents(9)
    add_documents(3, "evaluation", 100)
    none: list[list[Span]] = [[]] * 5
    _, texts = compare(project, none, none)
    assert compare(project, none, none)[1] == texts
    assert set(texts) < {document.text for document in documents}
    by_text = {document.text: document for document in documents}
    annotate(by_text[texts[2]])
    _, later = compare(project, none, none)
    assert later[:4] == texts[:2] + texts[3:]
    assert len(later) == 5
