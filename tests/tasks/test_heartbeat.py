"""A training outlives a database that is busy, and hears that it was taken away."""

import time
from collections.abc import Callable
from unittest.mock import patch

import pytest
from django.db import OperationalError
from pytest_django import Settings

from annotator.models import Project, TrainingRun
from annotator.models.jobs import RunLost
from annotator.models.training import Trigger
from tasks import heartbeat
from tasks.heartbeat import Heartbeat

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(project: Project) -> TrainingRun:
    run, _ = TrainingRun.request(project, Trigger.BUTTON)
    run.claim("worker")
    return run


def test_progress_that_a_busy_database_refuses_ends_no_training(
    run: TrainingRun,
) -> None:
    locked = OperationalError("database is locked")
    with (
        patch.object(run, "beat", side_effect=locked) as beat,
        patch.object(heartbeat, "connection") as connection,
    ):
        Heartbeat(run).report(now=True, step=3)
    beat.assert_called_once_with(step=3)
    connection.close.assert_called_once_with()  # a broken one would stay broken


def test_progress_of_a_run_that_was_taken_away_raises(run: TrainingRun) -> None:
    TrainingRun.objects.filter(pk=run.pk).update(attempt=2)
    with pytest.raises(RunLost):
        Heartbeat(run).report(now=True, step=3)


def within_seconds(is_so: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.01)
    return False


@pytest.mark.django_db(transaction=True)
def test_it_beats_in_a_thread_and_hears_of_cancelling(
    run: TrainingRun, settings: Settings
) -> None:
    settings.RUN_HEARTBEAT_SECONDS = 0.01
    before = run.heartbeat_at
    this = TrainingRun.objects.filter(pk=run.pk)
    with Heartbeat(run) as heart:
        assert within_seconds(lambda: this.get().heartbeat_at != before)
        assert not heart.should_stop()
        this.get().cancel()
        assert within_seconds(heart.should_stop)


@pytest.mark.django_db(transaction=True)
def test_it_hears_in_its_thread_that_the_run_was_taken_away(
    run: TrainingRun, settings: Settings
) -> None:
    settings.RUN_HEARTBEAT_SECONDS = 0.01
    with Heartbeat(run) as heart:
        TrainingRun.objects.filter(pk=run.pk).update(attempt=2)
        assert within_seconds(lambda: heart.is_lost)
        assert heart.should_stop()
