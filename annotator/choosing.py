"""Which of the waiting documents is served: the best, one by chance, or a new one.

The plan is that of `modeling.diversity.select_batch`, one document at a time: what was
served is counted in the database, so that any process comes to the same choice.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain, islice
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from annotator.models import Annotation, Document, Project
from annotator.models.documents import ServedAs
from modeling.diversity import is_by_chance, is_for_new, is_near_any, signature

BATCH = 1000  # newest answers that the next document may not be nearly the same as
LOOK_AHEAD = 100  # documents of a line that are compared with those

Choice = tuple[Document, ServedAs]
Row = tuple[int, Any, str]  # primary key, signature, split


def choose(
    project: Project, waiting: QuerySet[Document], order: Iterator[Row], leases: Q
) -> Choice | None:
    """The document to serve next, and why; None when nothing waits.

    Every so many-th document is drawn by chance (Project.exploration), a place is kept
    for documents that no model has read, and one that is nearly the same as a recent
    one is passed over: it comes when something else was served in between, and at once
    when nothing else is left.

    Args:
        project: Whose documents they are.
        waiting: All that wait.
        order: The same in the order of the queue, the evaluation slice first.
        leases: Those that count as served before.
    """
    first = next(order, None)
    if first is None:
        return None
    if first[2] == "evaluation":
        return _found(first[0], ServedAs.BEST)
    trained_at = _last_training(project)
    recent = _recent_signatures(project, trained_at)
    if trained_at is not None and project.query_strategy != "random":
        place = count_served(project, leases)
        served_as, line = _other_line(project, waiting, place)
        if (key := _first_unlike(line, recent)) is not None:
            return _found(key, served_as)
    best = islice(chain([first], order), LOOK_AHEAD)
    key = _first_unlike((row[:2] for row in best), recent)
    return _found(first[0] if key is None else key, ServedAs.BEST)


def count_served(project: Project, leases: Q) -> int:
    """Number of pool documents that people have begun or hold by these leases."""
    begun = _work_on(project.documents.filter(split="pool")).order_by()
    held = project.documents.filter(leases, split="pool", annotations=None)
    return begun.values("document").distinct().count() + held.count()


def _work_on(documents: QuerySet[Document]) -> QuerySet[Annotation]:
    """Annotations of documents, found from people's side: that is the smaller one.

    Joined, SQLite looks for annotations of every document of the project.
    """
    return Annotation.objects.filter(Exists(documents.filter(pk=OuterRef("document"))))


def _other_line(
    project: Project, waiting: QuerySet[Document], place: int
) -> tuple[ServedAs, Iterable[tuple[int, Any]]]:
    """The line that a place belongs to and how it begins; none for the order itself."""
    pool = waiting.filter(split="pool").order_by("shuffle_key", "pk")
    if is_by_chance(place, project.exploration):
        return ServedAs.CHANCE, _head(pool)
    if is_for_new(place):
        return ServedAs.NEW, _head(pool.filter(confidence=None))
    return ServedAs.BEST, ()


def _head(line: QuerySet[Document]) -> QuerySet[Document, tuple[int, Any]]:
    return line.values_list("pk", "signature")[:LOOK_AHEAD]


def _last_training(project: Project) -> datetime | None:
    """When the training of the model in use began; None without a model."""
    active = project.checkpoints.filter(state="active")
    row = active.values_list("training_run__started_at", "created_at").first()
    return row and (row[0] or row[1])


def _recent_signatures(
    project: Project, trained_at: datetime | None
) -> Mapping[int, bytes]:
    """Signatures of what is open, or was worked on since the last training."""
    pool = project.documents.filter(split="pool", signature__isnull=False)
    open_now = pool.filter(leased_until__gt=timezone.now(), leased_by__isnull=False)
    open_now = open_now.order_by("-leased_until")
    work = _work_on(pool)
    if trained_at is not None:
        work = work.filter(updated_at__gt=trained_at)
    newest = work.order_by("-updated_at").values_list(
        "document_id", "document__signature"
    )
    rows = [*open_now.values_list("pk", "signature")[:BATCH], *newest[:BATCH]]
    return {key: bytes(mark) for key, mark in rows if mark is not None}


def _first_unlike(
    rows: Iterable[tuple[int, Any]], recent: Mapping[int, bytes]
) -> int | None:
    """The first document that is not nearly the same as a recent one."""
    for key, known in rows:
        others = [mark for other, mark in recent.items() if other != key]
        if not others:
            return key
        mine = bytes(known) if known else _signed(key)
        if not is_near_any(mine, others):
            return key
    return None


def _signed(key: int) -> bytes:
    """The signature of a document that had none; the next to ask finds it."""
    document = Document.objects.filter(pk=key)
    mark = signature(document.values_list("text", flat=True).first() or "")
    document.update(signature=mark)
    return mark


def _found(key: int, served_as: ServedAs) -> Choice | None:
    """The document, unless it was deleted in between."""
    document = Document.objects.filter(pk=key).first()
    return None if document is None else (document, served_as)
