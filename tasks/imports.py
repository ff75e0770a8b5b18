"""Imports: every file of an upload is checked, then all are stored at once."""

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from celery import shared_task
from django.db import transaction
from django.utils.translation import gettext as _t
from django.utils.translation import ngettext

from annotator import uploads
from annotator.forms.imports import import_options
from annotator.imports import ERRORS_SHOWN, NOTES_SHOWN, Checked, ImportReport, check
from annotator.models import ImportJob
from annotator.models.jobs import RunCancelled
from annotator.patience import patiently
from annotator.progress import Progress
from annotator.uploads import Upload
from tasks.heartbeat import Heartbeat
from tasks.jobs import JobRefused, Watch, carrying_out
from tasks.learning import learn_rules
from tasks.prediction import preannotate_project
from tasks.training import retrain_if_due

if TYPE_CHECKING:
    from celery import Task

Report = dict[str, Any]
CheckedFiles = list[tuple[str, Checked]]  # with the names as they were sent


@shared_task(bind=True)
def import_upload(self: "Task", job_id: int) -> None:
    """Carry a queued import to its end; any other state is a no-op."""
    related = ImportJob.objects.select_related("project", "requested_by")
    job = related.get(pk=job_id)
    if not patiently(lambda: job.claim(self.request.hostname or "local")):
        return
    with carrying_out(job, job.options.get("language")) as heart:
        _carry_out(job, heart)


def _carry_out(job: ImportJob, heart: Heartbeat) -> None:
    """Check all files, then store them and the outcome in one transaction.

    Raises:
        JobRefused: there is nothing to store, or a bad line that may not be skipped.
        RunCancelled: between two batches; nothing is stored.
        RunLost: after all was stored, which takes it back.
    """
    upload = uploads.find(job.upload, job.project_id)
    if upload is None:
        raise JobRefused(_t("The files are gone; please upload them again."))
    watch = Watch(job, upload, heart)
    checked = _check(job, upload, watch)
    good = [file for _name, file in checked if file.may_be_stored]
    if not good or (len(good) < len(checked) and not job.skips_bad):
        found = [_report(name, file.report) for name, file in checked]
        raise JobRefused(_refusal(found), reports=found)
    patiently(lambda: _store_all(job, watch, checked), watch.check)
    if not job.error_count:
        upload.remove()


@transaction.atomic
def _store_all(job: ImportJob, watch: Watch, checked: CheckedFiles) -> None:
    if job.is_cancel_requested():  # between two beats
        raise RunCancelled
    reports = _store(job, watch, checked)
    watch.check()
    job.succeed(reports)
    for task in (preannotate_project, retrain_if_due, learn_rules):
        task.delay_on_commit(job.project_id)


def _check(job: ImportJob, upload: Upload, watch: Watch) -> CheckedFiles:
    files, found = upload.files, []
    for at, (name, path) in enumerate(files):
        options = import_options(job.options, name, job.skips_bad)
        note = _reporter(watch, "checking", at / len(files), 1 / len(files))
        found.append((name, check(path, job.project, options, note)))
    return found


def _store(job: ImportJob, watch: Watch, checked: CheckedFiles) -> list[Report]:
    total = sum(file.report.documents for _name, file in checked)
    reports, done = [], 0
    for name, file in checked:
        report, documents = file.report, file.report.documents
        if file.may_be_stored:
            part = done / total, documents / total
            progress = _reporter(watch, "storing", *part, done)
            report = file.store(job.requested_by, progress)
        reports.append(_report(name, report))
        done += documents
    return reports


def _reporter(
    watch: Watch,
    phase: str,  # "checking" or "storing"
    before: float,
    part: float,
    done: int = 0,
) -> Callable[[int, float], None]:
    """What notes how far a file is, of which a part of the phase is, and may stop."""
    return lambda documents, share: watch.note(
        Progress(phase, done + documents, before + share * part)
    )


def _report(name: str, report: ImportReport) -> Report:
    """A file's report as a job keeps it: long lists by their beginning.

    Of the notes there is more than is shown, as they outlast their file.
    """
    kept = asdict(report) | {"name": name}
    kept["errors"] = report.errors[:ERRORS_SHOWN]
    kept["more_errors"] = max(0, report.error_count - ERRORS_SHOWN)
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
