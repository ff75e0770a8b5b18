"""One person's annotation of one document: read it, edit it, look back."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Status

from annotator import access, queue, suggestions
from annotator.api import schemas
from annotator.api.comments import describe_comments
from annotator.api.preferences import preferences_at
from annotator.models import (
    Annotation,
    Document,
    EditRefused,
    Rejection,
    Span,
    StaleVersion,
)
from modeling.tokens import Token, sentence_breaks
from tasks.fast_lane import refit_if_due
from tasks.learning import learn_rules
from tasks.training import retrain_if_due

router = Router(tags=["annotations"])


@router.get("/documents/{int:document_id}/annotation", response=schemas.DeskOut)
def read_annotation(request: HttpRequest, document_id: int) -> dict[str, Any]:
    """The document, the person's own annotation and what a model proposes."""
    document = access.get_document(request.user, document_id)
    blind = document.split == "evaluation"
    return {
        "document": _describe_document(document),
        "labels": document.project.labels.all(),
        "annotation": _describe_annotation(_own(document, request.user)),
        "suggestions": [] if blind else suggestions.proposals(document),
        "uncertain_tokens": [] if blind else document.uncertain_tokens,
        "may_overlap": document.project.allows_overlap,
        "comments": describe_comments(document, request.user),
        "preferences": preferences_at(document.project, request.user),
    }


@router.post(
    "/documents/{int:document_id}/annotation/edits",
    response={
        200: schemas.Saved,
        409: schemas.Conflict,
        422: schemas.Refusal,
    },
)
def save_edit(
    request: HttpRequest, document_id: int, body: schemas.EditIn
) -> Status[Any]:
    """Store one edit, once, if it was made on the newest version."""
    document = access.get_document(request.user, document_id, access.ANNOTATE)
    try:
        annotation = _apply(document, request.user, body)
    except StaleVersion:
        current = _own(document, request.user)
        if current is None or not _is_newest(current, body.edit_id):
            return Status(409, _describe_conflict(current))
        annotation = current  # the same edit, sent twice at the same moment
    except EditRefused as refusal:
        return Status(422, {"detail": str(refusal)})
    if body.state in ("submitted", "skipped", "flagged"):
        queue.release(document, request.user)
    else:
        queue.lease(document, request.user)
    if body.state == "submitted":
        retrain_if_due.delay_on_commit(document.project_id)
        refit_if_due.delay_on_commit(document.project_id)
    is_finished_work = body.state is not None or annotation.state == "submitted"
    if is_finished_work and document.split == "pool":
        learn_rules.delay_on_commit(document.project_id)
    return Status(200, {"version": annotation.version, "state": annotation.state})


@router.get(
    "/documents/{int:document_id}/revisions", response=list[schemas.RevisionOut]
)
def list_revisions(request: HttpRequest, document_id: int) -> list[dict[str, Any]]:
    """What each of the person's saved edits changed, oldest first."""
    document = access.get_document(request.user, document_id)
    annotation = _own(document, request.user)
    if annotation is None:
        return []
    return [
        {
            "version": revision.version,
            "edit_id": revision.edit_id,
            "user": revision.user and revision.user.get_username(),
            "state": revision.state,
            "added": revision.added,
            "removed": revision.removed,
            "rejected": revision.rejected,
            "unrejected": revision.unrejected,
            "created_at": revision.created_at,
        }
        for revision in annotation.revisions.select_related("user")
    ]


def _own(document: Document, user: Any) -> Annotation | None:
    return document.annotations.filter(user=user, is_gold=False).first()


@transaction.atomic
def _apply(document: Document, user: Any, body: schemas.EditIn) -> Annotation:
    """Apply the edit to the person's annotation, created by the first one."""
    annotation, _created = Annotation.objects.get_or_create(
        document=document, user=user, is_gold=False
    )
    annotation.apply(body.edit(), by=user)
    if annotation.version != body.version + 1:
        # It had been stored before, and somebody went on from there.
        raise StaleVersion
    return annotation


def _is_newest(annotation: Annotation, edit_id: str) -> bool:
    newest = annotation.revisions.last()
    return newest is not None and newest.edit_id == edit_id


def _describe_document(document: Document) -> dict[str, Any]:
    tokens = document.tokenize()
    return {
        "id": document.pk,
        "text": document.text,
        "tokens": tokens,
        "sentences": _sentences(document, tokens),
        "split": document.split,
        "metadata": document.metadata,
        "external_id": document.external_id,
        "confidence": None if document.split == "evaluation" else document.confidence,
    }


def _sentences(document: Document, tokens: list[Token]) -> list[int]:
    """The tokens that start a sentence: as imported with the tokens, or found."""
    is_imported = document.project.token_mode == "as-imported" and document.tokens
    if is_imported and document.sentence_starts is not None:
        return list(document.sentence_starts)
    return sentence_breaks(document.text, tokens)


def _describe_annotation(annotation: Annotation | None) -> dict[str, Any]:
    if annotation is None:
        nothing: list[Any] = []
        return {
            "version": 0,
            "state": "open",
            "spans": nothing,
            "rejections": nothing,
            "seconds_spent": 0,
        }
    spans = Span.objects.filter(annotation=annotation)
    rejections = Rejection.objects.filter(annotation=annotation)
    return {
        "version": annotation.version,
        "state": annotation.state,
        "spans": [
            {
                "start": span.start,
                "end": span.end,
                "label": span.label.name,
                "suggested": span.suggested_confidence is not None,
                "confidence": span.suggested_confidence,
                "source": _source(span),
                "checkpoint": span.suggested_by_id,
                "rule": span.suggested_rule,
            }
            for span in spans.select_related("label", "suggested_rule")
        ],
        "rejections": [
            {"start": start, "end": end, "label": label}
            for start, end, label in rejections.values_list(
                "start", "end", "label__name"
            )
        ],
        "seconds_spent": annotation.seconds_spent,
    }


def _source(span: Span) -> str | None:
    """Who had proposed a span; None for a person's own and for what is forgotten."""
    if span.suggested_by_id is not None:
        return "model"
    return "rule" if span.suggested_rule_id is not None else None


def _describe_conflict(annotation: Annotation | None) -> dict[str, Any]:
    detail = _("This document was changed elsewhere since you opened it.")
    return {**_describe_annotation(annotation), "detail": detail}
