"""The people and the project of the other tests, and documents to learn from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from annotator.models import Annotation, Document, Edit, Project
from annotator.models.edits import SpanEdit
from tasks import jobs
from tasks.learning import learn_rules
from tasks.rules import apply_rules
from tests.annotator.conftest import alice, bob, project

__all__ = ["alice", "bob", "project"]
NAMES = ["Ada", "Bo", "Cy", "Di", "Ed", "Flo"]
TOWNS = ["Oslo", "Lima", "Bern", "Riga", "Pisa", "Nara"]


@pytest.fixture(autouse=True)
def checkpoint_folder(settings: Settings, tmp_path: Path) -> Path:
    settings.CHECKPOINT_DIR = tmp_path / "checkpoints"
    # A heart in its thread would wait half a minute for the transaction of the test.
    settings.RUN_HEARTBEAT_SECONDS = 60
    return tmp_path / "checkpoints"


@pytest.fixture
def telling_jobs(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jobs that note every step."""
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(jobs, "PROGRESS_SECONDS", 0.0)


@pytest.fixture
def add_documents(project: Project) -> Callable[..., list[Document]]:
    """Add documents such as “Ada went to Oslo on day 3 .”, all different."""

    def add(count: int, split: str = "pool", offset: int = 0) -> list[Document]:
        documents = []
        for number in range(offset, offset + count):
            name, town = NAMES[number % 6], TOWNS[number // 6 % 6]
            text = f"{name} went to {town} on day {number} ."
            documents.append(
                Document.new(project, text, split=split, split_is_chosen=True)
            )
        return Document.objects.bulk_create(documents)

    return add


@pytest.fixture
def annotate(bob: User) -> Callable[..., Annotation]:
    """Submit the right answer to such a document."""

    def submit(document: Document, user: User | None = None) -> Annotation:
        words = document.text.split()
        town = document.text.index(words[3])
        spans = [
            SpanEdit(0, len(words[0]), "PER", words[0]),
            SpanEdit(town, town + len(words[3]), "LOC", words[3]),
        ]
        annotation = Annotation.objects.create(document=document, user=user or bob)
        edit = Edit(version=0, add=spans, state="submitted")
        annotation.apply(edit, by=user or bob)
        return annotation

    return submit


@pytest.fixture
def eager_rules() -> Any:
    """Tasks that are sent run at once, in this process."""
    with (
        patch.object(apply_rules, "delay", apply_rules),
        patch.object(learn_rules, "delay", learn_rules),
    ):
        yield
