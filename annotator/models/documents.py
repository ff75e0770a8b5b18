"""Documents and what the model says about them."""

import hashlib
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from annotator.models.projects import Label, Project
from modeling.tokens import Token, tokenize


class Split(models.TextChoices):
    POOL = "pool", _("pool")
    EVALUATION = "evaluation", _("evaluation")


class ServedAs(models.TextChoices):
    """Which line of the queue a document was last served from."""

    NOTHING = "", _("not served yet")
    BEST = "best", _("the first in the order")
    CHANCE = "chance", _("drawn by chance")
    NEW = "new", _("not read by a model")


def content_hash(text: str) -> str:
    """SHA-256 of the text as UTF-8, in hexadecimal (lone surrogates kept)."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def shuffle_key(seed: int, digest: str, occurrence: int) -> float:
    """A reproducible place in [0, 1) for the seeded shuffle of a project."""
    mixed = hashlib.sha256(f"{seed}:{digest}:{occurrence}".encode()).digest()
    return int.from_bytes(mixed[:6], "big") / 2**48


# What a query strategy orders by beside the confidence, and whether high is uncertain.
HIGHEST_FIRST = {
    "min_marginal": False,
    "mnlp": False,
    "summed_uncertainty": True,
    "min_span_posterior": False,
    "token_entropy": True,
    "margin": False,
    "bald": True,
}


def _ordered(measure: str) -> models.Index:
    """The documents that have a measure, in its order; the unread cost nothing."""
    column = f"-{measure}" if HIGHEST_FIRST[measure] else measure
    return models.Index(
        fields=["project", "split", column],
        condition=Q(**{f"{measure}__isnull": False}),
        name=f"document_by_{measure}",
    )


class Document(models.Model):
    """One text to annotate, stored exactly as imported.

    The n-th document with the same text in a file has occurrence n, so that a
    corpus with repeated sentences keeps them and importing it again adds nothing.
    """

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="documents"
    )
    text = models.TextField()
    metadata = models.JSONField(default=dict, blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    content_hash = models.CharField(max_length=64, editable=False)
    occurrence = models.PositiveIntegerField(default=0, editable=False)
    tokens = models.JSONField(null=True, blank=True)  # [[start, end], …] as imported
    sentence_starts = models.JSONField(null=True, blank=True)  # token indices
    split = models.CharField(max_length=10, choices=Split, default=Split.POOL)
    split_is_chosen = models.BooleanField(default=False)  # by a person, not by chance
    shuffle_key = models.FloatField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    # Written by the worker for the pool; all empty until a model has read the text.
    confidence = models.FloatField(null=True, blank=True)  # mean marginal, shrunk
    min_marginal = models.FloatField(null=True, blank=True)
    mnlp = models.FloatField(null=True, blank=True)
    summed_uncertainty = models.FloatField(null=True, blank=True)
    min_span_posterior = models.FloatField(null=True, blank=True)
    token_entropy = models.FloatField(null=True, blank=True)  # nats, mean over tokens
    margin = models.FloatField(null=True, blank=True)  # p(best) - p(second best)
    bald = models.FloatField(null=True, blank=True)  # nats, mean over tokens
    signature = models.BinaryField(null=True, blank=True)  # MinHash of the text
    uncertain_tokens = models.JSONField(default=list, blank=True)
    checkpoint = models.ForeignKey(
        "Checkpoint",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="documents",
    )
    # Of the project's rule book when its rules last read the text, 0 for never.
    rules_version = models.PositiveIntegerField(default=0, editable=False)

    leased_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="leases",
    )
    leased_until = models.DateTimeField(null=True, blank=True)
    served_as = models.CharField(
        max_length=6, choices=ServedAs, default=ServedAs.NOTHING, blank=True
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "content_hash", "occurrence"],
                name="document_is_unique_in_project",
            ),
            models.CheckConstraint(
                condition=Q(split__in=Split.values), name="document_split_is_known"
            ),
            models.CheckConstraint(
                condition=Q(served_as__in=ServedAs.values),
                name="document_served_as_is_known",
            ),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True)
                | Q(confidence__gte=0, confidence__lte=1),
                name="document_confidence_is_a_probability",
            ),
        ]
        indexes = [
            # Each order of the queue, so that a few rows of it are read and no more.
            models.Index(fields=["project", "split", "confidence", "shuffle_key"]),
            *(_ordered(measure) for measure in HIGHEST_FIRST),
            models.Index(
                fields=["project", "leased_until"],
                condition=Q(leased_by__isnull=False),
                name="document_is_held",
            ),
            models.Index(fields=["project", "split", "shuffle_key"]),
            models.Index(fields=["project", "split", "checkpoint"]),
            models.Index(fields=["project", "split", "rules_version"]),
            models.Index(fields=["project", "external_id"]),
        ]

    def __str__(self) -> str:
        return self.external_id or f"#{self.pk}"

    @classmethod
    def new(cls, project: Project, text: str, **fields: Any) -> "Document":
        """An unsaved document with hash and shuffle key filled in."""
        digest = content_hash(text)
        key = shuffle_key(project.seed, digest, fields.get("occurrence", 0))
        return cls(
            project=project,
            text=text,
            content_hash=digest,
            shuffle_key=key,
            **fields,
        )

    def tokenize(self, mode: str | None = None) -> list[Token]:
        """The document's tokens in the project's (or the given) token mode."""
        imported = [(s, e) for s, e in self.tokens] if self.tokens else None
        return tokenize(self.text, mode or self.project.token_mode, imported)


class Suggestion(models.Model):
    """A span that a model, a rule or a file proposes; never a person's work."""

    document = models.ForeignKey(
        Document, on_delete=models.CASCADE, related_name="suggestions"
    )
    checkpoint = models.ForeignKey(
        "Checkpoint",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="suggestions",
    )
    rule = models.ForeignKey(
        "Rule",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="suggestions",
    )
    is_imported = models.BooleanField(default=False)  # another program's, in a file
    label = models.ForeignKey(
        Label, on_delete=models.CASCADE, related_name="suggestions"
    )
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    confidence = models.FloatField()

    class Meta:
        ordering = ["start", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(start__lt=F("end")), name="suggestion_is_not_empty"
            ),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1),
                name="suggestion_confidence_is_a_probability",
            ),
            models.CheckConstraint(
                condition=Q(
                    checkpoint__isnull=True, rule__isnull=False, is_imported=False
                )
                | Q(checkpoint__isnull=False, rule__isnull=True, is_imported=False)
                | Q(checkpoint__isnull=True, rule__isnull=True, is_imported=True),
                name="suggestion_has_one_source",
            ),
            models.UniqueConstraint(
                fields=["document", "start", "end", "label"],
                condition=Q(checkpoint__isnull=False),
                name="model_suggestion_is_unique_in_document",
            ),
            models.UniqueConstraint(
                fields=["document", "start", "end", "label"],
                condition=Q(rule__isnull=False),
                name="rule_suggestion_is_unique_in_document",
            ),
            models.UniqueConstraint(
                fields=["document", "start", "end", "label"],
                condition=Q(is_imported=True),
                name="imported_suggestion_is_unique_in_document",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} [{self.start}, {self.end})"
