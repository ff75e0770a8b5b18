"""What is measured of a new model, and what is kept of every document."""

from collections.abc import Callable

import pytest

from annotator.models import Assessment, Checkpoint, Document, Project, TrainingRun
from modeling.spans import Span
from tasks import assessment
from tasks.assessment import Assessed, compare, measures

ADA, OSLO = Span(0, 3, "PER"), Span(12, 16, "LOC")


def new_checkpoint(project: Project) -> Checkpoint:
    run = TrainingRun.objects.create(project=project, state="succeeded")
    return Checkpoint.objects.create(
        project=project, training_run=run, folder="f", encoder="x", labels={}
    )


def test_every_label_has_its_measures_with_their_bounds() -> None:
    gold = [(ADA, OSLO)] * 8 + [(ADA,)] * 4
    found = [(ADA, OSLO)] * 4 + [(ADA,)] * 8
    metrics = measures(gold, found)
    assert metrics["precision"] == 1.0
    assert metrics["labels"]["PER"]["f1_interval"] == [1.0, 1.0]
    loc = metrics["labels"]["LOC"]
    assert (loc["recall"], loc["gold"], loc["predicted"]) == (0.5, 8, 4)
    low, high = loc["recall_interval"]
    assert 0 < low < 0.5 < high < 1


def test_the_confusions_are_counted_by_kind_and_labels() -> None:
    gold = [(ADA, OSLO), (ADA,)]
    found = [(Span(0, 3, "LOC"),), (ADA, OSLO)]
    assert measures(gold, found)["confusion"] == [
        ["label", "PER", "LOC", 1],
        ["missed", "LOC", "", 1],
        ["right", "PER", "PER", 1],
        ["spurious", "", "LOC", 1],
    ]


def test_a_clearly_worse_model_is_kept_back_and_few_documents_decide_nothing() -> None:
    gold = [(ADA, OSLO)] * 12
    worse = [(ADA,)] * 12
    assert compare(gold, gold, worse)["promoted"] is False
    assert compare(gold[:9], gold[:9], worse[:9])["promoted"] is True
    assert compare(gold, worse, gold)["promoted"] is True


@pytest.mark.django_db
def test_the_spans_of_every_document_are_kept_once(
    project: Project, add_documents: Callable[..., list[Document]]
) -> None:
    keys = [document.pk for document in add_documents(2, "evaluation")]
    checkpoint = new_checkpoint(project)
    gold = {keys[0]: (ADA, OSLO), keys[1]: ()}
    found = {keys[0]: (ADA,), keys[1]: (OSLO,)}
    for _attempt in range(2):
        Assessed({}, gold, found).store(checkpoint)
    first, second = checkpoint.assessments.all()
    assert (first.gold_spans, first.predicted_spans) == ((ADA, OSLO), (ADA,))
    assert (second.gold_spans, second.predicted_spans) == ((), (OSLO,))


@pytest.mark.django_db
def test_old_documents_are_dropped_but_not_those_of_the_model_in_use(
    project: Project,
    add_documents: Callable[..., list[Document]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(assessment, "KEEP_ASSESSED", 2)
    [document] = add_documents(1, "evaluation")
    first, *others = [new_checkpoint(project) for _ in range(4)]
    first.activate()
    for checkpoint in (first, *others):
        Assessed({}, {document.pk: (ADA,)}, {document.pk: ()}).store(checkpoint)
    kept = set(Assessment.objects.values_list("checkpoint", flat=True))
    assert kept == {first.pk, others[1].pk, others[2].pk}


@pytest.mark.django_db
def test_the_newest_documents_are_kept_when_no_model_is_in_use(
    project: Project,
    add_documents: Callable[..., list[Document]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(assessment, "KEEP_ASSESSED", 2)
    [document] = add_documents(1, "evaluation")
    checkpoints = [new_checkpoint(project) for _ in range(4)]
    for checkpoint in checkpoints:
        Assessed({}, {document.pk: (ADA,)}, {document.pk: ()}).store(checkpoint)
    kept = set(Assessment.objects.values_list("checkpoint", flat=True))
    assert kept == {checkpoint.pk for checkpoint in checkpoints[2:]}


@pytest.mark.django_db
def test_a_document_deleted_during_the_training_costs_nothing_but_its_row(
    project: Project, add_documents: Callable[..., list[Document]]
) -> None:
    deleted, kept = add_documents(2, "evaluation")
    keys = [deleted.pk, kept.pk]
    deleted.delete()
    checkpoint = new_checkpoint(project)
    Assessed({}, dict.fromkeys(keys, (ADA,)), dict.fromkeys(keys, ())).store(checkpoint)
    assert [row.document_id for row in checkpoint.assessments.all()] == [kept.pk]
