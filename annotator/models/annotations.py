"""People's work: annotations and their spans."""

from collections import defaultdict
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _t

from annotator.models.documents import Document
from annotator.models.edits import (
    Edit,
    EditRefused,
    SpanEdit,
    StaleVersion,
    State,
    check_overlap,
    check_span,
    missing_span,
)
from annotator.models.projects import Label, Project
from annotator.models.revisions import Rejection, Revision
from annotator.models.sources import sources_of
from modeling import spans as span_rules

Place = list[Any]  # [start, end, label], as a revision keeps it


class Annotation(models.Model):
    """One person's pass over one document, or the adjudicated gold record."""

    document = models.ForeignKey(
        Document, on_delete=models.CASCADE, related_name="annotations"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="annotations",
    )
    is_gold = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    version = models.PositiveIntegerField(default=0)
    seconds_spent = models.FloatField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    submitted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["document", "user"],
                condition=Q(is_gold=False),
                name="annotation_is_unique_for_a_person",
            ),
            models.UniqueConstraint(
                fields=["document"],
                condition=Q(is_gold=True),
                name="gold_annotation_is_unique",
            ),
            models.CheckConstraint(
                condition=Q(is_gold=True) | Q(user__isnull=False),
                name="annotation_has_a_person_or_is_gold",
            ),
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="annotation_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="submitted") | Q(submitted_at__isnull=False),
                name="submitted_annotation_has_a_time",
            ),
        ]
        indexes = [models.Index(fields=["document", "state"])]

    def __str__(self) -> str:
        who = "gold" if self.is_gold else str(self.user)
        return f"{self.document} – {who} ({self.state})"

    @transaction.atomic
    def apply(self, edit: Edit, *, by: Any) -> None:
        """Store an edit and its revision, or raise and change nothing.

        Raises:
            StaleVersion: the annotation moved on since ``edit.version``.
            EditRefused: a span does not fit the text, a label or another span.
        """
        if edit.edit_id and self._already_applied(edit):
            self.refresh_from_db()
            return
        if edit.state is not None and edit.state not in State.values:
            raise EditRefused(_t("There is no state “%s”.") % edit.state)
        now = timezone.now()
        state = edit.state or self._state_after_spans_change(edit)
        changed = Annotation.objects.filter(pk=self.pk, version=edit.version).update(
            version=F("version") + 1,
            state=state,
            seconds_spent=F("seconds_spent") + max(0.0, min(edit.seconds, 3600.0)),
            updated_at=now,
            submitted_at=now if state == State.SUBMITTED else None,
        )
        if not changed:
            raise StaleVersion
        self._change_spans(edit)
        rejected, unrejected = self._change_rejections(edit)
        self.refresh_from_db()
        Revision.objects.create(
            annotation=self,
            version=self.version,
            edit_id=edit.edit_id,
            user=by,
            state=self.state,
            added=[_place(span) for span in edit.add],
            removed=[_place(span) for span in edit.remove],
            rejected=rejected,
            unrejected=unrejected,
        )

    def submit(self, by: Any) -> None:
        self.apply(Edit(version=self.version, state=State.SUBMITTED), by=by)

    @classmethod
    def with_overlaps(cls, project: Project) -> QuerySet["Annotation"]:
        """A project's annotations in which spans overlap."""
        other = Span.objects.filter(
            annotation=OuterRef("annotation"),
            start__lt=OuterRef("end"),
            end__gt=OuterRef("start"),
        ).exclude(pk=OuterRef("pk"))
        # Of two that overlap one at least was allowed to.
        layered = Span.objects.filter(Exists(other), may_overlap=True)
        return cls.objects.filter(
            document__project=project, spans__in=layered
        ).distinct()

    def spans_by_value(self) -> list[span_rules.Span]:
        rows = self.spans.values_list("start", "end", "label__name")
        return [span_rules.Span(*row) for row in rows]

    def spans_at(self, version: int) -> set[span_rules.Span]:
        """The spans at a version, replayed, under the labels' names of that time."""
        spans: dict[tuple[int, int], list[str]] = defaultdict(list)
        for revision in self.revisions.filter(version__lte=version):
            for start, end, label in revision.removed:
                there = spans[start, end]
                if there:  # one that was renamed is removed under its new name
                    there.remove(label if label in there else there[-1])
            for start, end, label in revision.added:
                spans[start, end].append(label)
        return {
            span_rules.Span(*place, label)
            for place, labels in spans.items()
            for label in labels
        }

    def _already_applied(self, edit: Edit) -> bool:
        return self.revisions.filter(edit_id=edit.edit_id).exists()

    def _state_after_spans_change(self, edit: Edit) -> str:
        """A submitted document stays submitted while its person corrects it."""
        if self.state == State.SKIPPED and (edit.add or edit.remove):
            return State.OPEN
        return self.state

    def _change_spans(self, edit: Edit) -> None:
        labels = {label.name: label for label in self.document.project.labels.all()}
        kept = {(s.start, s.end, s.label.name): s for s in self._stored()}
        removed = []
        for removal in edit.remove:
            value = (removal.start, removal.end, removal.label)
            stored = kept.pop(value, None)
            if stored is None:
                raise EditRefused(missing_span(removal))
            removed.append(stored.pk)
        self.spans.filter(pk__in=removed).delete()
        added = [check_span(self.document, span, labels) for span in edit.add]
        remaining = [stored.span for stored in kept.values()]
        may_overlap = self.document.project.allows_overlap
        if added:
            check_overlap(self.document, [*remaining, *added], may_overlap)
        sources = sources_of(self.document, edit.add)
        Span.objects.bulk_create(
            Span(
                annotation=self,
                start=span.start,
                end=span.end,
                label=labels[span.label],
                may_overlap=may_overlap,
                **sources.get(span, {}),
            )
            for span in added
        )

    def _stored(self) -> list["Span"]:
        return list(self.spans.select_related("label"))

    def _change_rejections(self, edit: Edit) -> tuple[list[Place], list[Place]]:
        """Store what is turned down, forget what is taken back; give what was news."""
        if not (edit.reject or edit.unreject):
            return [], []
        labels = {label.name: label for label in self.document.project.labels.all()}
        rows = self.rejections.values_list("pk", "start", "end", "label__name")
        there = {span_rules.Span(s, e, label): pk for pk, s, e, label in rows}
        asked = {check_span(self.document, span, labels): None for span in edit.reject}
        new = [span for span in asked if span not in there]
        created = Rejection.objects.bulk_create(
            Rejection(
                annotation=self,
                start=span.start,
                end=span.end,
                label=labels[span.label],
            )
            for span in new
        )
        there |= {span: row.pk for span, row in zip(new, created, strict=True)}
        gone = {s.span: there[s.span] for s in edit.unreject if s.span in there}
        self.rejections.filter(pk__in=gone.values()).delete()
        return [_place(span) for span in new], [_place(span) for span in gone]


