"""The annotation page: one document, the queue before and behind it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from annotator import access, markdown, queue, trail
from annotator.models import Document, Project


@require_safe
@never_cache
def next_document(request: HttpRequest, pk: int) -> HttpResponse:
    """Lease the person's next document and go there, or say what to do now."""
    project = access.get_project(request.user, pk, access.ANNOTATE)
    after = request.GET.get("after", "")
    is_key = after.isdecimal() and len(after) < 19  # a database has no longer ones
    document = queue.take_next(
        project, request.user, after=int(after) if is_key else None
    )
    if document is not None:
        return redirect("document-annotate", document.pk)
    documents = project.documents.count()
    own = project.documents.filter(annotations__user=request.user.pk)
    context = {
        "project": project,
        "documents": documents,
        "waiting": queue.remaining(project).count(),
        "skipped": own.filter(annotations__state="skipped").count(),
        "may_administer": access.may(request.user, project, access.ADMINISTER),
    }
    return render(request, "annotate/empty.html", context)


@require_safe
@never_cache
def jump(request: HttpRequest, pk: int) -> HttpResponse:
    """Go to the document with an id, or to the list of those that mention it."""
    project = access.get_project(request.user, pk)
    sought = request.GET.get("id", "").strip()
    found = trail.find(project, sought)
    if found is not None:
        return redirect("document-annotate", found.pk)
    listed = reverse("document-list", args=[project.pk])
    return redirect(f"{listed}?{urlencode({'q': sought})}")


@require_safe
@never_cache
@ensure_csrf_cookie
def document(request: HttpRequest, pk: int) -> HttpResponse:
    """Open one document; whoever may annotate it holds a lease meanwhile."""
    document = access.get_document(request.user, pk)
    project = document.project
    may_annotate = access.may(request.user, project, access.ANNOTATE)
    holder = _take_or_name_holder(document, request.user) if may_annotate else None
    following = reverse("annotate-next", args=[project.pk])
    context = {
        "project": project,
        "document": document,
        "may_annotate": may_annotate,
        "may_edit": may_annotate and holder is None,
        "holder": holder,
        "guideline": markdown.render(project.guideline),
        "labels": project.labels.all(),
        "metadata": _rows(document.metadata),
        "order": _describe_order(project, document),
        "remaining": queue.remaining(project, request.user).count(),
        "previous": trail.before(document, request.user),
        "following": trail.after(document, request.user),
        "latest": trail.latest(project, request.user),
        "next": f"{following}?after={document.pk}",
    }
    return render(request, "annotate/document.html", context)


def _take_or_name_holder(document: Document, user: Any) -> Any:
    """None when the person may edit, else the person who has the document open.

    Who has begun an annotation of his own goes on with it, whoever holds the lease.
    """
    if queue.lease(document, user):
        return None
    document.refresh_from_db(fields=["leased_by", "leased_until"])
    is_over = document.leased_until is None or document.leased_until <= timezone.now()
    if is_over or document.annotations.filter(user=user).exists():
        return None
    return document.leased_by


def _describe_order(project: Project, document: Document) -> dict[str, str]:
    """Why this document comes now: a few words and a sentence."""
    if document.split == "evaluation":
        return {
            "title": _("Evaluation slice"),
            "reason": _(
                "This document is part of the random evaluation slice. It shows no "
                "suggestions, so that the model is measured against your own judgement."
            ),
        }
    reasons = {
        "cold": {
            "title": _("Random order"),
            "reason": _(
                "No model has read the texts yet, so the documents come in random "
                "order (a seeded shuffle)."
            ),
        },
        "random": {
            "title": _("Random order"),
            "reason": _("The project serves its documents in random order."),
        },
        "confidence": {
            "title": _("Least certain first"),
            "reason": _(
                "The documents that the model is least certain about come first."
            ),
        },
    }
    order = queue.reason_for_order(project)
    if order == "confidence" and document.served_as in ("chance", "new"):
        return _describe_other_line(document.served_as)
    return reasons[order]


def _describe_other_line(served_as: str) -> dict[str, str]:
    """Why a document comes that is not the least certain."""
    if served_as == "chance":
        return {
            "title": _("Drawn by chance"),
            "reason": _(
                "Some documents are drawn by chance, so that the model also learns "
                "from texts that it is sure about, rightly or wrongly."
            ),
        }
    return {
        "title": _("New document"),
        "reason": _(
            "No model had read this document when it was served; new documents get "
            "a place among the others."
        ),
    }


def _rows(metadata: Any) -> list[tuple[str, str]]:
    """Metadata as name and value; anything but an object has one nameless value."""
    if isinstance(metadata, dict):
        return [(str(name), str(value)) for name, value in metadata.items()]
    return [("", str(metadata))] if metadata else []
