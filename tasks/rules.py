"""Rules at work: they read the remaining documents, and learn from finished ones."""

from collections.abc import Sequence
from functools import cached_property

from celery import shared_task
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from annotator import queue, rulebook
from annotator.models import Document, Rule, RuleBook, Suggestion
from modeling.rules import Match, Matcher

BATCH = 200  # documents a transaction
WAVE_BATCHES = 10  # before other tasks get their turn


@shared_task
def apply_rules(project_id: int, unread_before: int | None = None) -> None:
    """Let the rules read the remaining documents of the pool that they have not read.

    A wave of batches is read, then this task is sent again behind other work.

    Args:
        project_id: Whose pool is read.
        unread_before: Documents that were left at the wave before. When none of them
            was read since, something is wrong and the reconciler tries again later.
    """
    book = RuleBook.objects.filter(project=project_id).first()
    if book is None:
        return
    left = unread_documents(book).count()
    if left == 0 or left == unread_before:
        return
    if not Rule.objects.in_force().filter(project=project_id).exists():
        _pass_over(book)
        return
    wave = WAVE_BATCHES * BATCH
    keys = list(unread_documents(book).values_list("pk", flat=True)[:wave])
    reader = Reader(book)
    for start in range(0, len(keys), BATCH):
        if not reader.read(keys[start : start + BATCH]):
            break
    if reader.gave_up:
        rulebook.give_up(book.project, reader.gave_up)
    if reader.gave_up or left > wave:
        apply_rules.delay(project_id, None if reader.gave_up else left)


def unread_documents(book: RuleBook) -> QuerySet[Document]:
    """Remaining pool documents that the newest rules have not read, first served
    first; the evaluation slice is annotated without suggestions."""
    remaining = queue.remaining(book.project).filter(split="pool")
    return remaining.filter(rules_version__lt=book.version)


@transaction.atomic
def _pass_over(book: RuleBook) -> None:
    """Without a rule, every document is read at once."""
    if RuleBook.locked(book.project_id).version == book.version:
        pool = book.project.documents.filter(split="pool")
        pool.filter(rules_version__lt=book.version).update(rules_version=book.version)


class Reader:
    """The rules of one version of a book, reading batches of documents."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book
        self._ranks = rulebook.label_ranks(book.project)
        self._rules = list(Rule.objects.in_force().filter(project=book.project_id))
        self._newer: dict[int, Matcher] = {}

    @cached_property
    def _matcher(self) -> Matcher:
        return self._matcher_of(self._rules)

    @property
    def gave_up(self) -> set[int]:
        """Patterns that ran out of time too often."""
        matchers = [self._matcher, *self._newer.values()]
        return set().union(*(matcher.given_up for matcher in matchers))

    def read(self, keys: Sequence[int]) -> bool:
        """Read some documents and store their suggestions, all or nothing.

        A batch that comes twice writes nothing the second time.

        Returns:
            False when the rules have changed since: then nothing is written.
        """
        documents = Document.objects.filter(pk__in=keys).select_related("project")
        found = {
            document.pk: self._matcher.find(*rulebook.reading_of(document))
            for document in documents
            if self._has_to_read(document)
        }
        with transaction.atomic():
            return self._store(keys, found)

    def _has_to_read(self, document: Document) -> bool:
        """Whether rules that came after the last reading could find anything."""
        version = document.rules_version
        if version == 0:
            return True
        if version not in self._newer:
            newer = [rule for rule in self._rules if rule.version > version]
            self._newer[version] = self._matcher_of(newer)
        return self._newer[version].mentions(document.text)

    def _matcher_of(self, rules: list[Rule]) -> Matcher:
        return Matcher(rulebook.for_matching(rule, self._ranks) for rule in rules)

    def _store(self, keys: Sequence[int], found: dict[int, list[Match]]) -> bool:
        book = RuleBook.locked(self.book.project_id)
        if book.version != self.book.version:
            return False
        unread = unread_documents(book).filter(pk__in=keys).order_by("pk")
        read = [row.pk for row in unread.select_for_update(of=("self",)).only("pk")]
        rules = {rule.pk: rule for rule in Rule.objects.filter(project=book.project_id)}
        again = [key for key in read if key in found]
        Suggestion.objects.filter(document__in=again, rule__isnull=False).delete()
        Suggestion.objects.bulk_create(
            Suggestion(
                document_id=key,
                rule_id=match.rule.key,
                label_id=int(match.rule.label),
                start=match.start,
                end=match.end,
                confidence=rules[match.rule.key].confidence,
            )
            for key in again
            for match in found[key]
            if match.rule.key in rules
        )
        Document.objects.filter(pk__in=read).update(rules_version=book.version)
        book.read_at = timezone.now()
        book.save(update_fields=["read_at"])
        return True