def _place(span: SpanEdit | span_rules.Span) -> Place:
    return [span.start, span.end, span.label]


class Span(models.Model):
    """A mention that a person labelled."""

    annotation = models.ForeignKey(
        Annotation, on_delete=models.CASCADE, related_name="spans"
    )
    label = models.ForeignKey(Label, on_delete=models.PROTECT, related_name="spans")
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    may_overlap = models.BooleanField(default=False)  # as the project said then
    suggested_by = models.ForeignKey(
        "Checkpoint",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="accepted_spans",
    )
    suggested_rule = models.ForeignKey(
        "Rule",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="accepted_spans",
    )
    suggested_confidence = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ["start", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(start__lt=F("end")), name="span_is_not_empty"
            ),
            models.UniqueConstraint(
                fields=["annotation", "start"],
                condition=Q(may_overlap=False),
                name="span_start_is_unique",
            ),
            models.UniqueConstraint(
                fields=["annotation", "end"],
                condition=Q(may_overlap=False),
                name="span_end_is_unique",
            ),
            models.UniqueConstraint(
                fields=["annotation", "start", "end", "label"],
                condition=Q(may_overlap=True),
                name="span_is_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} [{self.start}, {self.end})"

    @property
    def span(self) -> span_rules.Span:
        return span_rules.Span(self.start, self.end, self.label.name)
