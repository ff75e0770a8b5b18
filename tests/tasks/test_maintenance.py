"""Orphaned work is put back, and schedules are honoured."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from annotator import yardstick
from annotator.models import (
    Annotation,
    Checkpoint,
    Document,
    ImportJob,
    Project,
    TrainingRun,
)
from annotator.models.jobs import RunState
from annotator.models.training import Trigger
from tasks import app
from tasks.imports import import_upload
from tasks.maintenance import preannotate_project, reconcile, retrain_on_schedule
from tasks.training import retrain

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def impatience(settings: Settings) -> None:
    """The reconciler gives a worker that seems dead two beats to speak again."""
    settings.RUN_HEARTBEAT_SECONDS = 0.05


@pytest.fixture
def run(project: Project) -> TrainingRun:
    return TrainingRun.request(project, Trigger.BUTTON)[0]


def make_older(
    instance: TrainingRun | ImportJob | Checkpoint, field: str, minutes: float
) -> None:
    past = timezone.now() - timedelta(minutes=minutes)
    type(instance).objects.filter(pk=instance.pk).update(**{field: past})  # type: ignore[attr-defined]


def test_a_run_without_a_heartbeat_is_queued_and_sent_again(run: TrainingRun) -> None:
    run.claim("dead")
    make_older(run, "heartbeat_at", 5)
    with patch.object(retrain, "delay") as send:
        reconcile()
    run.refresh_from_db()
    assert run.state == RunState.QUEUED
    send.assert_called_with(run.pk)


def test_a_run_that_beats_is_left_alone(run: TrainingRun) -> None:
    run.claim("alive")
    with patch.object(retrain, "delay") as send:
        reconcile(everything=True)
    run.refresh_from_db()
    assert run.state == RunState.RUNNING
    send.assert_not_called()


def test_a_queued_run_whose_message_was_lost_is_sent_again_after_a_while(
    run: TrainingRun,
) -> None:
    with patch.object(retrain, "delay") as send:
        reconcile()
        send.assert_not_called()
        make_older(run, "dispatched_at", 2)
        reconcile()
        send.assert_called_once_with(run.pk)
        reconcile()  # only just sent
        send.assert_called_once_with(run.pk)


def test_a_starting_worker_is_sent_all_that_waits(run: TrainingRun) -> None:
    with patch.object(retrain, "delay") as send:
        reconcile(everything=True)
    send.assert_called_once_with(run.pk)


def test_an_import_whose_worker_or_message_was_lost_is_sent_again(
    project: Project,
) -> None:
    job, _ = ImportJob.request(project, uuid.uuid4())
    with patch.object(import_upload, "delay") as send:
        reconcile()
        send.assert_not_called()
        make_older(job, "dispatched_at", 2)
        reconcile()
        send.assert_called_once_with(job.pk)
        job.claim("dead")
        reconcile()
        send.assert_called_once_with(job.pk)
        make_older(job, "heartbeat_at", 5)
        reconcile()
        assert send.call_count == 2
    job.refresh_from_db()
    assert job.state == RunState.QUEUED


def test_pre_annotation_that_stopped_half_way_goes_on(
    project: Project,
    run: TrainingRun,
    add_documents: Callable[..., list[Document]],
) -> None:
    add_documents(3)
    run.claim("worker")
    run.succeed({})
    checkpoint = Checkpoint.objects.create(
        project=project, training_run=run, folder="run", encoder="x", labels={}
    )
    checkpoint.activate()
    with patch.object(preannotate_project, "delay") as fan_out:
        reconcile()
        fan_out.assert_not_called()  # activated a moment ago
        make_older(checkpoint, "activated_at", 3)
        reconcile()
        fan_out.assert_called_once_with(project.pk)
        project.documents.update(checkpoint=checkpoint)
        reconcile()
        fan_out.assert_called_once_with(project.pk)  # nothing is unread


def test_a_schedule_queues_a_run_when_its_hours_are_over_and_there_is_new_work(
    project: Project,
    add_documents: Callable[..., list[Document]],
    annotate: Callable[..., Annotation],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    for document in add_documents(20):
        annotate(document)
    retrain_on_schedule()
    assert not project.training_runs.exists()  # no hours are set
    project.retrain_hours = 2
    project.save()
    with (
        patch.object(retrain, "delay"),
        django_capture_on_commit_callbacks(execute=True),
    ):
        retrain_on_schedule()
    run = project.training_runs.get()
    assert run.trigger == Trigger.SCHEDULE
    run.claim("worker")
    run.succeed({})
    for document in add_documents(6, offset=60):
        annotate(document)
    retrain_on_schedule()
    assert project.training_runs.count() == 1  # two hours are not over
    make_older(run, "created_at", 121)
    with patch.object(retrain, "delay"):
        retrain_on_schedule()
    assert project.training_runs.count() == 2


def test_the_schedules_that_admins_edit_name_tasks_that_exist() -> None:
    app.loader.import_default_modules()
    named = {task.task for task in PeriodicTask.objects.all()}
    assert {"tasks.maintenance.reconcile", "tasks.maintenance.retrain_on_schedule"} <= (
        named
    )
    assert {name for name in named if name.startswith("tasks.")} <= set(app.tasks)


def test_a_deleted_project_s_texts_go_and_others_stay(
    project: Project, settings: Settings, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    reconcile()
    gone = Project.objects.create(name="Diary")
    for each in (project, gone):
        folder = yardstick.folder(each)
        folder.mkdir(parents=True)
        (folder / "answers.json").write_text('{"pool": ["a text"]}')
        folder.with_suffix(".lock").touch()
    stay, go = yardstick.folder(project), yardstick.folder(gone)
    gone.delete()
    reconcile()
    assert stay.with_suffix(".lock").exists() and (stay / "answers.json").exists()
    assert [path.name for path in go.parent.glob(f"{go.name}*")] == []
