"""One version of the model: its card, its mistakes, its file, beside another."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from annotator import access, comparison, judging, markdown
from annotator.cards import card_of
from annotator.judging import Choice
from annotator.models import Checkpoint, Project
from modeling import card, export

PAGE = 20


@require_safe
def detail(request: HttpRequest, pk: int, checkpoint: int) -> HttpResponse:
    """The model card."""
    project = access.get_project(request.user, pk)
    version = _version(project, checkpoint)
    context = {
        "project": project,
        "version": version,
        "card": markdown.render(card.body(card_of(version, request.user))),
        "administers": access.may(request.user, project, access.ADMINISTER),
    }
    return render(request, "checkpoints/detail.html", context)


@require_safe
def mistakes(request: HttpRequest, pk: int, checkpoint: int) -> HttpResponse:
    """The documents behind a cell of a confusion table."""
    project = access.get_project(request.user, pk)
    version = _version(project, checkpoint)
    words = ("kind", "gold", "predicted")
    choice = Choice(*(request.GET.get(word, "") for word in words))
    if not choice.is_known:
        raise Http404(f"There is no kind of finding “{choice.kind}”.")
    keys = judging.behind(version, choice)
    page = Paginator(keys, PAGE).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "version": version,
        "choice": choice,
        "kind": judging.NAMES.get(choice.kind),
        "page": page,
        "rows": judging.judged(list(page.object_list), choice),
        "query": choice.query,
        "colors": dict(project.labels.values_list("name", "color")),
    }
    return render(request, "checkpoints/mistakes.html", context)


@require_safe
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Two versions side by side; the newest two when none are named."""
    project = access.get_project(request.user, pk)
    versions = list(project.checkpoints.all()[: comparison.CHOICES])
    newest = [str(version.pk) for version in versions[:2]] or ["0"]
    wanted = [
        request.GET.get("first", newest[-1]),
        request.GET.get("second", newest[0]),
    ]
    if not all(word.isascii() and word.isdigit() for word in wanted):
        raise Http404("Two versions are compared by their numbers.")
    first, second = (_version(project, int(word[:18])) for word in wanted)
    context = {
        "project": project,
        "first": first,
        "second": second,
        "versions": versions,
        "comparison": comparison.compare(first, second),
    }
    return render(request, "checkpoints/compare.html", context)


@require_safe
def download(request: HttpRequest, pk: int, checkpoint: int) -> HttpResponseBase:
    """The folder that Hugging Face's libraries load, zipped while it is sent."""
    project = access.get_project(request.user, pk, access.ADMINISTER)
    version = _version(project, checkpoint)
    if not version.folder or not version.path.is_dir():
        messages.error(request, _("The weights of this version are no longer kept."))
        return redirect("training", project.pk)
    stem = f"{slugify(project.name, allow_unicode=True) or 'model'}-{version.pk}"
    response = StreamingHttpResponse(
        export.zipped(version.path, stem, card_of(version, request.user)),
        content_type="application/zip",
    )
    response["Content-Disposition"] = content_disposition_header(True, f"{stem}.zip")
    return response


def _version(project: Project, pk: int) -> Checkpoint:
    versions = project.checkpoints.select_related("project", "training_run")
    return get_object_or_404(versions, pk=pk)
