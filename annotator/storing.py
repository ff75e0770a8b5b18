"""Storing records as documents and annotations, in batches and one transaction."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from annotator.formats import Record
from annotator.models import (
    Annotation,
    Document,
    Label,
    Project,
    Revision,
    Span,
    Suggestion,
)
from annotator.models.documents import Split, content_hash
from annotator.models.edits import State

BATCH = 1_000
UNJUDGED = 0.5  # as a rule's confidence before anybody agreed or disagreed with it


class Numbered(NamedTuple):
    """A record with what makes its document unique in a project."""

    record: Record
    digest: str
    occurrence: int  # the n-th record with this text in its file

    @property
    def key(self) -> tuple[str, int]:
        return self.digest, self.occurrence


@dataclass(slots=True)
class Stored:
    created: int = 0
    duplicates: int = 0
    annotations: int = 0
    spans: int = 0
    suggestions: int = 0
    evaluation: int = 0
    labels_created: list[str] = field(default_factory=list)


def batches(records: Iterable[Record]) -> Iterator[list[Numbered]]:
    """The records in lists of BATCH, each numbered among those with its text."""
    seen: dict[bytes, int] = {}  # half a digest a text keeps a million in 100 MB
    numbered = _numbered(records, seen)
    while batch := list(islice(numbered, BATCH)):
        yield batch


def _numbered(records: Iterable[Record], seen: dict[bytes, int]) -> Iterator[Numbered]:
    for record in records:
        digest = content_hash(record.text)
        short = bytes.fromhex(digest[:32])
        occurrence = seen.get(short, 0)
        seen[short] = occurrence + 1
        yield Numbered(record, digest, occurrence)


def existing(project: Project, batch: list[Numbered]) -> dict[tuple[str, int], int]:
    """Which of a batch the project has already, with their primary keys."""
    rows = project.documents.filter(
        content_hash__in={entry.digest for entry in batch}
    ).values_list("content_hash", "occurrence", "pk")
    wanted = {entry.key for entry in batch}
    return {(h, n): pk for h, n, pk in rows if (h, n) in wanted}


@transaction.atomic
def store(
    project: Project,
    records: Iterable[Record],
    *,
    labels: Iterable[str],
    annotator: Any = None,
    split: str | None = None,
    by: Any = None,
) -> Stored:
    """Store new documents, and annotations where the annotator has none yet.

    Args:
        project: Locked meanwhile, so that two imports of one file make no duplicates.
        records: Checked records of one file.
        labels: All labels of their spans and suggestions, new ones in the order of
            their creation.
        annotator: A user, "gold", or None to store no annotations.
        split: A person's choice, or None to let chance fill the evaluation slice.
        by: Who imports; gold annotations have no other person to name.
    """
    Project.objects.select_for_update().get(pk=project.pk)
    known = set(project.labels.values_list("name", flat=True))
    by_name = project.ensure_labels(labels)
    stored = Stored(labels_created=[name for name in by_name if name not in known])
    newest = project.documents.aggregate(pk=Max("pk"))["pk"] or 0
    for batch in batches(records):
        there = existing(project, batch)
        new = [_document(project, e, split) for e in batch if e.key not in there]
        Document.objects.bulk_create(new, batch_size=BATCH)
        stored.created += len(new)
        stored.duplicates += len(there)
        keys = there | {(d.content_hash, d.occurrence): d.pk for d in new}
        if annotator is not None:
            work = [(keys[e.key], e.record) for e in batch if e.record.is_annotated]
            _annotate(work, by_name, annotator, by, stored)
        _suggest([(keys[e.key], e.record) for e in batch], by_name, stored)
    if split is None:
        stored.evaluation = project.draw_evaluation(imported_after=newest)
        judged = Suggestion.objects.filter(
            document__split=Split.EVALUATION, document__project=project
        )
        stored.suggestions -= judged.filter(is_imported=True).count()
        judged.delete()
    return stored


def _document(project: Project, entry: Numbered, split: str | None) -> Document:
    record = entry.record
    chosen = {"split": split, "split_is_chosen": True} if split else {}
    return Document.new(
        project,
        record.text,
        occurrence=entry.occurrence,
        metadata=record.metadata,
        external_id=record.external_id,
        tokens=record.tokens,
        sentence_starts=record.sentence_starts,
        **chosen,
    )


def _suggest(
    work: list[tuple[int, Record]], labels: dict[str, Label], stored: Stored
) -> None:
    """Store what other programs proposed for documents that nobody has annotated.

    It replaces what an earlier file proposed. The evaluation slice gets none.
    """
    proposed = {pk: record.suggestions for pk, record in work if record.suggestions}
    waiting = Document.objects.filter(pk__in=proposed, split=Split.POOL)
    keys = list(waiting.filter(annotations__isnull=True).values_list("pk", flat=True))
    Suggestion.objects.filter(document__in=keys, is_imported=True).delete()
    rows = [
        Suggestion(
            document_id=pk,
            is_imported=True,
            label=labels[span.label],
            start=span.start,
            end=span.end,
            confidence=UNJUDGED,
        )
        for pk in keys
        for span in dict.fromkeys(proposed[pk])
    ]
    Suggestion.objects.bulk_create(rows, batch_size=BATCH)
    stored.suggestions += len(rows)


def _annotate(
    work: list[tuple[int, Record]],
    labels: dict[str, Label],
    annotator: Any,
    by: Any,
    stored: Stored,
) -> None:
    """Store records as submitted annotations of a person, or as gold."""
    is_gold = annotator == "gold"
    person = None if is_gold else annotator
    done = Annotation.objects.filter(
        document__in=[pk for pk, _ in work], is_gold=is_gold, user=person
    )
    finished = set(done.values_list("document", flat=True))
    work = [(pk, record) for pk, record in work if pk not in finished]
    now = timezone.now()
    annotations = Annotation.objects.bulk_create(
        Annotation(
            document_id=pk,
            user=person,
            is_gold=is_gold,
            state=State.SUBMITTED,
            submitted_at=now,
            version=1,
        )
        for pk, _ in work
    )
    pairs = [(a, r) for a, (_, r) in zip(annotations, work, strict=True)]
    spans = [
        Span(
            annotation=a,
            start=s.start,
            end=s.end,
            label=labels[s.label],
            may_overlap=labels[s.label].project.allows_overlap,
        )
        for a, record in pairs
        for s in record.spans
    ]
    Span.objects.bulk_create(spans, batch_size=BATCH)
    Revision.objects.bulk_create(
        Revision(
            annotation=annotation,
            version=1,
            user=by if is_gold else person,
            state=State.SUBMITTED,
            added=[[s.start, s.end, s.label] for s in record.spans],
        )
        for annotation, record in pairs
    )
    stored.annotations += len(annotations)
    stored.spans += len(spans)
