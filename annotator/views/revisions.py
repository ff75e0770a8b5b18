"""The history of one's annotation of a document, edit by edit."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from annotator import access
from annotator.models import Revision

PAGE = 20
SHOWN = 100  # spans of one kind in a revision


@dataclass(frozen=True, slots=True)
class Part:
    """What one revision did of one kind: the labels and texts of the first spans."""

    title: str
    spans: list[tuple[str, str]]
    more: int


@require_safe
@never_cache
def index(request: HttpRequest, pk: int) -> HttpResponse:
    """What each of the person's saved edits changed, newest first."""
    document = access.get_document(request.user, pk)
    own = document.annotations.filter(user=request.user.pk, is_gold=False)
    revisions = Revision.objects.filter(annotation__in=own).select_related("user")
    pages = Paginator(revisions.order_by("-version"), PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {
        "project": document.project,
        "document": document,
        "page": page,
        "rows": [(row, _parts(row, document.text)) for row in page.object_list],
    }
    return render(request, "revisions/index.html", context)


def _parts(revision: Revision, text: str) -> list[Part]:
    kinds: list[tuple[str, list[Any]]] = [
        (_("Added"), revision.added),
        (_("Removed"), revision.removed),
        (_("Rejected"), revision.rejected),
        (_("Rejection taken back"), revision.unrejected),
    ]
    return [
        Part(
            title,
            [(label, text[start:end]) for start, end, label in islice(places, SHOWN)],
            max(0, len(places) - SHOWN),
        )
        for title, places in kinds
        if places
    ]
