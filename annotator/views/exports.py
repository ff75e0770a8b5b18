"""Exporting: choose, see how far it is, fetch the file; older ones are kept."""

from contextlib import suppress
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)
from django_htmx.http import HttpResponseClientRefresh

from annotator import access, keeping, statistics
from annotator.export_options import ExportOptions, ExportRefused
from annotator.forms.exports import ExportForm
from annotator.models import Export, Project, Worker
from annotator.views.stopping import stop
from tasks.exports import make_export

PAGE = 25
SENT = "exports-to-send"  # how each is to be downloaded, once, when it is made


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, pk: int) -> HttpResponse:
    """Everybody exports; what is made is kept."""
    project = access.get_project(request.user, pk)
    form = ExportForm(project, request.POST or None)
    if form.is_valid():
        return _begin(request, project, form.options, form.cleaned_data["package"])
    progress = statistics.progress_by_split(project)
    exports = project.exports.select_related("requested_by")
    context = {
        "project": project,
        "form": form,
        "total": progress["pool"] + progress["evaluation"],
        "page": Paginator(exports, PAGE).get_page(request.GET.get("page")),
        "limit": settings.KEEP_EXPORTS,
        "next_to_go": keeping.in_the_way(project).first(),
        "bytes": exports.filter(removed_at=None).aggregate(sum=Sum("bytes"))["sum"],
    }
    return render(request, "exports/index.html", context)


def _begin(
    request: HttpRequest, project: Project, options: ExportOptions, package: str
) -> HttpResponse:
    """Leave the writing to a worker, unless it takes no longer than to ask for it."""
    try:
        kept = keeping.request(project, options, request.user, get_language() or "")
    except ExportRefused as error:
        messages.error(request, str(error))
        return redirect("document-export", project.pk)
    request.session[SENT] = {**request.session.get(SENT, {}), str(kept.pk): package}
    if keeping.is_small(kept):
        make_export(kept.pk)
    else:
        make_export.delay_on_commit(kept.pk)
    return redirect("export-job", project.pk, kept.pk)


@require_safe
def job(request: HttpRequest, pk: int, export: int) -> HttpResponse:
    """How far an export is, or what came of it; its download begins by itself."""
    project = access.get_project(request.user, pk)
    kept = get_object_or_404(project.exports, pk=export)
    waiting = request.session.get(SENT, {})
    context = _live(request, project, kept)
    if not kept.is_active and str(kept.pk) in waiting:
        package = waiting.pop(str(kept.pk))
        request.session[SENT] = waiting
        address = reverse("document-export-file", args=[project.pk, kept.pk])
        context["sent"] = f"{address}?package={package}" if kept.is_kept else None
    return render(request, "exports/job.html", context)


@require_safe
def progress(request: HttpRequest, pk: int, export: int) -> HttpResponse:
    """The moving part; when the export began or ended the whole page is new."""
    project = access.get_project(request.user, pk)
    kept = get_object_or_404(project.exports, pk=export)
    if request.GET.get("shown") != kept.state:
        return HttpResponseClientRefresh()
    return render(request, "exports/live.html", _live(request, project, kept))


def _live(request: HttpRequest, project: Project, kept: Export) -> dict[str, Any]:
    is_running = kept.state == "running"
    administers = access.may(request.user, project, access.ADMINISTER)
    return {
        "project": project,
        "job": kept,
        "progress": kept.progress if is_running else None,
        "workers": Worker.listening() or (is_running and kept.is_moving),
        "limit": settings.KEEP_EXPORTS,
        "sent": None,
        "administers": administers,
        "may_change": administers or kept.requested_by == request.user,
    }


@require_POST
def cancel(request: HttpRequest, pk: int, export: int) -> HttpResponse:
    kept = access.get_export(request.user, pk, export)
    stop(request, kept, kept)
    if kept.state == "cancelled":  # no worker will take away what dead ones left
        keeping.clear(kept)
    return redirect("export-job", pk, kept.pk)


@require_POST
def again(request: HttpRequest, pk: int, export: int) -> HttpResponse:
    """What was asked for then, of the work as it is now."""
    project = access.get_project(request.user, pk)
    kept = get_object_or_404(project.exports, pk=export)
    options = ExportOptions.restored(kept.options)
    return _begin(request, project, options, keeping.WITH_REPORT)


@require_POST
def pin(request: HttpRequest, pk: int, export: int) -> HttpResponse:
    """Keep an export whatever comes after it, or let newer ones take its room."""
    kept = access.get_export(request.user, pk, export)
    kept.is_pinned = request.POST.get("on") == "yes"
    kept.save(update_fields=["is_pinned"])
    return redirect("export-job", pk, kept.pk)


@require_safe
def download(request: HttpRequest, pk: int, export: int) -> HttpResponseBase:
    """The data of a kept export, its receipt or both, streamed from the disk."""
    project = access.get_project(request.user, pk)
    kept = get_object_or_404(project.exports, pk=export)
    package = request.GET.get("package", keeping.WITH_REPORT)
    if kept.is_kept:
        with (
            suppress(FileNotFoundError),
            keeping.packaged(kept, package) as path,
        ):
            file = path.open("rb")
            return FileResponse(file, as_attachment=True, filename=path.name)
    sentence = _("The files of the export “%(name)s” are not on the server.")
    messages.error(request, sentence % {"name": kept.name})
    return redirect("export-job", project.pk, kept.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: int, export: int) -> HttpResponse:
    """Ask, then delete an export for good."""
    project = access.get_project(request.user, pk, access.ADMINISTER)
    kept = get_object_or_404(project.exports, pk=export)
    if kept.is_active:
        messages.info(request, _("Cancel the export before you delete it."))
        return redirect("export-job", project.pk, kept.pk)
    if request.method != "POST":
        context = {"project": project, "job": kept}
        return render(request, "exports/delete.html", context)
    keeping.discard(kept)
    sentence = _("The export “%(name)s” is deleted.")
    messages.success(request, sentence % {"name": kept.name})
    return redirect("document-export", project.pk)
