"""What the people of a project write about a document or about a place in it."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Status

from annotator import access
from annotator.api import schemas
from annotator.models import Comment, Document, EditRefused

router = Router(tags=["comments"])


@router.get("/documents/{int:document_id}/comments", response=list[schemas.CommentOut])
def list_comments(request: HttpRequest, document_id: int) -> list[dict[str, Any]]:
    """All comments on a document, oldest first."""
    document = access.get_document(request.user, document_id)
    return describe_comments(document, request.user)


@router.post(
    "/documents/{int:document_id}/comments",
    response={201: schemas.CommentOut, 422: schemas.Refusal},
)
def add_comment(
    request: HttpRequest, document_id: int, body: schemas.CommentIn
) -> Status[Any]:
    """Write about a document, or about a place in its text."""
    document = access.get_document(request.user, document_id, access.ANNOTATE)
    place = None
    if body.place is not None:
        place = (body.place.start, body.place.end, body.place.surface)
    try:
        comment = Comment.write(document, body.text, by=request.user, place=place)
    except EditRefused as refusal:
        return Status(422, {"detail": str(refusal)})
    return Status(201, _describe(comment, request.user))


@router.patch("/comments/{int:comment_id}", response=schemas.CommentOut)
def resolve_comment(
    request: HttpRequest, comment_id: int, body: schemas.CommentChange
) -> dict[str, Any]:
    """Mark a comment as settled, or open it again."""
    comment = access.get_comment(request.user, comment_id, access.ANNOTATE)
    if body.is_resolved:
        comment.resolve(by=request.user)
    else:
        comment.reopen()
    return _describe(comment, request.user)


@router.delete("/comments/{int:comment_id}", response={204: None, 403: schemas.Refusal})
def delete_comment(request: HttpRequest, comment_id: int) -> Status[Any]:
    """Take back what one has written oneself."""
    comment = access.get_comment(request.user, comment_id, access.ANNOTATE)
    if comment.author_id != request.user.pk:
        detail = _("Only %(author)s can delete this comment; you may resolve it.")
        return Status(403, {"detail": detail % {"author": comment.author}})
    comment.delete()
    return Status(204, None)


def describe_comments(document: Document, user: Any) -> list[dict[str, Any]]:
    rows = document.comments.select_related("author", "resolved_by")
    return [_describe(comment, user) for comment in rows]


def _describe(comment: Comment, user: Any) -> dict[str, Any]:
    resolved_by = comment.resolved_by
    return {
        "id": comment.pk,
        "author": comment.author.get_username(),
        "is_mine": comment.author_id == user.pk,
        "text": comment.text,
        "start": comment.start,
        "end": comment.end,
        "surface": comment.surface,
        "created_at": comment.created_at,
        "resolved_at": comment.resolved_at,
        "resolved_by": resolved_by and resolved_by.get_username(),
    }
