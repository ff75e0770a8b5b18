"""A training outlives a database that is busy, and hears that it was taken away."""

from unittest.mock import patch

import pytest
from django.db import OperationalError

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
