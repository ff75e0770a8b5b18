"""The rules of a project: look, add, try, switch, delete, take with you."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from annotator import access, rulebook, ruletable, trial
from annotator.forms.rules import RuleForm, TableForm
from annotator.models import Project, Rule
from tasks.learning import learn_rules
from tasks.rules import apply_rules

PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, pk: int) -> HttpResponse:
    """Everybody sees the rules; a curator adds one."""
    needed = access.CURATE if request.method == "POST" else access.READ
    project = access.get_project(request.user, pk, needed)
    form = RuleForm(request.POST or None, project)
    if request.method == "POST" and form.is_valid():
        return _add(request, project, [form.entry])
    return _page(request, project, form, TableForm())


@require_POST
def paste(request: HttpRequest, pk: int) -> HttpResponse:
    """Add many rules at once; with one bad line none is stored."""
    project = access.get_project(request.user, pk, access.CURATE)
    table = TableForm(request.POST, request.FILES)
    if table.is_valid():
        try:
            return _add(request, project, table.entries)
        except rulebook.RuleRefused as error:
            table.add_error(None, str(error))
    return _page(request, project, RuleForm(None, project), table)


@require_POST
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What a rule that is not stored yet would find."""
    project = access.get_project(request.user, pk, access.CURATE)
    form = RuleForm(request.POST, project)
    found = trial.try_out(form.rule) if form.is_valid() else None
    colors = dict(project.labels.values_list("name", "color"))
    context = {"form": form, "found": found, "colors": colors}
    return render(request, "rules/preview.html", context)


@require_POST
def switch(request: HttpRequest, pk: int, rule: int) -> HttpResponse:
    project = access.get_project(request.user, pk, access.CURATE)
    found = get_object_or_404(project.rules, pk=rule)
    rulebook.switch(found, is_active=request.POST.get("on") == "yes")
    return _follow(project)


@require_POST
def delete(request: HttpRequest, pk: int, rule: int) -> HttpResponse:
    project = access.get_project(request.user, pk, access.CURATE)
    found = get_object_or_404(project.rules, pk=rule, is_learned=False)
    rulebook.delete(found)
    messages.success(request, _("“%(text)s” is deleted.") % {"text": found.text})
    return _follow(project)


@require_safe
def export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """All rules in force as lines, learned ones too."""
    project = access.get_project(request.user, pk)
    rules = project.rules.in_force().select_related("label")
    name = f"{slugify(project.name) or 'project'}-rules.tsv"
    return StreamingHttpResponse(
        ruletable.lines(rules.iterator(chunk_size=1000)),
        content_type="text/tab-separated-values; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _add(
    request: HttpRequest, project: Project, entries: list[rulebook.Entry]
) -> HttpResponse:
    added = rulebook.add(project, entries, by=request.user)
    count = added.created + added.changed
    if count:
        sentence = ngettext(
            "%(count)s rule is stored; its suggestions appear in a moment.",
            "%(count)s rules are stored; their suggestions appear in a moment.",
            count,
        )
        messages.success(request, sentence % {"count": count})
    if added.unchanged:
        sentence = ngettext(
            "%(count)s rule was there already.",
            "%(count)s rules were there already.",
            added.unchanged,
        )
        messages.info(request, sentence % {"count": added.unchanged})
    return _follow(project)


def _follow(project: Project) -> HttpResponse:
    """Suggestions first, then how well the rules fit the finished documents."""
    apply_rules.delay_on_commit(project.pk)
    learn_rules.delay_on_commit(project.pk)
    return redirect("rule-list", project.pk)


def _page(
    request: HttpRequest, project: Project, form: RuleForm, table: TableForm
) -> HttpResponse:
    words = request.GET.get("q", "").strip()
    rules = project.rules.select_related("label")
    if words:
        rules = rules.filter(text__icontains=words)
    written = rules.filter(is_learned=False)
    learned = rules.filter(is_learned=True).order_by("-right", "wrong", "text", "pk")
    context = {
        "project": project,
        "form": form,
        "table": table,
        "words": words,
        "written": _part(request, written, "page"),
        "learned": _part(request, learned, "learned"),
        "curates": access.may(request.user, project, access.CURATE),
    }
    return render(request, "rules/index.html", context)


def _part(request: HttpRequest, rules: QuerySet[Rule], name: str) -> dict[str, Any]:
    """One page of a table, with how many suggestions each rule makes now."""
    page = Paginator(rules, PAGE).get_page(request.GET.get(name))
    shown = list(page.object_list)
    counts = Rule.objects.filter(pk__in=[rule.pk for rule in shown])
    found = dict(counts.order_by().values_list("pk").annotate(Count("suggestions")))
    rows = [(rule, found.get(rule.pk, 0)) for rule in shown]
    return {"page": page, "rows": rows, "parameter": name}
