"""Projects: the list, one project's overview, making one, its settings."""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from annotator import access, charts, queue, rulebook, statistics
from annotator.forms.projects import LabelFormSet, NewProjectForm
from annotator.forms.recipe import SettingsForm
from annotator.models import Project, TrainingRun
from annotator.models.projects import PALETTE
from tasks.learning import learn_rules
from tasks.prediction import preannotate_project
from tasks.training import submitted_since_last_run

WHOLE_FIELDS = ("labels", "encoder", "guideline")  # as wide as the form


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    projects = list(
        access.projects_of(request.user)
        .annotate(people=Count("memberships", distinct=True))
        .prefetch_related("labels")
    )
    progress = statistics.progress_of_projects(projects)
    active = TrainingRun.objects.filter(
        project__in=projects, state__in=["queued", "running"]
    )
    runs = {run.project_id: run for run in active.order_by("state", "-pk")}
    cards = [
        {
            "project": project,
            "progress": progress.get(project.pk, statistics.Progress()),
            "run": runs.get(project.pk),
        }
        for project in projects
    ]
    return render(request, "projects/index.html", {"cards": cards})


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    project = access.get_project(request.user, pk)
    progress = statistics.progress_by_split(project)
    counts = statistics.label_counts(project)
    histogram = statistics.confidence_histogram(project)
    curve = statistics.learning_curve(project)
    fresh, _labelled = submitted_since_last_run(project)
    return render(
        request,
        "projects/detail.html",
        {
            "project": project,
            "total": progress["pool"] + progress["evaluation"],
            "progress": progress,
            "label_counts": counts,
            "most_spans": max((count.spans for count in counts), default=0),
            "histogram": histogram,
            "histogram_chart": charts.histogram(histogram),
            "curve": curve,
            "curve_chart": charts.learning_curve(curve),
            "order": queue.reason_for_order(project),
            "run": project.training_runs.first(),
            "fresh": fresh,
            "may_annotate": access.may(request.user, project, access.ANNOTATE),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    form = NewProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        project = form.create(request.user)
        messages.success(
            request, _("Project “%(name)s” is made.") % {"name": project.name}
        )
        return redirect("document-upload", project.pk)
    context = {"form": form, "whole_fields": WHOLE_FIELDS}
    return render(request, "projects/create.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, pk: int) -> HttpResponse:
    """Two forms on one page: the project's own fields, and its labels."""
    project = access.get_project(request.user, pk, access.ADMINISTER)
    sent = request.POST if request.method == "POST" else None
    sent_labels = sent if sent is not None and "form-TOTAL_FORMS" in sent else None
    sent_project = sent if sent_labels is None else None
    form = SettingsForm(
        sent_project, instance=Project.objects.get(pk=pk), by=request.user
    )
    labels = LabelFormSet(
        sent_labels,
        queryset=project.labels.annotate(used=Count("spans")),
        initial=[{"color": PALETTE[project.labels.count() % len(PALETTE)]}],
    )
    if sent_project is not None and form.is_valid():
        form.save()
        return _saved(request, project, _("The settings are saved."))
    if sent_labels is not None and labels.is_valid():
        labels.store(project)
        if labels.deleted_forms:  # their rules are gone, and cover nothing any more
            rulebook.read_anew(project)
        return _saved(request, project, _("The labels are saved."))
    context = {
        "project": project,
        "form": form,
        "labels": labels,
        "whole_fields": WHOLE_FIELDS,
    }
    return render(request, "projects/settings.html", context)


def _saved(request: HttpRequest, project: Project, sentence: str) -> HttpResponse:
    """What the model reads may have changed: let it look again."""
    preannotate_project.delay_on_commit(project.pk)
    learn_rules.delay_on_commit(project.pk)
    messages.success(request, sentence)
    return redirect("project-settings", project.pk)
