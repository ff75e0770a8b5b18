"""Exports: a file that a worker makes once, kept with what was asked for."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotator.formats import OUTPUTS
from annotator.models.jobs import Job, RunState
from annotator.models.projects import Project
from annotator.progress import Moving


class Export(Moving, Job):
    """One file, as it was made; it lies in a folder of its own.

    A worker writes into a subfolder of its attempt's number: one that was given up for
    dead, and is not, cannot touch what its successor made. How far it is stands in a
    file there, because a large import lets nobody write to SQLite meanwhile.
    """

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="exports"
    )
    key = models.UUIDField(unique=True, editable=False)  # names the folder
    format = models.CharField(max_length=40)
    options = models.JSONField()  # of annotator.export_options
    language = models.CharField(max_length=10, blank=True)  # of the receipt's reasons
    file = models.CharField(max_length=255, blank=True)  # empty until it is made
    bytes = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    facts = models.JSONField(default=dict)  # the receipt without the list of changes
    is_pinned = models.BooleanField(default=False)  # no newer one takes its room
    removed_at = models.DateTimeField(null=True, blank=True)  # its files, for room

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="succeeded") | (~Q(file="") & ~Q(sha256="")),
                name="succeeded_export_has_a_file",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RunState.values), name="export_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(heartbeat_at__isnull=False),
                name="running_export_has_a_heartbeat",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project} export {self.pk} ({self.state})"

    def succeed(self, file: str, facts: dict[str, Any]) -> None:
        self._succeed_unless_cancelled(
            file=file, bytes=facts["bytes"], sha256=facts["sha256"], facts=facts
        )

    @property
    def title(self) -> str:
        output = OUTPUTS.get(self.format)
        return str(output.title) if output else self.format

    @property
    def name(self) -> str:
        """What a person knows it by."""
        return self.file or self.title

    @property
    def is_kept(self) -> bool:
        """Whether it can be fetched."""
        return self.state == RunState.SUCCEEDED and self.removed_at is None

    @staticmethod
    def all_folders() -> Path:
        return Path(settings.MEDIA_ROOT) / "exports"

    @property
    def folder(self) -> Path:
        return self.all_folders() / str(self.key)

    @property
    def attempt_folder(self) -> Path:
        """Where this attempt's files are; those of the command line need none."""
        return self.folder / str(self.attempt) if self.attempt else self.folder

    @property
    def path(self) -> Path:
        return self.attempt_folder / self.file

    @property
    def report(self) -> Path:
        return self.attempt_folder / f"{self.file}.report.json"
