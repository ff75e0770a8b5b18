"""The documents of a project: filter, search, page."""

from django.core.paginator import Paginator
from django.db.models import Count, Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from annotator import access
from annotator.forms.documents import DocumentFilter
from annotator.models import Annotation

PAGE = 50


@require_safe
def index(request: HttpRequest, pk: int) -> HttpResponse:
    """The list; htmx asks for the table alone."""
    project = access.get_project(request.user, pk)
    filters = DocumentFilter(request.GET, project)
    people = Annotation.objects.select_related("user").order_by("pk")
    documents = filters.documents().prefetch_related(
        Prefetch("annotations", queryset=people)
    )
    page = Paginator(documents, PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    proposed = dict(
        project.documents.filter(pk__in=[document.pk for document in rows])
        .values_list("pk")
        .annotate(Count("suggestions"))
    )
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "project": project,
        "filters": filters,
        "page": page,
        "rows": [(document, proposed[document.pk]) for document in rows],
        "query": query.urlencode(),
    }
    fragment = request.headers.get("HX-Target") == "documents"
    template = "documents/table.html" if fragment else "documents/index.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Target"])
    return response
