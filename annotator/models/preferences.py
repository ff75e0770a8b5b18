"""How a person likes the desk."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotator.models.projects import Project

PERCENT = (50, 300)  # of what the page has by itself


class Preferences(models.Model):
    """One person's desk, in every project."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="preferences",
    )
    keys = models.JSONField(default=dict, blank=True)  # {command: chord}, the changed
    font_size = models.PositiveSmallIntegerField(default=100)  # percent
    line_height = models.PositiveSmallIntegerField(default=100)  # percent
    has_line_numbers = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = _("preferences")
        constraints = [
            models.CheckConstraint(
                condition=Q(font_size__range=PERCENT), name="font_size_is_readable"
            ),
            models.CheckConstraint(
                condition=Q(line_height__range=PERCENT), name="line_height_is_readable"
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


class Threshold(models.Model):
    """From which confidence on a person accepts a project's suggestions at once."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="thresholds"
    )
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="thresholds"
    )
    value = models.FloatField()

    class Meta:
        ordering = ["project"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "project"], name="threshold_is_unique"
            ),
            models.CheckConstraint(
                condition=Q(value__gte=0, value__lte=1),
                name="threshold_is_a_probability",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.project}: {self.value}"
