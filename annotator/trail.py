"""The documents a person has worked on in a project, in the order they were begun."""

from typing import Any

from django.db.models import QuerySet

from annotator.models import Annotation, Document, Project

SHOWN = 12
LONGEST_KEY = 18  # digits; a database has no longer ones


def _own(project: Project, user: Any) -> QuerySet[Annotation]:
    own = Annotation.objects.filter(user=user, is_gold=False, document__project=project)
    texts = [f"document__{name}" for name in ("text", "tokens", "sentence_starts")]
    return own.select_related("document").defer(*texts)


def before(document: Document, user: Any) -> Document | None:
    """The document begun before this one, or the last one where this is new."""
    own = _own(document.project, user)
    here = own.filter(document=document).first()
    earlier = own.filter(pk__lt=here.pk) if here else own
    last = earlier.order_by("-pk").first()
    return last.document if last else None


def after(document: Document, user: Any) -> Document | None:
    """The document begun after this one; None where the queue goes on."""
    own = _own(document.project, user)
    here = own.filter(document=document).first()
    following = own.filter(pk__gt=here.pk).order_by("pk").first() if here else None
    return following.document if following else None


def latest(project: Project, user: Any) -> list[Annotation]:
    """What the person began last, the newest first."""
    return list(_own(project, user).order_by("-pk")[:SHOWN])


def find(project: Project, sought: str) -> Document | None:
    """The document with this id: the one it was imported with, or its number here."""
    if not sought:
        return None
    named = project.documents.filter(external_id=sought).order_by("pk").first()
    number = sought.removeprefix("#")
    is_key = number.isdecimal() and len(number) <= LONGEST_KEY
    if named is not None or not is_key:
        return named
    return project.documents.filter(pk=int(number)).first()
