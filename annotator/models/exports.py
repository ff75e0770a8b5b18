"""Exports that are kept, each with what was asked for and what came of it."""

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotator.formats import OUTPUTS
from annotator.models.projects import Project


class Export(models.Model):
    """One file that was made, as it was made; it lies in a folder of its own."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="exports"
    )
    user = models.ForeignKey(  # None: from the command line
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="exports",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    key = models.UUIDField(unique=True, editable=False)  # names the folder
    file = models.CharField(max_length=255)
    bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    format = models.CharField(max_length=40)
    options = models.JSONField()
    facts = models.JSONField()  # the receipt without the list of changes

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(file="") & ~Q(sha256=""), name="export_has_a_file"
            )
        ]

    def __str__(self) -> str:
        return f"{self.file} ({self.created_at:%Y-%m-%d %H:%M})"

    @property
    def title(self) -> str:
        output = OUTPUTS.get(self.format)
        return str(output.title) if output else self.format

    @staticmethod
    def all_folders() -> Path:
        return Path(settings.MEDIA_ROOT) / "exports"

    @property
    def folder(self) -> Path:
        return self.all_folders() / str(self.key)

    @property
    def path(self) -> Path:
        return self.folder / self.file

    @property
    def report(self) -> Path:
        return self.folder / f"{self.file}.report.json"
