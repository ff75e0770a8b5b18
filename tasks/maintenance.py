"""What keeps the house in order: work put back, leftovers gone, schedules honoured."""

import logging
import time
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from annotator import keeping, scratch, uploads, yardstick
from annotator.models import (
    Checkpoint,
    Export,
    ImportJob,
    Project,
    RuleBook,
    TrainingRun,
    Worker,
)
from annotator.models.jobs import Job, RunState
from annotator.models.training import Trigger
from tasks.exports import make_export
from tasks.imports import import_upload
from tasks.prediction import preannotate_project
from tasks.rules import apply_rules, unread_documents
from tasks.training import FIRST_RUN_DOCUMENTS, request_run, retrain
from tasks.training import submitted_since_last_run as fresh_and_labelled

logger = logging.getLogger(__name__)
PATIENCE = timedelta(seconds=60)  # before work that nobody took is sent again
TASKS: dict[type[Job], Any] = {
    TrainingRun: retrain,
    ImportJob: import_upload,
    Export: make_export,
}
FRESH_FOR_SCHEDULE = 5  # new documents that make a scheduled run worth its time


@shared_task
def reconcile(*, everything: bool = False) -> None:
    """Put back what a dead worker or a lost message left behind.

    Args:
        everything: Do not wait for the usual patience; for the start of a worker.
    """
    silent_seconds = settings.RUN_ORPHANED_SECONDS
    if everything:
        silent_seconds = min(silent_seconds, 5 * settings.RUN_HEARTBEAT_SECONDS)
    # A write first: where a long import holds SQLite's lock, this waits for its end.
    Worker.objects.filter(seen_at__lt=timezone.now() - timedelta(days=1)).delete()
    orphans: list[Job] = [
        *TrainingRun.orphans(silent_seconds),
        *ImportJob.orphans(silent_seconds),
        *Export.orphans(silent_seconds),
    ]
    if orphans:
        # A worker that only waited for the database speaks again meanwhile.
        time.sleep(2 * settings.RUN_HEARTBEAT_SECONDS)
    for job in orphans:
        if job.put_back():
            logger.warning("“%s” had lost its worker and is queued again.", job)
            TASKS[type(job)].delay(job.pk)
    patience = timedelta(0) if everything else PATIENCE
    _send_again_runs(patience)
    _send_again(ImportJob, patience)
    _send_again(Export, patience)
    _send_again_chunks(patience)
    _send_again_readings(patience)
    yardstick.drop_orphans()
    keeping.sweep()
    uploads.sweep()
    scratch.sweep()


def _send_again_runs(patience: timedelta) -> None:
    long_ago = timezone.now() - patience
    queued = TrainingRun.objects.filter(
        state=RunState.QUEUED, dispatched_at__lte=long_ago
    )
    busy = Project.objects.filter(training_runs__state=RunState.RUNNING)
    for run in queued.exclude(project__in=busy):
        TrainingRun.objects.filter(pk=run.pk).update(dispatched_at=timezone.now())
        retrain.delay(run.pk)


def _send_again(kind: type[ImportJob] | type[Export], patience: timedelta) -> None:
    queued = kind._default_manager.filter(
        state=RunState.QUEUED, dispatched_at__lte=timezone.now() - patience
    )
    for job in queued:
        queued.filter(pk=job.pk).update(dispatched_at=timezone.now())
        TASKS[kind].delay(job.pk)


def _send_again_chunks(patience: timedelta) -> None:
    """Resume pre-annotation that stopped; chunks may only wait behind a training."""
    if TrainingRun.objects.filter(state=RunState.RUNNING).exists():
        patience *= 10
    long_ago = timezone.now() - patience
    silent = Q(preannotated_at=None, activated_at__lte=long_ago)
    silent |= Q(preannotated_at__lte=long_ago)
    for checkpoint in Checkpoint.objects.filter(silent, state="active"):
        if checkpoint.unread_documents().exists():
            preannotate_project.delay(checkpoint.project_id)


def _send_again_readings(patience: timedelta) -> None:
    """Resume rules that stopped among the documents."""
    silent = Q(read_at=None) | Q(read_at__lte=timezone.now() - patience)
    for book in RuleBook.objects.filter(silent).select_related("project"):
        if unread_documents(book).exists():
            apply_rules.delay(book.project_id)


@shared_task
def retrain_on_schedule() -> None:
    """Queue a run for each project whose hours are over and that has new work."""
    for project in Project.objects.filter(retrain_hours__gt=0):
        fresh, labelled = fresh_and_labelled(project)
        if fresh < FRESH_FOR_SCHEDULE or labelled < FIRST_RUN_DOCUMENTS:
            continue
        last = project.training_runs.order_by("-pk").first()
        due = timezone.now() - timedelta(hours=project.retrain_hours)
        if last is None or (last.created_at <= due and not last.is_active):
            request_run(project, Trigger.SCHEDULE)
