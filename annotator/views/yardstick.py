"""The button that compares the project's strategy with random order."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotator import access, yardstick
from tasks.yardstick import measure_yardstick


@require_POST
def start(request: HttpRequest, pk: int) -> HttpResponse:
    project = access.get_project(request.user, pk, access.ADMINISTER)
    if obstacle := yardstick.obstacle(project):
        messages.error(request, obstacle)
    else:
        measure_yardstick.delay_on_commit(project.pk)
        messages.success(request, _("The comparison with random order is queued."))
    return redirect("training", project.pk)
