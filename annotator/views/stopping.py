"""Cancelling what a worker does, also while an import holds the database."""

from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from annotator.models.jobs import Job
from annotator.patience import is_locked
from annotator.progress import Moving


def stop(request: HttpRequest, job: Job, moving: Moving | None) -> None:
    """Ask in the database and in the job's folder, and say what came of it."""
    was_active = job.is_active
    if moving and was_active:
        moving.ask_to_stop(job.pk)
    try:
        is_told = job.cancel()
    except OperationalError as error:
        if not is_locked(error):
            raise
        sentence = _(
            "It is told to stop, and this page will say so; only if it was at its very "
            "end, everything is kept."
        )
        messages.warning(request, sentence)
        return
    job.refresh_from_db()
    if is_told or (was_active and job.state == "cancelled"):
        messages.success(request, _("It is told to stop; nothing is kept."))
    else:
        messages.info(request, _("It had ended already."))
