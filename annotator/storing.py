"""Storing records as documents and annotations, in batches and one transaction."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from annotator.collecting import sparing_the_collector
from annotator.formats import UNJUDGED, Record
from annotator.models import (
    Annotation,
    Document,
    Label,
    Project,
    Revision,
    Span,
    Suggestion,
)
from annotator.models.documents import Split, content_hash, shuffle_key
from annotator.models.edits import State
from annotator.rows import insert_rows
from modeling import spans as span_rules

BATCH = 1_000
SUBMITTED = State.SUBMITTED.value
Spans = tuple[span_rules.Span, ...]


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
    spans_left_out: int = 0  # of documents that the annotator has answered already
    suggestions: int = 0
    evaluation: int = 0
    labels_created: list[str] = field(default_factory=list)


class Work(NamedTuple):
    """A record and its document's key; new ones have no annotation to look for."""

    document: int
    record: Record
    is_new: bool


def batches(records: Iterable[Record]) -> Iterator[list[Numbered]]:
    """The records in lists of BATCH, each numbered among those with its text."""
    seen: dict[int, int] = {}  # half a digest a text keeps a million in 100 MB
    numbered = _numbered(records, seen)
    while batch := list(islice(numbered, BATCH)):
        yield batch


def _numbered(records: Iterable[Record], seen: dict[int, int]) -> Iterator[Numbered]:
    for record in records:
        digest = content_hash(record.text)
        short = int(digest[:32], 16)
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


