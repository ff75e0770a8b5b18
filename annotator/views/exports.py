"""Exporting: choose, then fetch the file; older exports can be fetched again."""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from annotator import access, keeping, statistics
from annotator.export_options import ExportRefused
from annotator.forms.exports import ExportForm
from annotator.models import Export, Project

SHOWN = 50  # of the kept exports, the newest
SENT = "export-to-send"  # the address that the next page downloads, once


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, pk: int) -> HttpResponse:
    """Everybody exports; what is made is kept, and its download starts by itself."""
    project = access.get_project(request.user, pk)
    form = ExportForm(project, request.POST or None)
    if form.is_valid():
        try:
            kept = keeping.keep(project, form.options, by=request.user)
        except ExportRefused as error:
            messages.error(request, str(error))
        else:
            address = reverse("document-export-file", args=[project.pk, kept.pk])
            request.session[SENT] = f"{address}?package={form.cleaned_data['package']}"
            return redirect("document-export", project.pk)
    return _page(request, project, form)


@require_safe
def download(request: HttpRequest, pk: int, export: int) -> HttpResponseBase:
    """The data of a kept export, its receipt or both, streamed from the disk."""
    project = access.get_project(request.user, pk)
    kept = get_object_or_404(project.exports, pk=export)
    package = request.GET.get("package", keeping.WITH_REPORT)
    try:
        with keeping.packaged(kept, package) as path:
            file = path.open("rb")
            return FileResponse(file, as_attachment=True, filename=path.name)
    except FileNotFoundError:
        sentence = _("The files of the export “%(name)s” are gone from the server.")
        messages.error(request, sentence % {"name": kept.file})
        return redirect("document-export", project.pk)


@require_POST
def delete(request: HttpRequest, pk: int, export: int) -> HttpResponse:
    project = access.get_project(request.user, pk, access.ADMINISTER)
    kept = get_object_or_404(project.exports, pk=export)
    keeping.discard(kept)
    sentence = _("The export “%(name)s” is deleted.")
    messages.success(request, sentence % {"name": kept.file})
    return redirect("document-export", project.pk)


def _page(request: HttpRequest, project: Project, form: ExportForm) -> HttpResponse:
    progress = statistics.progress_by_split(project)
    exports: list[Export] = list(project.exports.select_related("user")[:SHOWN])
    context = {
        "project": project,
        "form": form,
        "total": progress["pool"] + progress["evaluation"],
        "exports": exports,
        "sent": request.session.pop(SENT, None),
        "administers": access.may(request.user, project, access.ADMINISTER),
    }
    return render(request, "exports/index.html", context)
