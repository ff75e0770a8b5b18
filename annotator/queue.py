"""Which document an annotator sees next, from stored confidences.

`remaining` is the order of the strategy; `take_next` walks along it, in parts that an
index gives sorted, and serves some documents by chance and some that are new in
between, see `annotator.choosing`.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from typing import Any

from django.conf import settings
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, When
from django.db.models.expressions import OrderBy
from django.utils import timezone

from annotator.choosing import LOOK_AHEAD, Row, choose
from annotator.models import Annotation, Document, Project
from annotator.models.documents import HIGHEST_FIRST
from modeling.diversity import signature

MEASURES = {
    "lowest_marginal": "confidence",
    "lowest_min_marginal": "min_marginal",
    "mnlp": "mnlp",
    "summed_uncertainty": "summed_uncertainty",
    "lowest_span_posterior": "min_span_posterior",
    "token_entropy": "token_entropy",
    "margin": "margin",
    "bald": "bald",
    "random": "shuffle_key",
}


def remaining(project: Project, user: Any = None) -> QuerySet[Document]:
    """Documents still to be annotated, in the order they are served.

    The evaluation slice comes first, in its seeded shuffle and never by
    confidence; then the pool by the project's query strategy. Documents without its
    measure follow, by their confidence, and those that no model has read at all come
    last, in the seeded shuffle (`take_next` gives them a place). For a user, his own
    finished documents and those that others hold a lease on are left out.
    """
    of_document = Annotation.objects.filter(document=OuterRef("pk"))
    finished = of_document.filter(
        Q(is_gold=True) | Q(state__in=["submitted", "flagged"])
    )
    waiting = project.documents.filter(~Exists(finished))
    if user is not None:
        skipped = of_document.filter(user=user, state="skipped")
        held = _is_leased() & ~Q(leased_by=user)
        waiting = waiting.filter(~Exists(skipped)).exclude(held)
    slice_first = Case(
        When(split="evaluation", then=0), default=1, output_field=IntegerField()
    )
    by_chance = Case(When(split="evaluation", then=F("shuffle_key")))
    by_strategy = _by(MEASURES[project.query_strategy], nulls_last=True)
    by_confidence = F("confidence").asc(nulls_last=True)
    in_pool = (by_strategy, by_confidence, "shuffle_key", "pk")
    return waiting.order_by(slice_first, by_chance, *in_pool)


def in_parts(project: Project, waiting: QuerySet[Document]) -> list[QuerySet[Document]]:
    """The order of `remaining` as parts that follow each other.

    Sorted as a whole, a project is read to its end for every document served. Of each
    part a few rows are read from an index: no database has to sort it.
    """
    column = MEASURES[project.query_strategy]
    by_shuffle = waiting.order_by("shuffle_key", "pk")
    slice_, pool = (by_shuffle.filter(split=s) for s in ("evaluation", "pool"))
    if column == "shuffle_key":
        return [slice_, pool]
    # Where nothing is NULL an order needs no place for it, and indexes have none.
    by_measure = _by(column)
    measured, unmeasured = (
        pool.filter(**{f"{column}__isnull": n}) for n in (False, True)
    )
    if column == "confidence":
        return [slice_, measured.order_by(by_measure, "shuffle_key", "pk"), unmeasured]
    by_confidence = F("confidence").asc(nulls_last=True)
    read = unmeasured.filter(confidence__isnull=False)
    return [
        slice_,
        measured.order_by(by_measure, by_confidence, "shuffle_key", "pk"),
        read.order_by("confidence", "shuffle_key", "pk"),
        unmeasured.filter(confidence__isnull=True),
    ]


def _by(column: str, nulls_last: bool | None = None) -> OrderBy:
    """The column's order, the most uncertain documents first."""
    is_descending = HIGHEST_FIRST.get(column, False)
    return OrderBy(F(column), descending=is_descending, nulls_last=nulls_last)


def take_next(project: Project, user: Any, after: int | None = None) -> Document | None:
    """Lease the next document to a person; no two people get the same lease.

    Without `after` somebody who comes back goes on with the document begun last. With
    it, documents that the person holds already were passed over before: they come
    back only when nothing else is left.
    """
    held = project.documents.filter(leased_by=user, leased_until__gt=timezone.now())
    if after is None:
        # One filter() call: state and user must be those of the same annotation.
        own = held.filter(annotations__user=user, annotations__state="open")
        started = own.order_by("-leased_until").first()
        if started and lease(started, user):
            return started
        # What the person only looked at does not count: asking again gives it again.
        of_others = _is_leased() & ~Q(leased_by=user)
        return _lease_chosen(project, remaining(project, user), user, of_others)
    others = remaining(project, user).exclude(pk=after)
    fresh = others.exclude(pk__in=list(held.values_list("pk", flat=True)))
    return _lease_chosen(project, fresh, user, _is_leased()) or _lease_chosen(
        project, others, user, _is_leased()
    )


def _is_leased() -> Q:
    return Q(leased_until__gt=timezone.now(), leased_by__isnull=False)


def _lease_chosen(
    project: Project, waiting: QuerySet[Document], user: Any, leases: Q
) -> Document | None:
    """Lease the document to serve, unless somebody else takes all at this moment."""
    for _attempt in range(50):
        choice = choose(project, waiting, _rows(project, waiting), leases)
        if choice is None:
            return None
        document, served_as = choice
        if document.signature is None and document.split == "pool":
            document.signature = signature(document.text)
        marks = {"served_as": served_as, "signature": document.signature}
        if lease(document, user, **marks):
            return document
    return None


def _rows(project: Project, waiting: QuerySet[Document]) -> Iterator[Row]:
    """The first documents of each part; a later part is read when it is needed."""
    return chain.from_iterable(
        part.values_list("pk", "signature", "split")[:LOOK_AHEAD]
        for part in in_parts(project, waiting)
    )


def lease(document: Document, user: Any, **marks: Any) -> bool:
    """Hold a document for a person for a while; False when somebody else does.

    Args:
        document: To be held.
        user: By whom.
        marks: Columns of the document to write with it.
    """
    now = timezone.now()
    until = now + timedelta(minutes=settings.LEASE_MINUTES)
    free = Q(leased_by=user) | Q(leased_until=None) | Q(leased_until__lte=now)
    free |= Q(leased_by=None)
    held = Document.objects.filter(free, pk=document.pk)
    return bool(held.update(leased_by=user, leased_until=until, **marks))


def release(document: Document, user: Any) -> None:
    Document.objects.filter(pk=document.pk, leased_by=user).update(
        leased_by=None, leased_until=None
    )


def reason_for_order(project: Project) -> str:
    """Which rule orders the pool now: "cold", "random" or "confidence"."""
    if project.query_strategy == "random":
        return "random"
    return "confidence" if project.active_checkpoint else "cold"
