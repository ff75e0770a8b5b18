"""Imports: an upload that a worker checks and stores."""

import uuid
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import Q

from annotator.models.jobs import ACTIVE, Job, RunState
from annotator.models.projects import Project


class ImportJob(Job):
    """One import: all files of an upload, stored together or not at all.

    How far it is stands in a file beside the upload: SQLite lets nobody write while
    one transaction stores a million documents. Its state is only here, and moves to
    succeeded in that same transaction.
    """

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="import_jobs"
    )
    upload = models.UUIDField()  # the folder of its files, see annotator.uploads
    names = models.JSONField(default=list)  # of the files, as they were sent
    options = models.JSONField(default=dict)  # how they are read, see the form
    skips_bad = models.BooleanField(default=False)  # stores the good ones
    reports = models.JSONField(default=list, blank=True)  # one a file

    CLAIMED = {"reports": []}

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["upload"],
                condition=Q(state__in=["queued", "running"]),
                name="one_active_import_an_upload",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RunState.values), name="import_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(heartbeat_at__isnull=False),
                name="running_import_has_a_heartbeat",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project} import {self.pk} ({self.state})"

    @classmethod
    def request(
        cls, project: Project, upload: uuid.UUID, **fields: Any
    ) -> tuple["ImportJob", bool]:
        """The upload's active import and whether this call queued it."""
        for is_last in (False, False, True):
            try:
                with transaction.atomic():
                    job = cls.objects.create(project=project, upload=upload, **fields)
                return job, True
            except IntegrityError:
                active = cls.objects.filter(upload=upload, state__in=ACTIVE)
                if job_before := active.first():
                    return job_before, False
                # It ended in between: there is room for a new one, unless something
                # else is wrong, such as a project that was deleted.
                if is_last:
                    raise
        raise AssertionError("unreachable")

    def succeed(self, reports: list[dict[str, Any]]) -> None:
        self._succeed_unless_cancelled(reports=reports)

    @property
    def error_count(self) -> int:
        """Bad lines in all files."""
        return sum(report["error_count"] for report in self.reports)

    @property
    def good_documents(self) -> int:
        """What could be stored without the bad lines."""
        return sum(report["documents"] for report in self.reports)
