"""A document with a suggestion, as the API tests need it."""

import pytest
from django.contrib.auth.models import User

from annotator.models import Checkpoint, Document, Project, Suggestion, TrainingRun
from tests.annotator.api.editor import Editor

TEXT = "Ada 😀 met Karl Marx in Basel."


@pytest.fixture
def document(project: Project) -> Document:
    document = Document.new(project, TEXT, external_id="d1")
    document.save()
    return document


@pytest.fixture
def editor(bob: User, document: Document) -> Editor:
    return Editor(bob, document)


@pytest.fixture
def suggestion(document: Document, alice: User) -> Suggestion:
    """The model proposes Karl Marx as PER, 61 % certain."""
    project = document.project
    run = TrainingRun.objects.create(project=project, requested_by=alice)
    checkpoint = Checkpoint.objects.create(
        project=project, training_run=run, folder="c", encoder="bundled", labels={}
    )
    label = project.labels.get(name="PER")
    return Suggestion.objects.create(
        document=document,
        checkpoint=checkpoint,
        label=label,
        start=10,
        end=19,
        confidence=0.61,
    )
