"""bob's annotation of a document, and edits of it."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from annotator.models import Annotation, Document, Edit, Project
from annotator.models.edits import SpanEdit

TEXT = "Ada Lovelace 😊 in London"
ADA = SpanEdit(0, 12, "PER", "Ada Lovelace")
LONDON = SpanEdit(18, 24, "LOC", "London")


@pytest.fixture
def document(project: Project) -> Document:
    document = Document.new(project, TEXT)
    document.save()
    return document


@pytest.fixture
def annotation(document: Document, bob: User) -> Annotation:
    return Annotation.objects.create(document=document, user=bob)


def apply(annotation: Annotation, **edit: Any) -> None:
    """The edit of a browser that saw the newest version."""
    annotation.apply(Edit(version=annotation.version, **edit), by=annotation.user)
