"""Clients who are logged in, and documents at every stage."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotator.models import (
    Annotation,
    Checkpoint,
    Document,
    Edit,
    Membership,
    Project,
    Suggestion,
    TrainingRun,
)
from annotator.models.edits import SpanEdit
from tasks.prediction import preannotate_project
from tests.annotator.views.exporting import fetch
from tests.annotator.views.uploading import OPTIONS, Send


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def as_alice(alice: User, project: Project) -> Client:
    return logged_in(alice)


@pytest.fixture
def as_bob(bob: User, project: Project) -> Client:
    return logged_in(bob)


@pytest.fixture
def as_charlie(charlie: User) -> Client:
    return logged_in(charlie)


@pytest.fixture
def as_viewer(project: Project) -> Client:
    viewer = User.objects.create_user("viewer")
    Membership.objects.create(project=project, user=viewer, role="viewer")
    return logged_in(viewer)


@pytest.fixture
def add_document(project: Project) -> Callable[..., Document]:
    def add(text: str, **fields: Any) -> Document:
        document = Document.new(project, text, **fields)
        document.save()
        return document

    return add


def annotate(
    document: Document, user: User, *spans: tuple[int, int, str], state: str
) -> Annotation:
    annotation = Annotation.objects.create(document=document, user=user)
    edits = [SpanEdit(*span) for span in spans]
    annotation.apply(Edit(version=0, add=edits, state=state), by=user)
    return annotation


def finished_run(project: Project, **metrics: Any) -> Checkpoint:
    """A run that succeeded, and its checkpoint with kept weights."""
    metrics = {
        "f1": 0.5,
        "f1_interval": [0.4, 0.6],
        "precision": 0.5,
        "recall": 0.5,
        "evaluated_documents": 10,
        "trained_documents": 20,
        "trained_spans": 40,
        "previous_f1": None,
        "promoted": True,
        "labels": {
            "PER": {"precision": 0.75, "recall": 0.6, "f1": 0.667, "gold": 5},
        },
    } | metrics
    run = TrainingRun.objects.create(
        project=project, state="succeeded", phase="done", metrics=metrics
    )
    TrainingRun.objects.filter(pk=run.pk).update(finished_at=timezone.now())
    return Checkpoint.objects.create(
        project=project,
        training_run=run,
        folder=f"run-{run.pk}",
        encoder="bundled",
        labels=dict(project.labels.values_list("name", "pk")),
        metrics=metrics,
    )


def suggest(
    document: Document, checkpoint: Checkpoint, start: int, end: int, label: str
) -> Suggestion:
    return Suggestion.objects.create(
        document=document,
        checkpoint=checkpoint,
        label=document.project.labels.get(name=label),
        start=start,
        end=end,
        confidence=0.8,
    )


@pytest.fixture
def download(
    as_alice: Client,
    project: Project,
    add_document: Callable[..., Document],
    alice: User,
) -> Callable[..., Any]:
    """Ask for a file of a project with one submitted and one open document."""
    ada = add_document("Ada met Babbage.")
    annotate(ada, alice, (0, 3, "PER"), (8, 15, "PER"), state="submitted")
    annotate(add_document("Rome."), alice, (0, 4, "LOC"), state="open")
    return lambda **choice: fetch(as_alice, project, **choice)


@pytest.fixture
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mock]:
    monkeypatch.setattr(preannotate_project, "delay", sent := Mock())
    yield sent


@pytest.fixture
def upload(as_alice: Client, project: Project, media: Path, enqueued: Mock) -> Send:
    """Send files and return the address of the preview."""

    def send(*files: tuple[str, str], **options: str) -> str:
        sent = [SimpleUploadedFile(name, text.encode()) for name, text in files]
        data: dict[str, Any] = {**OPTIONS, **options, "uploads": sent}
        response = as_alice.post(reverse("document-upload", args=[project.pk]), data)
        assert response.status_code == 302, response.content.decode()
        return str(response["Location"])

    return send
