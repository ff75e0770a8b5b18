"""Exports: a worker writes the file and its receipt, then says so at once."""

import logging
from typing import TYPE_CHECKING

from celery import shared_task
from django.utils.translation import gettext as _t

from annotator import keeping
from annotator.export_options import ExportRefused
from annotator.models import Export
from annotator.models.jobs import ACTIVE, RunState
from annotator.patience import patiently
from tasks.heartbeat import Heartbeat
from tasks.jobs import JobRefused, Watch, carrying_out

if TYPE_CHECKING:
    from celery import Task

logger = logging.getLogger(__name__)


@shared_task(bind=True)
def make_export(self: "Task", export_id: int) -> None:
    """Carry a queued export to its end; any other state is a no-op."""
    kept = Export.objects.select_related("project").get(pk=export_id)
    if not patiently(lambda: kept.claim(self.request.hostname or "local")):
        return
    try:
        with carrying_out(kept, kept.language or None) as heart:
            _carry_out(kept, heart)
    finally:
        alive = Export.objects.filter(state__in=(*ACTIVE, RunState.SUCCEEDED))
        attempts = alive.filter(pk=kept.pk).values_list("attempt", flat=True)
        if not attempts:
            keeping.clear(kept)
        elif kept.attempt not in attempts:
            keeping.clear_attempt(kept)


def _carry_out(kept: Export, heart: Heartbeat) -> None:
    """Write the file, then the outcome; older ones make room.

    Raises:
        JobRefused: the format cannot hold it, or the disk is full.
        RunCancelled: between two batches of documents, or before the outcome.
        RunLost: before the outcome was written; the successor has its own files.
    """
    watch = Watch(kept, kept, heart)
    keeping.clear_attempts(kept)
    try:
        facts = keeping.make(kept, watch.note).facts
    except ExportRefused as error:
        raise JobRefused(str(error)) from error
    except OSError as error:
        logger.exception("Export %s cannot be written.", kept.pk)
        sentence = _t("The file cannot be written: {why}.")
        raise JobRefused(sentence.format(why=error.strerror or error)) from error
    watch.check()
    patiently(lambda: kept.succeed(facts["file"], facts), watch.check)
    kept.forget_progress()
    for older in patiently(lambda: keeping.make_room(kept.project)):
        logger.info("Export %s made room for export %s.", older.pk, kept.pk)
