"""What an annotation was and what it turned down."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from annotator.models.edits import State
from annotator.models.projects import Label


class Rejection(models.Model):
    """A proposal that a person turned down; later models do not bring it back."""

    annotation = models.ForeignKey(
        "Annotation", on_delete=models.CASCADE, related_name="rejections"
    )
    label = models.ForeignKey(
        Label, on_delete=models.CASCADE, related_name="rejections"
    )
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()

    class Meta:
        ordering = ["start", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(start__lt=F("end")), name="rejection_is_not_empty"
            ),
            models.UniqueConstraint(
                fields=["annotation", "start", "end", "label"],
                name="rejection_is_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"not {self.label} [{self.start}, {self.end})"


class Revision(models.Model):
    """What one saved edit changed; rows are only ever added."""

    annotation = models.ForeignKey(
        "Annotation", on_delete=models.CASCADE, related_name="revisions"
    )
    version = models.PositiveIntegerField()
    edit_id = models.CharField(max_length=36, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="revisions",
    )
    state = models.CharField(max_length=10, choices=State)
    added = models.JSONField(default=list)  # [[start, end, label], …]
    removed = models.JSONField(default=list)
    rejected = models.JSONField(default=list)  # suggestions turned down, …
    unrejected = models.JSONField(default=list)  # … and open again
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["annotation", "version"]
        constraints = [
            models.UniqueConstraint(
                fields=["annotation", "version"], name="revision_is_unique"
            ),
            models.UniqueConstraint(
                fields=["annotation", "edit_id"],
                condition=~Q(edit_id=""),
                name="edit_is_stored_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.annotation} v{self.version}"
