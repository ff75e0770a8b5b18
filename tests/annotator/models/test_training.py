"""Training runs move from state to state once, whoever else tries."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotator.models import Checkpoint, Project, TrainingRun, Worker
from annotator.models.jobs import MAX_ATTEMPTS, RunLost, RunState
from annotator.models.training import Trigger

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(project: Project) -> TrainingRun:
    return TrainingRun.request(project, Trigger.BUTTON)[0]


def checkpoint_of(run: TrainingRun, **fields: object) -> Checkpoint:
    return Checkpoint.objects.create(
        project=run.project,
        training_run=run,
        encoder="scratch",
        labels={},
        **{"folder": f"run-{run.pk}", **fields},
    )


def silence(run: TrainingRun, seconds: float) -> None:
    """Make the run look as if its worker had said nothing for a while."""
    long_ago = timezone.now() - timedelta(seconds=seconds)
    TrainingRun.objects.filter(pk=run.pk).update(heartbeat_at=long_ago)
    run.refresh_from_db()


def test_a_button_pressed_five_times_queues_one_run(project: Project) -> None:
    requests = [TrainingRun.request(project, Trigger.BUTTON) for _ in range(5)]
    assert [is_new for _, is_new in requests] == [True, False, False, False, False]
    assert len({run.pk for run, _ in requests}) == 1


def test_a_run_taken_while_another_is_asked_for_makes_room(
    project: Project, run: TrainingRun
) -> None:
    new = TrainingRun(project=project, trigger=Trigger.BUTTON)
    run.claim("worker")  # between the database's refusal and the look at what is there
    with patch.object(TrainingRun.objects, "create", side_effect=[IntegrityError, new]):
        second, is_new = TrainingRun.request(project, Trigger.BUTTON)
    assert is_new and second is new


def test_a_run_is_claimed_by_one_worker_only(run: TrainingRun) -> None:
    rival = TrainingRun.objects.get(pk=run.pk)
    assert run.claim("first")
    assert not rival.claim("second")
    assert run.worker == "first"


def test_a_second_run_waits_while_one_is_running(
    project: Project, run: TrainingRun
) -> None:
    run.claim("worker")
    second, is_new = TrainingRun.request(project, Trigger.COUNT)
    assert is_new
    assert not second.claim("another")
    assert TrainingRun.objects.get(pk=second.pk).state == RunState.QUEUED


def test_the_database_refuses_two_running_runs(
    project: Project, run: TrainingRun
) -> None:
    run.claim("worker")
    with pytest.raises(IntegrityError), transaction.atomic():
        TrainingRun.objects.create(
            project=project, state=RunState.RUNNING, heartbeat_at=timezone.now()
        )


def test_a_worker_given_up_for_dead_cannot_write_any_more(run: TrainingRun) -> None:
    run.claim("slow")
    silence(run, 100)
    reconciled = TrainingRun.objects.get(pk=run.pk)
    assert reconciled.put_back()
    reconciled.claim("successor")
    for write in (run.beat, lambda: run.succeed({}), lambda: run.fail("late")):
        with pytest.raises(RunLost):
            write()
    reconciled.append_log("Mine.")
    run.append_log("Late.")
    run.refresh_from_db()
    assert run.worker == "successor"
    assert run.log.endswith("Mine.\n")


def test_a_run_whose_worker_just_spoke_is_not_put_back(run: TrainingRun) -> None:
    run.claim("worker")
    seen_before = TrainingRun.objects.get(pk=run.pk)
    run.beat(step=3)
    assert not seen_before.put_back()
    assert TrainingRun.objects.get(pk=run.pk).state == RunState.RUNNING


def test_only_silent_runs_are_orphans(run: TrainingRun) -> None:
    run.claim("worker")
    assert not TrainingRun.orphans(30).exists()
    silence(run, 31)
    assert TrainingRun.orphans(30).get() == run


def test_a_run_that_keeps_dying_fails_with_a_sentence(run: TrainingRun) -> None:
    for _ in range(MAX_ATTEMPTS):
        assert run.claim("worker")
        silence(run, 100)
        run.put_back()
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert run.error == "The worker died 3 times during this run."


def test_an_orphan_gives_way_to_a_newer_queued_run(
    project: Project, run: TrainingRun
) -> None:
    run.claim("worker")
    newer, _ = TrainingRun.request(project, Trigger.BUTTON)
    silence(run, 100)
    assert not run.put_back()
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "newer run" in run.error
    assert newer.claim("worker")


def test_cancelling_a_queued_run_ends_it_at_once(run: TrainingRun) -> None:
    assert run.cancel()
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert not run.claim("worker")


def test_cancelling_a_running_run_asks_its_worker(run: TrainingRun) -> None:
    run.claim("worker")
    TrainingRun.objects.get(pk=run.pk).cancel()
    assert run.is_cancel_requested()
    run.stop_cancelled()
    assert run.state == RunState.CANCELLED


def test_a_cancelled_orphan_is_not_queued_again(run: TrainingRun) -> None:
    run.claim("worker")
    run.cancel()
    silence(run, 100)
    assert not run.put_back()
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED


def test_activating_a_checkpoint_retires_the_one_before(
    project: Project, run: TrainingRun
) -> None:
    first = checkpoint_of(run)
    first.activate()
    run.claim("worker")
    run.succeed({"f1": 0.5})
    second = checkpoint_of(TrainingRun.request(project, Trigger.BUTTON)[0])
    second.activate()
    first.refresh_from_db()
    assert (first.state, project.active_checkpoint) == ("retired", second)
    first.activate()  # roll back
    assert project.active_checkpoint == first


def test_the_database_refuses_two_active_checkpoints(
    project: Project, run: TrainingRun
) -> None:
    checkpoint_of(run).activate()
    other = TrainingRun.objects.create(project=project, state=RunState.SUCCEEDED)
    with pytest.raises(IntegrityError), transaction.atomic():
        checkpoint_of(other, state="active")


def test_a_checkpoint_without_weights_cannot_serve(run: TrainingRun) -> None:
    with pytest.raises(ValueError, match="not kept"):
        checkpoint_of(run, folder="").activate()


def test_weights_dropped_since_a_checkpoint_was_read_cannot_serve(
    run: TrainingRun,
) -> None:
    checkpoint = checkpoint_of(run)
    Checkpoint.objects.filter(pk=checkpoint.pk).update(folder="")
    with pytest.raises(ValueError, match="not kept"):
        checkpoint.activate()


def test_a_worker_is_listening_while_it_says_so() -> None:
    now = timezone.now()
    Worker.objects.create(name="here", seen_at=now)
    Worker.objects.create(name="gone", seen_at=now - timedelta(seconds=30))
    assert [worker.name for worker in Worker.listening()] == ["here"]
