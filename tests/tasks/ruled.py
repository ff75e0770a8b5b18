"""Rules, what they suggest, and finished documents that they learn from."""

from typing import Any

from django.contrib.auth.models import User

from annotator import rulebook
from annotator.models import Annotation, Document, Edit, Project, Rule, Suggestion
from annotator.models.edits import SpanEdit
from annotator.rulebook import Entry
from tasks.rules import apply_rules


def write(project: Project, label: str, text: str, **how: Any) -> Rule:
    rulebook.add(project, [Entry(label, text, **how)], by=None)
    apply_rules(project.pk)
    return project.rules.get(text=text, label__name=label)


def found(project: Project) -> list[tuple[str, str]]:
    """Surface and label of every rule's suggestion, in the order of documents."""
    rows = Suggestion.objects.filter(document__project=project, rule__isnull=False)
    return [
        (row.document.text[row.start : row.end], row.label.name)
        for row in rows.select_related("document", "label").order_by(
            "document", "start"
        )
    ]


def finish(document: Document, user: User, *surfaces: tuple[str, str]) -> Annotation:
    spans = []
    for surface, label in surfaces:
        start = document.text.index(surface)
        spans.append(SpanEdit(start, start + len(surface), label, surface))
    annotation = Annotation.objects.create(document=document, user=user)
    annotation.apply(Edit(version=0, add=spans, state="submitted"), by=user)
    return annotation


def texts(project: Project, *texts: str, split: str = "pool") -> list[Document]:
    new = [Document.new(project, text, split=split) for text in texts]
    return Document.objects.bulk_create(new)
