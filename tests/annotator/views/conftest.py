"""Clients who are logged in, and documents at every stage."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
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
