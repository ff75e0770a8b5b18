"""Where a span that a person adds comes from: a model, a rule, a file, or nobody."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _t

from annotator.models.documents import Document
from annotator.models.edits import EditRefused, Source, SpanEdit
from annotator.models.rules import Rule
from annotator.models.training import Checkpoint
from modeling.spans import Span

Columns = dict[str, Any]  # of a stored span


def sources_of(document: Document, added: Sequence[SpanEdit]) -> dict[Span, Columns]:
    """What added spans remember: as their edit says, else who proposes them now."""
    said = {edit.span: edit.source for edit in added if edit.source is not None}
    unsaid = {edit.span for edit in added if edit.source is None}
    # In the order in which a worker locks: suggestions, then the checkpoint.
    return {**_proposed(document, unsaid), **_said(document.project_id, said)}


def _proposed(document: Document, wanted: set[Span]) -> dict[Span, Columns]:
    """Which model and which rule propose a span, and the model's confidence.

    Where only a rule does, the confidence is the rule's, else that of a file.
    """
    if not wanted:
        return {}
    # Locked: a rule or a checkpoint is not deleted while its span is stored.
    proposed = document.suggestions.select_for_update(of=("self",))
    rows = proposed.order_by("is_imported", "pk").values_list(
        "start", "end", "label__name", "checkpoint_id", "rule_id", "confidence"
    )
    sources: dict[Span, Columns] = {}
    for start, end, name, checkpoint, rule, confidence in rows:
        span = Span(start, end, name)
        if span not in wanted:
            continue
        source = sources.setdefault(span, {"suggested_confidence": confidence})
        if rule is not None:
            source["suggested_rule_id"] = rule
        elif checkpoint is not None:
            source["suggested_by_id"] = checkpoint
            source["suggested_confidence"] = confidence
    return sources


def _said(project: int, said: Mapping[Span, Source]) -> dict[Span, Columns]:
    """What a person was shown; of a proposer deleted since, only the confidence."""
    checkpoints = _kept(
        Checkpoint.objects.filter(pk__in={each.checkpoint for each in said.values()}),
        project,
        _t("Checkpoint %s belongs to another project."),
    )
    rules = _kept(
        Rule.objects.filter(pk__in={each.rule for each in said.values()}),
        project,
        _t("Rule %s belongs to another project."),
    )
    return {
        span: {
            "suggested_by_id": checkpoints.get(source.checkpoint),
            "suggested_rule_id": rules.get(source.rule),
            "suggested_confidence": source.confidence,
        }
        for span, source in said.items()
    }


def _kept(named: QuerySet[Any], project: int, refusal: str) -> dict[int | None, int]:
    """By key the keys of those that are still there, locked so that they stay.

    Raises:
        EditRefused: one of them belongs to another project.
    """
    rows = named.select_for_update(no_key=True).order_by("pk")
    kept: dict[int | None, int] = {}
    for pk, owner in rows.values_list("pk", "project_id"):
        if owner != project:
            raise EditRefused(refusal % pk)
        kept[pk] = pk
    return kept
