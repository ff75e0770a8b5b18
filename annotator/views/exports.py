"""Exporting: choose, then download; memory stays flat however large it is."""

import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from annotator import access, exports, statistics
from annotator.forms.exports import ExportForm
from annotator.models import Project

LONGEST_STEM = 200  # bytes: 255 are allowed, and “.conll.report.json” follows


@require_safe
def index(request: HttpRequest, pk: int) -> HttpResponse:
    project = access.get_project(request.user, pk)
    return _form(request, project, ExportForm(project))


@require_safe
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file, its receipt or both, written to disk and streamed from there."""
    project = access.get_project(request.user, pk)
    form = ExportForm(project, request.GET)
    if not form.is_valid():
        return _form(request, project, form)
    name = f"{_stem(project)}.{form.suffix}"
    with TemporaryDirectory(dir=settings.VAR_DIR, prefix="export-") as folder:
        data = Path(folder) / name
        try:
            receipt = exports.export(project, data, form.options)
        except exports.ExportRefused as error:
            messages.error(request, str(error))
            return _form(request, project, form)
        sent = _package(form.cleaned_data["package"], data, receipt)
        # The open file outlives its folder, so nothing is left on the disk.
        return FileResponse(sent.open("rb"), as_attachment=True, filename=sent.name)


def _stem(project: Project) -> str:
    """The project's name as a file name, cut to what file systems hold."""
    slug = slugify(project.name, allow_unicode=True) or f"project-{project.pk}"
    return slug.encode()[:LONGEST_STEM].decode(errors="ignore")


def _package(kind: str, data: Path, receipt: dict[str, Any]) -> Path:
    if kind == "file":
        return data
    report = exports.write_receipt(receipt, data)
    if kind == "receipt":
        return report
    archive = data.with_name(f"{data.stem}.zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(data, data.name)
        file.write(report, "report.json")
    return archive


def _form(request: HttpRequest, project: Any, form: ExportForm) -> HttpResponse:
    progress = statistics.progress_by_split(project)
    context = {
        "project": project,
        "form": form,
        "total": progress["pool"] + progress["evaluation"],
    }
    return render(request, "exports/index.html", context)
