"""Rules learn from finished documents: new dictionary entries, and how good each is."""

from collections.abc import Iterator
from dataclasses import dataclass

from celery import shared_task
from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum

from annotator import rulebook
from annotator.models import Annotation, Project, Rule, RuleBook, Suggestion
from annotator.models.rules import Problem, RuleKind
from annotator.rows import update_rows
from modeling import rules as matching
from modeling.lexicon import Agreement, Lexicon, Reading, agreements
from modeling.spans import Span, outermost
from tasks.rules import apply_rules

WORTH_COUNTING = 0.01  # of all edits of finished work
FEW_EDITS = 100  # of it: read so quickly that every one counts


@shared_task
def learn_rules(project_id: int) -> None:
    """Count how the finished documents agree with the rules, and learn new entries.

    Any number of these tasks may wait: the first one sees all the work that was stored
    before it began, and those behind it find nothing new.
    """
    project = Project.objects.get(pk=project_id)
    book, _is_new = RuleBook.objects.get_or_create(project=project)
    work = state_of_work(project)  # before it is read: what comes later is not seen
    if _is_worth_counting(work, book) and not _store(book, work, _count(project)):
        learn_rules.delay(project_id)  # another one stored meanwhile: look again
        return
    apply_rules(project_id)


def state_of_work(project: Project) -> str:
    """What changes whenever finished work changes."""
    found = _finished(project).aggregate(
        count=Count("pk"), versions=Sum("version"), latest=Max("updated_at")
    )
    latest = found["latest"].timestamp() if found["latest"] else 0
    return f"{found['count']}:{found['versions'] or 0}:{latest}"


def _seen(work: str, book: RuleBook) -> str:
    """Work that was counted with the rules of a version of the book."""
    return f"{work}:{book.version}"


def _is_worth_counting(work: str, book: RuleBook) -> bool:
    """Whether the rules, or enough of the finished work, changed since the last count.

    A count reads every finished document: a large project waits until a hundredth of
    its edits are new, so that the time for each submission does not grow with it.
    """
    if book.learned_from == _seen(work, book):
        return False
    _, before, _, version = (book.learned_from or ":0::").split(":")
    edits = int(work.split(":")[1])
    is_little = abs(edits - int(before)) < edits * WORTH_COUNTING
    return version != str(book.version) or edits <= FEW_EDITS or not is_little


def _finished(project: Project) -> QuerySet[Annotation]:
    """Of the pool only: nothing that is learned may come from the evaluation slice."""
    return Annotation.objects.filter(
        document__project=project, document__split="pool", state="submitted"
    )


def readings(project: Project) -> Iterator[Reading]:
    """The gold record of each finished document, or else what each person submitted."""
    gold = _finished(project).filter(document=OuterRef("document"), is_gold=True)
    chosen = _finished(project).filter(Q(is_gold=True) | ~Exists(gold))
    chosen = chosen.select_related("document").prefetch_related("spans")
    for annotation in chosen.order_by("pk").iterator(chunk_size=500):
        document = annotation.document
        spans = [Span(s.start, s.end, str(s.label_id)) for s in annotation.spans.all()]
        yield Reading(
            document.text,
            frozenset(outermost(spans)[0]),
            project.token_mode,
            [(start, end) for start, end in document.tokens or []] or None,
        )


@dataclass(frozen=True, slots=True)
class _Counted:
    """What the finished work says about rules as they were when it was read."""

    agreements: dict[int, Agreement]
    fresh: list[matching.Rule]  # that could be learned; their keys are negative
    gave_up: set[int]


def _count(project: Project) -> _Counted:
    ranks = rulebook.label_ranks(project)
    rules = list(project.rules.all())
    lexicon = Lexicon()
    for reading in readings(project):
        lexicon.read(reading)
    known = {
        (str(rule.label_id), rule.text)
        for rule in rules
        if rule.kind == RuleKind.DICTIONARY
    }
    pairs = [pair for pair in lexicon.worth_learning() if pair not in known]
    fresh = [
        matching.Rule(-number, label, text, is_case_sensitive=True, is_learned=True)
        for number, (label, text) in enumerate(pairs, 1)
    ]
    sound = [rulebook.for_matching(rule, ranks) for rule in rules if not rule.problem]
    matcher = matching.Matcher([*sound, *fresh])
    counts = agreements(matcher, readings(project))
    return _Counted(counts, fresh, matcher.given_up)


@transaction.atomic
def _store(before: RuleBook, work: str, counted: _Counted) -> bool:
    """Write counts and new entries; False when another task wrote since ``before``."""
    book = RuleBook.locked(before.project_id)
    if (book.version, book.learned_from) != (before.version, before.learned_from):
        return False
    project = book.project
    were = set(project.rules.in_force().values_list("pk", flat=True))
    _update_counts(project, counted)
    _create_learned(project, counted)
    in_force = set(project.rules.in_force().values_list("pk", flat=True))
    if were != in_force:
        version = book.turn_page()
        rulebook.forget_suggestions(project.rules.filter(pk__in=were - in_force))
        project.rules.filter(pk__in=in_force - were).update(version=version)
    book.learned_from = _seen(work, book)
    book.save(update_fields=["learned_from"])
    return True


def _update_counts(project: Project, counted: _Counted) -> None:
    nothing = Agreement()
    changed = []
    for rule in project.rules.filter(problem=""):
        count = counted.agreements.get(rule.pk, nothing)
        before = rule.right, rule.wrong
        rule.right, rule.wrong = count.right, count.wrong
        if rule.pk in counted.gave_up:
            rule.problem = Problem.SLOW
        if rule.problem or before != (rule.right, rule.wrong):
            changed.append(rule)
    update_rows(changed, ["right", "wrong", "problem"])
    for rule in changed:
        Suggestion.objects.filter(rule=rule).update(confidence=rule.confidence)
    # Nobody labels it any more: as if it had never been learned.
    gone = project.rules.filter(is_learned=True, is_active=True, right=0)
    rulebook.forget_suggestions(gone)
    rulebook.await_spans(gone)
    gone.filter(accepted_spans=None).delete()


def _create_learned(project: Project, counted: _Counted) -> None:
    labels = set(project.labels.values_list("pk", flat=True))
    learned = []
    for found in counted.fresh:
        count = counted.agreements.get(found.key, Agreement())
        rule = Rule(
            project=project,
            label_id=int(found.label),
            text=found.text,
            is_case_sensitive=True,
            is_learned=True,
            right=count.right,
            wrong=count.wrong,
        )
        if rule.is_trusted and rule.label_id in labels:
            learned.append(rule)
    Rule.objects.bulk_create(learned, batch_size=500)
