"""Whether the installation works: for monitors, and for the people at work."""

import logging
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotator.models import TrainingRun, Worker

logger = logging.getLogger(__name__)


@login_not_required
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and a worker listens, else 503."""
    answer: dict[str, Any] = {"database": True, "workers": 0, "queued_runs": 0}
    try:
        answer["workers"] = len(Worker.listening())
        answer["queued_runs"] = TrainingRun.objects.filter(state="queued").count()
        answer["running_runs"] = TrainingRun.objects.filter(state="running").count()
    except DatabaseError as error:
        # The log has the words: they may name hosts and users.
        logger.error("The database does not answer: %s", error)
        answer["database"] = False
    well = bool(answer["database"] and answer["workers"])
    return JsonResponse({"ok": well, **answer}, status=200 if well else 503)


@require_safe
def worker_status(request: HttpRequest) -> HttpResponse:
    """The fragment of the header; 204 while the number shown is still true."""
    workers = Worker.listening()
    if request.GET.get("shown") == str(len(workers)):
        return HttpResponse(status=204)
    return render(request, "includes/worker_status.html", {"workers": workers})
