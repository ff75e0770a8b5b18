"""From submitted documents to a promoted model, in this process."""

from collections.abc import Callable
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from annotator.models import Annotation, Document, Edit, Project, TrainingRun
from annotator.models.jobs import RunState
from annotator.models.training import Trigger
from tasks import training
from tasks.assessment import Assessed
from tasks.gathering import agreed_spans, examples
from tasks.prediction import preannotate_project

pytestmark = pytest.mark.django_db
Add = Callable[..., list[Document]]
Submit = Callable[..., Annotation]


@pytest.fixture(autouse=True)
def quick_recipe(settings: Settings) -> None:
    """A few steps of a small encoder: enough to see the path, not the quality."""
    settings.TRAINING_MIN_STEPS = settings.TRAINING_MAX_STEPS = 12


@pytest.fixture
def labelled(project: Project, add_documents: Add, annotate: Submit) -> Project:
    """24 submitted documents in the pool, 12 in the evaluation slice, 10 untouched."""
    project.encoder = "scratch"
    project.save()
    for document in add_documents(24):
        annotate(document)
    for document in add_documents(12, "evaluation", 100):
        annotate(document)
    add_documents(10, "pool", 200)
    return project


def run_now(project: Project) -> TrainingRun:
    """Request a run and carry it out here; fan-outs are recorded, not sent."""
    run, _ = TrainingRun.request(project, Trigger.BUTTON)
    with patch.object(preannotate_project, "delay") as fan_out:
        training.retrain(run.pk)
    run.refresh_from_db()
    assert fan_out.called == (run.state == RunState.SUCCEEDED)
    return run


def test_a_run_trains_evaluates_and_serves_the_first_model(labelled: Project) -> None:
    run = run_now(labelled)
    assert run.state == RunState.SUCCEEDED, run.error
    assert run.metrics["trained_documents"] == 24
    assert run.metrics["evaluated_documents"] == 12
    assert 0 <= run.metrics["f1"] <= 1
    assert run.history[0]["step"] == 1
    checkpoint = labelled.active_checkpoint
    assert checkpoint is not None
    assert (checkpoint.path / "model.safetensors").is_file()
    assert checkpoint.labels == dict(labelled.labels.values_list("name", "pk"))


def test_the_same_message_twice_trains_once(labelled: Project) -> None:
    run = run_now(labelled)
    with patch("tasks.run.carry_out") as carry_out:
        training.retrain(run.pk)
    carry_out.assert_not_called()


def test_a_worse_model_is_not_promoted(labelled: Project) -> None:
    first = run_now(labelled)
    with patch("tasks.assessment.bootstrap_f1_difference", return_value=(-0.2, 0.01)):
        second = run_now(labelled)
    assert second.state == RunState.SUCCEEDED
    assert second.metrics["promoted"] is False
    assert second.metrics["reason"].startswith("Not promoted: F1 -0.200")
    active = labelled.active_checkpoint
    assert active is not None and active.training_run == first


def test_a_run_says_whose_word_it_learnt_and_how_it_differs_from_the_one_before(
    labelled: Project,
) -> None:
    first, second = run_now(labelled), run_now(labelled)
    assert "24 documents: 24 by one person." in first.log
    assert first.metrics["sources"]["single"] == 24
    assert first.metrics["agreement"] is None
    agreement = second.metrics["agreement"]
    assert agreement["f1"] == 1.0  # the same seed on the same documents
    assert agreement["documents"] == 10
    assert agreement["checkpoint"] == first.checkpoint.pk


def test_documents_begun_are_learnt_from_but_not_counted_as_labelled(
    project: Project, add_documents: Add, annotate: Submit
) -> None:
    documents = add_documents(3)
    annotate(documents[0])
    for document in documents[1:]:
        begun = annotate(document)
        begun.apply(Edit(version=1, state="open"), by=begun.user)
    run = run_now(project)
    assert run.error.startswith("Training needs at least 2 submitted documents")
    assert run.error.endswith("there is 1.")


def test_without_enough_documents_the_run_fails_with_a_sentence(
    project: Project, add_documents: Add, annotate: Submit
) -> None:
    annotate(add_documents(1)[0])
    run = run_now(project)
    assert run.state == RunState.FAILED
    assert run.error.startswith("Training needs at least 2 submitted documents")


