"""Who may do what: the only permission code."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from annotator.models import Comment, Document, Export, Membership, Project

READ, ANNOTATE, CURATE, ADMINISTER = "read", "annotate", "curate", "administer"
PERMISSIONS = {
    "viewer": {READ},
    "annotator": {READ, ANNOTATE},
    "curator": {READ, ANNOTATE, CURATE},
    "admin": {READ, ANNOTATE, CURATE, ADMINISTER},
}


MAY_ANNOTATE = [role for role, may in PERMISSIONS.items() if ANNOTATE in may]


def projects_of(user: Any) -> QuerySet[Project]:
    """The projects a person may open; a superuser opens all."""
    if user.is_superuser:
        return Project.objects.all()
    return Project.objects.filter(memberships__user=user)


def administered_by(user: Any) -> QuerySet[Project]:
    """The projects a person may change the settings of."""
    if user.is_superuser:
        return Project.objects.all()
    mine = Membership.objects.filter(user=user, role="admin")
    return Project.objects.filter(memberships__in=mine)


def role_in(user: Any, project: Project) -> str | None:
    if user.is_superuser:
        return "admin"
    membership = Membership.objects.filter(user=user, project=project).first()
    return membership.role if membership else None


def may(user: Any, project: Project, permission: str) -> bool:
    return permission in PERMISSIONS.get(role_in(user, project) or "", set())


def get_project(user: Any, pk: int, permission: str = READ) -> Project:
    """The project, for somebody who may; an outsider gets 404, a reader 403."""
    project = get_object_or_404(projects_of(user), pk=pk)
    if not may(user, project, permission):
        raise PermissionDenied
    return project


def get_document(user: Any, pk: int, permission: str = READ) -> Document:
    """The document, under the rules of its project."""
    documents = Document.objects.filter(project__in=projects_of(user))
    document = get_object_or_404(documents.select_related("project"), pk=pk)
    if not may(user, document.project, permission):
        raise PermissionDenied
    return document


def get_export(user: Any, pk: int, export: int) -> Export:
    """An export of the project, for who asked for it or administers the project."""
    project = get_project(user, pk)
    found = get_object_or_404(project.exports.select_related("project"), pk=export)
    if found.requested_by_id != user.pk and not may(user, project, ADMINISTER):
        raise PermissionDenied
    return found


def get_comment(user: Any, pk: int, permission: str = READ) -> Comment:
    """The comment, under the rules of its document's project."""
    comments = Comment.objects.filter(document__project__in=projects_of(user))
    related = comments.select_related("document__project", "author", "resolved_by")
    comment = get_object_or_404(related, pk=pk)
    if not may(user, comment.document.project, permission):
        raise PermissionDenied
    return comment
