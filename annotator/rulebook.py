"""Changing a project's rules: every change turns a page of its rule book."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from annotator.models import Document, Label, Project, Rule, RuleBook, Suggestion
from annotator.models.rules import Problem, RuleKind
from annotator.rows import update_rows
from modeling import rules as matching

LONGEST = 500  # code points of a rule's text
_BREAKS = "\x7f\x85\u2028\u2029"  # end a line, or cannot be seen


class RuleRefused(ValueError):
    """A rule that cannot be stored; the message is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule as a person writes it."""

    label: str
    text: str
    kind: str = RuleKind.DICTIONARY
    is_case_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Added:
    created: int = 0
    changed: int = 0  # there before: learned, switched off, or with other case
    unchanged: int = 0


def checked(project: Project, entry: Entry) -> Rule:
    """The entry as an unsaved rule.

    Raises:
        RuleRefused: its label, kind or text cannot be used.
    """
    label = project.labels.filter(name=entry.label).first()
    return _checked(project, entry, {label.name: label} if label else {})


def _checked(project: Project, entry: Entry, labels: dict[str, Label]) -> Rule:
    is_pattern = entry.kind == RuleKind.PATTERN
    text = entry.text if is_pattern else entry.text.strip()
    if entry.label not in labels:
        raise RuleRefused(
            _("The project has no label “%(label)s”.") % {"label": entry.label}
        )
    if entry.kind not in RuleKind.values:
        raise RuleRefused(
            _("“%(kind)s” is no kind of rule: write dictionary or pattern.")
            % {"kind": entry.kind}
        )
    if not text.strip():
        raise RuleRefused(_("A rule needs a text."))
    if len(text) > LONGEST:
        raise RuleRefused(
            _("“%(text)s…” is longer than %(longest)s characters.")
            % {"text": text[:20], "longest": LONGEST}
        )
    if any(c < " " or c in _BREAKS or "\ud800" <= c <= "\udfff" for c in text):
        raise RuleRefused(
            _("“%(text)s” holds a control character.") % {"text": ascii(text)[1:-1]}
        )
    if is_pattern:
        try:
            matching.compile_pattern(text, entry.is_case_sensitive)
        except matching.BadPattern as error:
            raise RuleRefused(
                _("“%(text)s” cannot be used: %(reason)s.")
                % {"text": text, "reason": error}
            ) from error
    return Rule(
        project=project,
        label=labels[entry.label],
        kind=entry.kind,
        text=text,
        is_case_sensitive=entry.is_case_sensitive,
    )


@transaction.atomic
def add(project: Project, entries: Sequence[Entry], *, by: Any) -> Added:
    """Store what people wrote; a learned rule of the same text becomes theirs.

    Raises:
        RuleRefused: one entry cannot be used; nothing is stored.
    """
    labels = {label.name: label for label in project.labels.all()}
    wanted: dict[tuple[str, int, str], Rule] = {}
    for entry in entries:
        rule = _checked(project, entry, labels)
        rule.created_by = by
        wanted[rule.kind, rule.label_id, rule.text] = rule
    book = RuleBook.locked(project.pk)
    there = {(r.kind, r.label_id, r.text): r for r in project.rules.all()}
    new = [rule for key, rule in wanted.items() if key not in there]
    pairs = [(there[key], rule) for key, rule in wanted.items() if key in there]
    changed = [_adopted(old, rule) for old, rule in pairs if _differs(old, rule)]
    if new or changed:
        version = book.turn_page()
        for rule in [*new, *changed]:
            rule.version = version
        forget_suggestions(changed)
        Rule.objects.bulk_create(new, batch_size=500)
        update_rows(changed, _WRITTEN)
    return Added(len(new), len(changed), len(wanted) - len(new) - len(changed))


_WRITTEN = [
    "is_case_sensitive",
    "is_learned",
    "is_active",
    "problem",
    "version",
    "created_by",
]


def _differs(old: Rule, new: Rule) -> bool:
    return (
        old.is_learned
        or not old.is_active
        or bool(old.problem)
        or old.is_case_sensitive != new.is_case_sensitive
    )


def _adopted(old: Rule, new: Rule) -> Rule:
    old.is_case_sensitive = new.is_case_sensitive
    old.is_learned, old.is_active, old.problem = False, True, ""
    old.created_by = new.created_by
    return old


@transaction.atomic
def switch(rule: Rule, is_active: bool) -> None:
    """Turn a rule on or off; a learned one stays off whatever is learned later."""
    book = RuleBook.locked(rule.project_id)
    version = book.turn_page()
    if not is_active:
        forget_suggestions([rule])
    Rule.objects.filter(pk=rule.pk).update(
        is_active=is_active, problem="", version=version
    )


@transaction.atomic
def delete(rule: Rule) -> None:
    RuleBook.locked(rule.project_id).turn_page()
    forget_suggestions([rule])
    await_spans([rule])
    rule.delete()


@transaction.atomic
def give_up(project: Project, rules: Iterable[int]) -> None:
    """Stop patterns that take too long, and say so beside them."""
    keys = list(rules)
    RuleBook.locked(project.pk).turn_page()
    forget_suggestions(project.rules.filter(pk__in=keys))
    project.rules.filter(pk__in=keys).update(problem=Problem.SLOW)


@transaction.atomic
def read_anew(project: Project) -> None:
    """Have every document read again, as after a change of what a token is."""
    book = RuleBook.objects.filter(project=project).first()
    if book is not None:
        RuleBook.locked(project.pk).turn_page()
        project.documents.update(rules_version=0)


def forget_suggestions(rules: Iterable[Rule]) -> None:
    """Take back what rules suggest; what they covered is looked at again."""
    keys = [rule.pk for rule in rules]
    for start in range(0, len(keys), 500):
        found = Suggestion.objects.filter(rule__in=keys[start : start + 500])
        documents = Document.objects.filter(pk__in=found.values("document"))
        documents.update(rules_version=0)
        found.delete()


def await_spans(rules: Iterable[Rule]) -> None:
    """Let who is storing a span of these rules end first, so that it is seen.

    Behind the suggestions, as an edit locks them.
    """
    keys = [rule.pk for rule in rules]
    for start in range(0, len(keys), 500):
        some = Rule.objects.filter(pk__in=keys[start : start + 500])
        list(some.select_for_update().order_by("pk"))


def for_matching(rule: Rule, ranks: dict[int, int]) -> matching.Rule:
    """The rule as the matcher takes it; labels go by their primary keys."""
    return matching.Rule(
        key=rule.pk or 0,
        label=str(rule.label_id),
        text=rule.text,
        is_pattern=rule.kind == RuleKind.PATTERN,
        is_case_sensitive=rule.is_case_sensitive,
        is_learned=rule.is_learned,
        rank=ranks.get(rule.label_id, len(ranks)),
    )


def reading_of(document: Document) -> tuple[str, str, list[tuple[int, int]] | None]:
    """Text, token mode and imported tokens, as the matcher takes them."""
    imported = [(start, end) for start, end in document.tokens or []] or None
    return document.text, document.project.token_mode, imported


def label_ranks(project: Project) -> dict[int, int]:
    """The place of each label among the project's."""
    keys = project.labels.values_list("pk", flat=True)
    return {key: rank for rank, key in enumerate(keys)}