def test_an_encoder_that_does_not_exist_fails_with_its_name(labelled: Project) -> None:
    labelled.encoder = "/nowhere/encoder"
    labelled.save()
    run, _ = TrainingRun.request(labelled, Trigger.BUTTON)
    with pytest.raises(Exception, match="/nowhere/encoder"):
        training.retrain(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "/nowhere/encoder" in run.error


def test_a_label_renamed_and_one_deleted_after_training_break_nothing(
    labelled: Project,
) -> None:
    run_now(labelled)
    labelled.labels.filter(name="PER").update(name="PERSON")
    labelled.labels.get(name="ORG").delete()
    labelled.ensure_labels(["EVENT"])
    run = run_now(labelled)
    assert run.state == RunState.SUCCEEDED, run.error
    assert run.metrics["previous_f1"] is not None


def test_cancelling_ends_the_training(labelled: Project) -> None:
    run, _ = TrainingRun.request(labelled, Trigger.BUTTON)
    with patch("tasks.heartbeat.Heartbeat.should_stop", return_value=True):
        training.retrain(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert not labelled.checkpoints.exists()


def test_cancelling_during_the_evaluation_promotes_nothing(labelled: Project) -> None:
    run, _ = TrainingRun.request(labelled, Trigger.BUTTON)

    def cancel(*_: object) -> Assessed:
        assert TrainingRun.objects.get(pk=run.pk).cancel()
        return Assessed({"promoted": True, "reason": "Promoted."})

    with patch("tasks.run.assess", side_effect=cancel):
        training.retrain(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert not labelled.checkpoints.exists()


def test_documents_of_the_evaluation_slice_are_never_trained_on(
    labelled: Project,
) -> None:
    learned = {pk for pk, _ in examples(labelled, "pool")}
    judged = {pk for pk, _ in examples(labelled, "evaluation")}
    assert (len(learned), len(judged), learned & judged) == (24, 12, set())


def test_gold_counts_before_people_and_a_majority_before_one(
    project: Project,
    add_documents: Add,
    annotate: Submit,
    alice: User,
    bob: User,
) -> None:
    document = add_documents(1)[0]
    one, other = annotate(document, bob), annotate(document, alice)
    other.spans.filter(label__name="LOC").delete()
    assert [span.label for span in agreed_spans([one, other])] == ["PER"]
    gold = Annotation.objects.create(document=document, is_gold=True)
    assert agreed_spans([one, other, gold]) == []


def test_a_run_is_queued_after_enough_submitted_documents(
    project: Project,
    add_documents: Add,
    annotate: Submit,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    documents = add_documents(21)
    for document in documents[:19]:
        annotate(document)
    training.retrain_if_due(project.pk)
    assert not project.training_runs.exists()
    annotate(documents[19])
    with (
        patch.object(training.retrain, "delay") as send,
        django_capture_on_commit_callbacks(execute=True),
    ):
        training.retrain_if_due(project.pk)
        annotate(documents[20])
        training.retrain_if_due(project.pk)  # debounced: one is queued already
    run = project.training_runs.get()
    assert run.trigger == Trigger.COUNT
    send.assert_called_once_with(run.pk)


def test_the_work_since_the_last_run_is_what_counts(
    project: Project, add_documents: Add, annotate: Submit
) -> None:
    for document in add_documents(20):
        annotate(document)
    run, _ = TrainingRun.request(project, Trigger.BUTTON)
    run.claim("worker")
    run.succeed({})
    assert training.submitted_since_last_run(project) == (0, 20)
    annotate(add_documents(1, offset=50)[0])
    with CaptureQueriesContext(connection) as queries:
        assert training.submitted_since_last_run(project) == (1, 21)
    assert not any('"text"' in query["sql"] for query in queries)  # asked at each save


def test_a_project_may_turn_automatic_retraining_off(
    project: Project, add_documents: Add, annotate: Submit
) -> None:
    project.retrain_every = 0
    project.save()
    for document in add_documents(25):
        annotate(document)
    training.retrain_if_due(project.pk)
    assert not project.training_runs.exists()
