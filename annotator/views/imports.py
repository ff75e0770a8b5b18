"""Importing: upload, look at what was recognised, then let a worker store it."""

import csv
import uuid
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)
from django_htmx.http import HttpResponseClientRefresh

from annotator import access, opening, uploads
from annotator.forms.imports import (
    OptionsForm,
    UploadForm,
    format_title,
    import_options,
)
from annotator.imports import ERRORS_SHOWN, NOTES_SHOWN
from annotator.models import ImportJob, Project, Worker
from annotator.opening import ImportOptions
from annotator.previews import preview as look_at
from annotator.views.stopping import stop
from tasks.imports import import_upload

JOBS_SHOWN = 10


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    project = access.get_project(request.user, pk, access.ADMINISTER)
    form = UploadForm(project, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        files = form.cleaned_data["uploads"]
        kept = uploads.keep(files, project.pk, form.options)
        return redirect("import-preview", project.pk, kept.key)
    context = {
        "project": project,
        "form": form,
        "jobs": project.import_jobs.select_related("requested_by")[:JOBS_SHOWN],
        "largest": settings.UPLOAD_MAX_BYTES,
    }
    return render(request, "imports/upload.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, pk: int, key: uuid.UUID) -> HttpResponse:
    project = access.get_project(request.user, pk, access.ADMINISTER)
    waiting = uploads.find(key, project.pk)
    job = project.import_jobs.filter(upload=key).first()
    if job and (job.is_active or waiting is None):
        return redirect("import-job", project.pk, job.pk)
    if waiting is None:
        raise Http404(_("This upload is gone: it was imported or thrown away."))
    action = request.POST.get("action")
    if action == "discard":
        waiting.remove()
        messages.info(request, _("The upload is thrown away."))
        return redirect("document-upload", project.pk)
    if action in ("import", "import-good"):
        return _queue(request, project, waiting, skips_bad=action == "import-good")
    form = OptionsForm(project, request.POST or None, initial=waiting.manifest.options)
    if request.method == "POST" and form.is_valid():
        waiting.manifest.options.update(form.options)
        waiting.save()
        return redirect("import-preview", project.pk, key)
    context = _seen(project, waiting) | {"project": project, "key": key, "form": form}
    return render(request, "imports/preview.html", context)


def _queue(
    request: HttpRequest, project: Project, waiting: uploads.Upload, *, skips_bad: bool
) -> HttpResponse:
    """Leave the storing to a worker, once however often the button is pressed."""
    job, is_new = ImportJob.request(
        project,
        waiting.key,
        names=waiting.manifest.names,
        options=waiting.manifest.options | {"language": get_language()},
        skips_bad=skips_bad,
        requested_by=request.user,
    )
    if is_new:
        import_upload.delay_on_commit(job.pk)
    return redirect("import-job", project.pk, job.pk)


def _seen(project: Project, waiting: uploads.Upload) -> dict[str, Any]:
    """What was recognised in each file, and all together."""
    options = waiting.manifest.options
    found = [
        (name, look_at(path, project, import_options(options, name)))
        for name, path in waiting.files
    ]
    files = [
        {
            "name": name,
            "preview": seen,
            "format": format_title(seen.format),
            "errors": seen.errors[:ERRORS_SHOWN],
            "more_errors": max(0, seen.error_count - ERRORS_SHOWN),
            "notes": seen.notes[:NOTES_SHOWN],
            "more_notes": max(0, seen.note_count - NOTES_SHOWN),
        }
        for name, seen in found
    ]
    return {
        "files": files,
        "documents": sum(seen.documents for _, seen in found),
        "errors": sum(seen.error_count for _, seen in found),
        "is_whole": all(seen.is_whole for _, seen in found),
        "colors": dict(project.labels.values_list("name", "color")),
        "unnamed_spans": not options["annotated_by"]
        and sum(seen.spans for _, seen in found),
    }


@require_safe
def job(request: HttpRequest, pk: int, job: int) -> HttpResponse:
    """How far an import is, or what came of it."""
    project = access.get_project(request.user, pk, access.ADMINISTER)
    found = get_object_or_404(project.import_jobs, pk=job)
    return render(request, "imports/job.html", _live(project, found))


@require_safe
def progress(request: HttpRequest, pk: int, job: int) -> HttpResponse:
    """The moving part; when the import began or ended the whole page is new."""
    project = access.get_project(request.user, pk, access.ADMINISTER)
    found = get_object_or_404(project.import_jobs, pk=job)
    if request.GET.get("shown") != found.state:
        return HttpResponseClientRefresh()
    return render(request, "imports/live.html", _live(project, found))


def _live(project: Project, job: ImportJob) -> dict[str, Any]:
    kept = uploads.find(job.upload, project.pk)
    is_running = kept is not None and job.state == "running"
    return {
        "project": project,
        "job": job,
        "kept": kept,
        "progress": kept.progress if kept and is_running else None,
        "workers": Worker.listening() or (kept and is_running and kept.is_moving),
    }


@require_POST
def cancel(request: HttpRequest, pk: int, job: int) -> HttpResponse:
    project = access.get_project(request.user, pk, access.ADMINISTER)
    found = get_object_or_404(project.import_jobs, pk=job)
    stop(request, found, uploads.find(found.upload, project.pk))
    return redirect("import-job", project.pk, found.pk)


class _Line:
    """A file for the csv module that hands every line on."""

    def write(self, line: str) -> str:
        return line


Told = Iterator[tuple[str, int, str]]  # a file, a line and what is said about it


@require_safe
def errors(request: HttpRequest, pk: int, key: uuid.UUID) -> StreamingHttpResponse:
    """All bad lines of an upload as CSV, written while its files are read again."""
    project = access.get_project(request.user, pk, access.ADMINISTER)
    kept = uploads.find(key, project.pk)
    if kept is None:
        raise Http404(_("This upload is gone: it was imported or thrown away."))
    lines = _read_again(project, kept, opening.bad_lines)
    return _as_csv("bad-lines.csv", _("What is wrong"), lines)


@require_safe
def notes(request: HttpRequest, pk: int, key: uuid.UUID) -> StreamingHttpResponse:
    """All notes about an upload as CSV; when its files are gone, those of its job."""
    project = access.get_project(request.user, pk, access.ADMINISTER)
    kept = uploads.find(key, project.pk)
    job = project.import_jobs.filter(upload=key).first()
    if kept is not None:
        lines = _read_again(project, kept, opening.all_notes)
    elif job is not None:
        lines = _kept_notes(job)
    else:
        raise Http404(_("This upload is gone: it was imported or thrown away."))
    return _as_csv("notes.csv", _("What was done"), lines)


def _read_again(
    project: Project,
    kept: uploads.Upload,
    reader: Callable[[Path, Project, ImportOptions], Iterator[tuple[int, str]]],
) -> Told:
    for name, path in kept.files:
        options = import_options(kept.manifest.options, name)
        yield from ((name, *told) for told in reader(path, project, options))


def _kept_notes(job: ImportJob) -> Told:
    for report in job.reports:
        yield from (
            (report["name"], line, note) for line, note in report.get("notes", ())
        )


def _as_csv(name: str, title: str, told: Told) -> StreamingHttpResponse:
    writer = csv.writer(_Line())
    rows = chain([(_("File"), _("Line"), title)], told)
    head = {"Content-Disposition": f'attachment; filename="{name}"'}
    lines = (writer.writerow(row) for row in rows)
    return StreamingHttpResponse(lines, content_type="text/csv", headers=head)
