"""Importing: upload, look at what was recognised, then store it."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from annotator import access, imports, uploads
from annotator.forms.imports import (
    OptionsForm,
    UploadForm,
    format_title,
    import_options,
)
from annotator.models import Project
from tasks.learning import learn_rules
from tasks.prediction import preannotate_project
from tasks.training import retrain_if_due

ERRORS_SHOWN = 100
NOTES_SHOWN = 100


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
        "reports": request.session.pop("import_reports", []),
        "largest": settings.UPLOAD_MAX_BYTES,
    }
    return render(request, "imports/upload.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, pk: int, key: uuid.UUID) -> HttpResponse:
    project = access.get_project(request.user, pk, access.ADMINISTER)
    waiting = uploads.find(key, project.pk)
    if waiting is None:
        raise Http404(_("This upload is gone: it was imported or thrown away."))
    action = request.POST.get("action")
    if action == "discard":
        waiting.remove()
        messages.info(request, _("The upload is thrown away."))
        return redirect("document-upload", project.pk)
    if action in ("import", "import-good"):
        return _store(request, project, waiting, skip_bad=action == "import-good")
    form = OptionsForm(project, request.POST or None, initial=waiting.manifest.options)
    if request.method == "POST" and form.is_valid():
        waiting.manifest.options.update(form.options)
        waiting.save()
        return redirect("import-preview", project.pk, key)
    found = [_survey(project, waiting, name, path) for name, path in waiting.files]
    errors = sum(file["preview"].error_count for file in found)
    context = {
        "project": project,
        "key": key,
        "form": form,
        "files": found,
        "documents": sum(file["preview"].documents for file in found),
        "errors": errors,
        "colors": dict(project.labels.values_list("name", "color")),
        "unnamed_spans": not waiting.manifest.options["annotated_by"]
        and sum(file["preview"].spans for file in found),
    }
    return render(request, "imports/preview.html", context)


def _survey(
    project: Project, waiting: uploads.Upload, name: str, path: Any
) -> dict[str, Any]:
    options = import_options(waiting.manifest.options, name)
    found = imports.preview(path, project, options)
    return {
        "name": name,
        "preview": found,
        "format": format_title(found.format),
        "errors": found.errors[:ERRORS_SHOWN],
        "more_errors": max(0, found.error_count - ERRORS_SHOWN),
        "notes": found.notes[:NOTES_SHOWN],
        "more_notes": max(0, found.note_count - NOTES_SHOWN),
    }


def _store(
    request: HttpRequest, project: Project, waiting: uploads.Upload, *, skip_bad: bool
) -> HttpResponse:
    """Import every file, keep the reports for the next page, drop the upload."""
    reports = []
    for name, path in waiting.files:
        options = import_options(waiting.manifest.options, name, skip_bad)
        report = imports.import_file(path, project, options, by=request.user)
        reports.append(
            {
                "name": name,
                "is_stored": report.is_stored,
                "created": report.created,
                "duplicates": report.duplicates,
                "annotations": report.annotations,
                "spans": report.spans,
                "evaluation": report.evaluation,
                "labels": report.labels_created,
                "errors": report.errors[:ERRORS_SHOWN],
                "error_count": report.error_count,
                "suggestions": report.suggestions,
                "notes": report.notes[:NOTES_SHOWN],
                "note_count": report.note_count,
                "more_notes": max(0, report.note_count - NOTES_SHOWN),
            }
        )
    waiting.remove()
    request.session["import_reports"] = reports
    if any(report["is_stored"] for report in reports):
        preannotate_project.delay_on_commit(project.pk)
        retrain_if_due.delay_on_commit(project.pk)
        learn_rules.delay_on_commit(project.pk)
    return redirect("document-upload", project.pk)