@sparing_the_collector()
@transaction.atomic
def store(
    project: Project,
    records: Iterable[Record],
    *,
    labels: Iterable[str],
    annotator: Any = None,
    split: str | None = None,
    by: Any = None,
    on_progress: Callable[[int], None] | None = None,
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
        on_progress: Called with the number of records stored so far; what it raises
            takes everything back.
    """
    # Rows that point to the project may be written meanwhile.
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    known = set(project.labels.values_list("name", flat=True))
    by_name = project.ensure_labels(labels)
    newest = project.documents.aggregate(pk=Max("pk"))["pk"] or 0
    storage = Storage(project, by_name, annotator, split, by)
    stored = storage.stored
    stored.labels_created = [name for name in by_name if name not in known]
    for batch in batches(records):
        storage.add(batch, existing(project, batch) if newest else {})
        if on_progress:
            on_progress(stored.created + stored.duplicates)
    if split is None:
        stored.evaluation = project.draw_evaluation(imported_after=newest)
        stored.suggestions -= _drop_judged_suggestions(project, newest)
    return stored


def _drop_judged_suggestions(project: Project, newest: int) -> int:
    """The evaluation slice gets none; gives how many of this file's there were."""
    judged = Suggestion.objects.filter(
        document__split=Split.EVALUATION, document__project=project
    )
    new = judged.filter(is_imported=True, document__pk__gt=newest)
    imported = new.count()
    judged.delete()
    return imported


@dataclass(frozen=True, slots=True)
class Storage:
    """Writes batches of records into the tables."""

    project: Project
    labels: dict[str, Label]
    annotator: Any
    split: str | None
    by: Any
    stored: Stored = field(default_factory=Stored)

    def add(self, batch: list[Numbered], there: dict[tuple[str, int], int]) -> None:
        """Store a batch, given the keys of its documents that are there already."""
        new = [entry for entry in batch if entry.key not in there]
        added = iter(self._add_documents(new))
        work = [
            Work(there[entry.key], entry.record, False)
            if entry.key in there
            else Work(next(added), entry.record, True)
            for entry in batch
        ]
        self.stored.created += len(new)
        self.stored.duplicates += len(there)
        # First, so that a document which nobody had annotated yet may have both.
        self._suggest([each for each in work if each.record.suggestions])
        if self.annotator is not None:
            self._annotate([each for each in work if each.record.is_annotated])

    def _add_documents(self, entries: list[Numbered]) -> list[int]:
        project, split = self.project, self.split or Split.POOL.value
        columns = [
            *("project_id", "text", "metadata", "external_id", "content_hash"),
            *("occurrence", "tokens", "sentence_starts", "split", "split_is_chosen"),
            "shuffle_key",
        ]
        rows = [
            (
                *(project.pk, record.text, record.metadata, record.external_id, digest),
                *(occurrence, record.tokens, record.sentence_starts, split),
                *(bool(self.split), shuffle_key(project.seed, digest, occurrence)),
            )
            for record, digest, occurrence in entries
        ]
        return insert_rows(Document, columns, rows)

    def _annotate(self, work: list[Work]) -> None:
        """Store records as annotations of a person, or as gold.

        They are submitted unless their file says something else.
        """
        is_gold = self.annotator == "gold"
        person = None if is_gold else self.annotator
        done = Annotation.objects.filter(
            document__in=[w.document for w in work if not w.is_new],
            is_gold=is_gold,
            user=person,
        )
        finished = dict(done.values_list("document", "pk"))
        self._count_left_out([w for w in work if w.document in finished], finished)
        work = [each for each in work if each.document not in finished]
        states = [each.record.state or SUBMITTED for each in work]
        who, now = (person.pk if person else None), timezone.now()
        times = [now if state == SUBMITTED else None for state in states]
        columns = ["document_id", "state", "submitted_at"]
        annotations = insert_rows(
            Annotation,
            [*columns, "user_id", "is_gold", "version"],
            [
                (each.document, state, submitted_at, who, is_gold, 1)
                for each, state, submitted_at in zip(work, states, times, strict=True)
            ],
        )
        spans = [each.record.spans for each in work]
        self._add_spans(annotations, spans)
        reviser = self.by if is_gold else person
        reviser_key = reviser.pk if reviser else None
        self._add_revisions(annotations, states, spans, reviser_key)
        self.stored.annotations += len(annotations)

    def _count_left_out(self, work: list[Work], answers: dict[int, int]) -> None:
        """Spans that the answers which stay as they are do not have."""
        rows = Span.objects.filter(annotation__in=[answers[w.document] for w in work])
        values = rows.values_list("annotation__document", "start", "end", "label__name")
        there = set(values)
        self.stored.spans_left_out += sum(
            (each.document, span.start, span.end, span.label) not in there
            for each in work
            for span in each.record.spans
        )

    def _add_spans(self, annotations: list[int], spans: list[Spans]) -> None:
        may_overlap = self.project.allows_overlap
        keys = {name: label.pk for name, label in self.labels.items()}
        rows = [
            (pk, span.start, span.end, keys[span.label], may_overlap)
            for pk, of_record in zip(annotations, spans, strict=True)
            for span in of_record
        ]
        columns = ["annotation_id", "start", "end", "label_id", "may_overlap"]
        self.stored.spans += len(insert_rows(Span, columns, rows))

    def _add_revisions(
        self,
        annotations: list[int],
        states: list[str],
        spans: list[Spans],
        reviser: int | None,
    ) -> None:
        rows = [
            (pk, 1, reviser, state, [[s.start, s.end, s.label] for s in of_record])
            for pk, state, of_record in zip(annotations, states, spans, strict=True)
        ]
        columns = ["annotation_id", "version", "user_id", "state", "added"]
        insert_rows(Revision, columns, rows)

    def _suggest(self, work: list[Work]) -> None:
        """Store what other programs proposed for documents that nobody has annotated.

        It replaces what an earlier file proposed. The evaluation slice gets none.
        """
        proposed = {each.document: each.record for each in work}
        waiting = Document.objects.filter(pk__in=proposed, split=Split.POOL)
        waiting = waiting.filter(annotations__isnull=True)
        keys = list(waiting.values_list("pk", flat=True))
        Suggestion.objects.filter(document__in=keys, is_imported=True).delete()
        rows = [
            (pk, True, self.labels[span.label].pk, span.start, span.end, confidence)
            for pk in keys
            for span, confidence in _confidences(proposed[pk]).items()
        ]
        columns = ["document_id", "is_imported", "label_id", "start", "end"]
        insert_rows(Suggestion, [*columns, "confidence"], rows)
        self.stored.suggestions += len(rows)


def _confidences(record: Record) -> dict[span_rules.Span, float]:
    """Each suggestion once, with its confidence."""
    stated = record.confidences
    return {span: stated.get(span, UNJUDGED) for span in record.suggestions}
