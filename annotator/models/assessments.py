"""What a checkpoint said about a document of the evaluation slice when measured."""

from typing import Any

from django.db import models

from annotator.models.documents import Document
from annotator.models.training import Checkpoint
from modeling.spans import Span


class Assessment(models.Model):
    """One document: the answer of that day beside the checkpoint's word on it."""

    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.CASCADE, related_name="assessments"
    )
    document = models.ForeignKey(
        Document, on_delete=models.CASCADE, related_name="assessments"
    )
    gold = models.JSONField(default=list)  # [[start, end, label], …]
    predicted = models.JSONField(default=list)  # the same

    class Meta:
        ordering = ["document"]
        constraints = [
            models.UniqueConstraint(
                fields=["checkpoint", "document"],
                name="assessment_is_unique_for_checkpoint",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document} under checkpoint {self.checkpoint_id}"

    @property
    def gold_spans(self) -> tuple[Span, ...]:
        return _spans(self.gold)

    @property
    def predicted_spans(self) -> tuple[Span, ...]:
        return _spans(self.predicted)


def _spans(rows: list[list[Any]]) -> tuple[Span, ...]:
    return tuple(Span(start, end, label) for start, end, label in rows)
