"""What people write about a document or about a place in its text."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _t

from annotator.models.documents import Document
from annotator.models.edits import EditRefused, check_place

LONGEST = 5_000


class Comment(models.Model):
    """A remark for everybody in the project.

    It is about a place and not about a span: it stays when the span is moved, given
    another label or deleted, and when another person has a span there.
    """

    document = models.ForeignKey(
        Document, on_delete=models.CASCADE, related_name="comments"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="comments"
    )
    text = models.TextField()
    start = models.PositiveIntegerField(null=True, blank=True)
    end = models.PositiveIntegerField(null=True, blank=True)
    surface = models.TextField(blank=True)  # what the text says there
    created_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="comment_is_not_empty"),
            models.CheckConstraint(
                condition=Q(start__isnull=True, end__isnull=True, surface="")
                | Q(start__lt=F("end")) & ~Q(surface=""),
                name="comment_has_a_place_or_none",
            ),
            models.CheckConstraint(
                condition=Q(resolved_by__isnull=True) | Q(resolved_at__isnull=False),
                name="resolved_comment_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:40]}"

    @classmethod
    def write(
        cls,
        document: Document,
        text: str,
        *,
        by: Any,
        place: tuple[int, int, str] | None = None,
    ) -> "Comment":
        """Store a comment, on a place when start, end and its surface are given.

        Raises:
            EditRefused: it is empty or too long, or the place does not fit the text.
        """
        text = text.strip()
        if not text:
            raise EditRefused(_t("A comment needs words."))
        if len(text) > LONGEST:
            sentence = _t(
                "A comment of %(length)s characters is too long: %(limit)s fit."
            )
            raise EditRefused(sentence % {"length": len(text), "limit": LONGEST})
        unstorable = next(
            (c for c in text if c == "\0" or "\ud800" <= c <= "\udfff"), ""
        )
        if unstorable:
            sentence = _t("A comment cannot hold the character U+%s.")
            raise EditRefused(sentence % f"{ord(unstorable):04X}")
        comment = cls(document=document, author=by, text=text)
        if place is not None:
            check_place(document, *place)
            comment.start, comment.end, comment.surface = place
        comment.save()
        return comment

    def resolve(self, by: Any) -> None:
        """Mark it as settled; who settled it first stays named."""
        if self.resolved_at is None:
            self.resolved_at, self.resolved_by = timezone.now(), by
            self.save(update_fields=["resolved_at", "resolved_by"])

    def reopen(self) -> None:
        self.resolved_at = self.resolved_by = None
        self.save(update_fields=["resolved_at", "resolved_by"])
