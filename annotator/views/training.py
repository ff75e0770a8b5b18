"""Training: the button, the progress, the versions."""

from typing import Any

from django.contrib import messages
from django.db.models.fields.json import KeyTransform
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from annotator import access, charts, forecast, judging, statistics, yardstick
from annotator.models import Checkpoint, Project, TrainingRun, Worker
from annotator.models.training import Trigger
from tasks.prediction import preannotate_project
from tasks.training import retrain

LOG_LINES = 40
VERSIONS = 30


@require_safe
def index(request: HttpRequest, pk: int) -> HttpResponse:
    project = access.get_project(request.user, pk)
    active = project.active_checkpoint
    versions = project.checkpoints.defer("metrics").annotate(
        f1=KeyTransform("f1", "metrics"),
        trained_documents=KeyTransform("trained_documents", "metrics"),
    )
    context = _live(project, active) | {
        "active": active,
        "versions": list(versions[:VERSIONS]),
        "obstacle": statistics.obstacle_to_training(project),
        "administers": access.may(request.user, project, access.ADMINISTER),
        "yardstick_obstacle": yardstick.obstacle(project),
        "yardstick_progress": yardstick.measuring(project),
    }
    if active:
        context |= _seen(project, active)
    return render(request, "training/index.html", context)


def _seen(project: Project, active: Checkpoint) -> dict[str, Any]:
    """What is known of the version in use, as tables and pictures."""
    curve = statistics.learning_curve(project)
    confusion = active.metrics.get("confusion")
    measured = project.yardstick
    bins = active.metrics.get("reliability")
    return {
        "outlook": forecast.outlook(project, curve),
        "curve": curve,
        "curve_chart": charts.learning_curve(curve),
        "yardstick": charts.yardstick(curve, measured) if measured else None,
        "saved": statistics.tokens_saved(measured or {}),
        "reliability": charts.reliability(bins) if bins else None,
        "labels_confused": judging.label_table(confusion) if confusion else None,
        "boundaries_confused": judging.boundary_table(confusion or ()),
        "has_documents": active.assessments.exists(),
    }


def _live(project: Project, active: Checkpoint | None) -> dict[str, Any]:
    """What moves while a run or a pre-annotation is under way."""
    runs = project.training_runs
    running = runs.filter(state="running").first()
    queued = runs.filter(state="queued").first()
    run = running or queued or runs.first()
    history = run.history if run else []
    unread = active.unread_documents().count() if active else 0
    pool = project.documents.filter(split="pool").count() if active else 0
    return {
        "project": project,
        "run": run,
        "is_next_queued": bool(running and queued),
        "loss": charts.progress_line(history, "loss"),
        "f1": charts.progress_line(history, "dev_f1"),
        "log": "\n".join(run.log.splitlines()[-LOG_LINES:]) if run else "",
        "unread": unread,
        "reading": statistics.Progress(total=pool, submitted=pool - unread),
        "shown": f"{run.pk}-{run.state}" if run else "none",
        "is_live": bool(unread or (run and run.is_active)),
        "workers": Worker.listening(),
    }


@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The moving part; when a run began or ended the whole page is new."""
    project = access.get_project(request.user, pk)
    context = _live(project, project.active_checkpoint)
    if request.GET.get("shown") != context["shown"]:
        return HttpResponseClientRefresh()
    context["administers"] = access.may(request.user, project, access.ADMINISTER)
    return render(request, "training/live.html", context)


@require_POST
def start(request: HttpRequest, pk: int) -> HttpResponse:
    project = access.get_project(request.user, pk, access.ADMINISTER)
    obstacle = statistics.obstacle_to_training(project)
    if obstacle:
        messages.error(request, obstacle)
        return redirect("training", project.pk)
    run, is_new = TrainingRun.request(project, Trigger.BUTTON, by=request.user)
    if is_new:
        retrain.delay_on_commit(run.pk)
        messages.success(request, _("A training run is queued."))
    else:
        messages.info(request, _("A training run was queued already."))
    return redirect("training", project.pk)


@require_POST
def cancel(request: HttpRequest, pk: int, run: int) -> HttpResponse:
    project = access.get_project(request.user, pk, access.ADMINISTER)
    found = get_object_or_404(project.training_runs, pk=run)
    if found.cancel():
        messages.success(request, _("The run is told to stop."))
    else:
        messages.info(request, _("The run had ended already."))
    return redirect("training", project.pk)


@require_POST
def activate(request: HttpRequest, pk: int, checkpoint: int) -> HttpResponse:
    """Roll back, or forward, to a checkpoint whose weights are kept."""
    project = access.get_project(request.user, pk, access.ADMINISTER)
    found = get_object_or_404(project.checkpoints, pk=checkpoint)
    try:
        found.activate()
    except ValueError:
        messages.error(request, _("The weights of this version are no longer kept."))
        return redirect("training", project.pk)
    preannotate_project.delay_on_commit(project.pk)
    sentence = _("Version %(number)s is in use now; nobody's spans changed.")
    messages.success(request, sentence % {"number": found.pk})
    return redirect("training", project.pk)
