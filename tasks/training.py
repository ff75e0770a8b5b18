"""Training runs: gather, fine-tune, evaluate, promote, then pre-annotate."""

import logging
from typing import TYPE_CHECKING

from celery import shared_task
from django.db.models import Count, QuerySet

from annotator.models import Annotation, Project, TrainingRun
from annotator.models.jobs import RunLost, RunState
from annotator.models.training import Trigger
from tasks.heartbeat import Heartbeat

if TYPE_CHECKING:
    from celery import Task

logger = logging.getLogger(__name__)
FIRST_RUN_DOCUMENTS = 20  # before that a model has nothing to learn from


@shared_task(bind=True)
def retrain(self: "Task", run_id: int) -> None:
    """Carry a queued training run to its end; any other state is a no-op."""
    from modeling.training import TrainingCancelled, TrainingError
    from tasks.prediction import preannotate_project
    from tasks.run import NothingToLearn, carry_out

    run = TrainingRun.objects.select_related("project").get(pk=run_id)
    worker = self.request.hostname or "local"
    if _is_busy(worker) or not run.claim(worker):
        return
    try:
        with Heartbeat(run) as heart:
            carry_out(run, heart)
    except TrainingCancelled:
        _end_stopped(run, heart)
    except RunLost as error:
        logger.warning("%s", error)
    except (NothingToLearn, TrainingError) as error:
        run.fail(str(error))
    except Exception as error:  # told to the person, and raised again below
        run.fail(f"{type(error).__name__}: {error}")
        raise
    else:
        preannotate_project.delay(run.project_id)
    finally:
        _dispatch_waiting()


def _is_busy(worker: str) -> bool:
    """Two trainings on one device only slow each other down; the second waits."""
    running = TrainingRun.objects.filter(state=RunState.RUNNING, worker=worker)
    return running.exists()


def _end_stopped(run: TrainingRun, heart: Heartbeat) -> None:
    if heart.is_lost:
        logger.warning("Run %s was taken from this worker.", run.pk)
        return
    run.append_log("Cancelled.")
    run.stop_cancelled()


def _dispatch_waiting() -> None:
    """Send the run that has waited longest while this one was running."""
    busy = Project.objects.filter(training_runs__state=RunState.RUNNING)
    queued = TrainingRun.objects.filter(state=RunState.QUEUED).exclude(project__in=busy)
    waiting = queued.order_by("pk").first()
    if waiting:
        retrain.delay(waiting.pk)


@shared_task
def retrain_if_due(project_id: int) -> None:
    """Queue a run when enough documents were submitted since the last one."""
    project = Project.objects.get(pk=project_id)
    if not project.retrain_every:
        return
    fresh, labelled = submitted_since_last_run(project)
    if fresh >= project.retrain_every and labelled >= FIRST_RUN_DOCUMENTS:
        request_run(project, Trigger.COUNT)


def submitted_since_last_run(project: Project) -> tuple[int, int]:
    """(pool documents submitted after the last run was asked for, all submitted)."""
    submitted = Annotation.objects.filter(
        document__project=project, document__split="pool", state="submitted"
    )
    runs = project.training_runs.exclude(state=RunState.CANCELLED)
    last = runs.order_by("-pk").first()
    labelled = _count_documents(submitted)
    if last is None:
        return labelled, labelled
    since = last.started_at or last.created_at
    return _count_documents(submitted.filter(submitted_at__gt=since)), labelled


def _count_documents(annotations: QuerySet[Annotation]) -> int:
    return annotations.aggregate(count=Count("document", distinct=True))["count"]


def request_run(project: Project, trigger: str) -> TrainingRun:
    """Queue a run and send it, or return the one that is queued already."""
    run, is_new = TrainingRun.request(project, trigger)
    if is_new:
        retrain.delay_on_commit(run.pk)
    return run
