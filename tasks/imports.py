"""Imports: every file of an upload is checked, then all are stored at once."""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from celery import shared_task
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _t
from django.utils.translation import ngettext

from annotator import uploads
from annotator.forms.imports import import_options
from annotator.imports import Checked, ImportReport, check
from annotator.models import ImportJob
from annotator.models.jobs import RunLost
from annotator.uploads import Progress, Upload
from tasks.heartbeat import Heartbeat
from tasks.learning import learn_rules
from tasks.prediction import preannotate_project
from tasks.training import retrain_if_due

if TYPE_CHECKING:
    from celery import Task

logger = logging.getLogger(__name__)
ERRORS_SHOWN = 100
NOTES_SHOWN = 100
PROGRESS_SECONDS = 0.5

Report = dict[str, Any]
CheckedFiles = list[tuple[str, Checked]]  # with the names as they were sent


class ImportRefused(ValueError):
    """Nothing was stored, for a reason that a person can do something about."""

    def __init__(self, sentence: str, reports: list[Report] | None = None) -> None:
        super().__init__(sentence)
        self.reports = reports or []


class ImportStopped(Exception):
    """Somebody cancelled the import, or it was taken from this worker."""


@shared_task(bind=True)
def import_upload(self: "Task", job_id: int) -> None:
    """Carry a queued import to its end; any other state is a no-op."""
    related = ImportJob.objects.select_related("project", "requested_by")
    job = related.get(pk=job_id)
    if not job.claim(self.request.hostname or "local"):
        return
    try:
        with translation.override(job.options.get("language")), Heartbeat(job) as heart:
            _carry_out(job, heart)
    except ImportStopped:
        _end_stopped(job, heart)
    except RunLost as error:
        logger.warning("%s", error)
    except ImportRefused as error:
        job.fail(str(error), error.reports)
    except Exception as error:
        job.fail(f"{type(error).__name__}: {error}")
        raise


def _end_stopped(job: ImportJob, heart: Heartbeat) -> None:
    if heart.is_lost:
        logger.warning("Import %s was taken from this worker.", job.pk)
        return
    job.stop_cancelled()


def _carry_out(job: ImportJob, heart: Heartbeat) -> None:
    """Check all files, then store them and the outcome in one transaction.

    Raises:
        ImportRefused: there is nothing to store, or a bad line that may not be skipped.
        ImportStopped: between two batches; nothing is stored.
        RunLost: after all was stored, which takes it back.
    """
    upload = uploads.find(job.upload, job.project_id)
    if upload is None:
        raise ImportRefused(_t("The files are gone; please upload them again."))
    checked = _check(job, upload, heart)
    good = [file for _name, file in checked if file.may_be_stored]
    if not good or (len(good) < len(checked) and not job.skips_bad):
        found = [_report(name, file.report) for name, file in checked]
        raise ImportRefused(_refusal(found), found)
    with transaction.atomic():
        _stop_if_asked(job)
        reports = _store(job, upload, heart, checked)
        _stop_if_asked(job)
        job.succeed(reports)
        for task in (preannotate_project, retrain_if_due, learn_rules):
            task.delay_on_commit(job.project_id)
    if not job.error_count:
        upload.remove()


def _stop_if_asked(job: ImportJob) -> None:
    """Whoever was told that nothing is kept was told so before this moment."""
    if job.is_cancel_requested():
        raise ImportStopped


def _check(job: ImportJob, upload: Upload, heart: Heartbeat) -> CheckedFiles:
    files, found = upload.files, []
    for at, (name, path) in enumerate(files):
        options = import_options(job.options, name, job.skips_bad)
        note = _reporter(upload, heart, "checking", at / len(files), 1 / len(files))
        found.append((name, check(path, job.project, options, note)))
    return found


def _store(
    job: ImportJob, upload: Upload, heart: Heartbeat, checked: CheckedFiles
) -> list[Report]:
    total = sum(file.report.documents for _name, file in checked)
    reports, done = [], 0
    for name, file in checked:
        report, documents = file.report, file.report.documents
        if file.may_be_stored:
            part = done / total, documents / total
            progress = _reporter(upload, heart, "storing", *part, done)
            report = file.store(job.requested_by, progress)
        reports.append(_report(name, report))
        done += documents
    return reports


def _reporter(
    upload: Upload,
    heart: Heartbeat,
    phase: str,
    before: float,
    part: float,
    done: int = 0,
) -> Callable[[int, float], None]:
    """What notes how far a file is, of which a part of the phase is, and may stop."""
    last = 0.0

    def note(documents: int, share: float) -> None:
        nonlocal last
        if heart.should_stop():
            raise ImportStopped
        if time.monotonic() - last >= PROGRESS_SECONDS:
            last = time.monotonic()
            far = before + share * part
            upload.note_progress(Progress(phase, done + documents, far))

    return note


def _report(name: str, report: ImportReport) -> Report:
    """A file's report as a job keeps it: long lists by their beginning."""
    kept = asdict(report) | {"name": name}
    kept["errors"] = report.errors[:ERRORS_SHOWN]
    kept["more_errors"] = max(0, report.error_count - ERRORS_SHOWN)
    kept["notes"] = report.notes[:NOTES_SHOWN]
    kept["more_notes"] = max(0, report.note_count - NOTES_SHOWN)
    return kept


def _refusal(reports: list[Report]) -> str:
    count = sum(report["error_count"] for report in reports)
    sentence = ngettext(
        "%(count)s line is bad: nothing was stored.",
        "%(count)s lines are bad: nothing was stored.",
        count,
    )
    return sentence % {"count": count}
