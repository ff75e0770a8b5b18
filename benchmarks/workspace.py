"""A throw-away database and checkpoint folder, so that storing is measured too."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annotator.models import Checkpoint, Project
    from modeling.tagger import Tagger


@contextmanager
def workspace(folder: str | None = None, database_url: str = "") -> Iterator[str]:
    """Set Django up, on SQLite unless told; before any model is imported.

    Args:
        folder: Of an earlier workspace to go on with; None makes one and drops it.
        database_url: Of a PostgreSQL database to use instead.
    """
    with tempfile.TemporaryDirectory(prefix="marginalia-benchmark-") as fresh:
        folder = folder or fresh
        os.environ["VAR_DIR"] = folder
        os.environ["LOG_LEVEL"] = "ERROR"
        os.environ["DJANGO_SETTINGS_MODULE"] = "annotator.settings"
        os.environ["DATABASE_URL"] = database_url
        os.environ["REDIS_URL"] = ""
        import django
        from django.core.management import call_command
        from django.db import connection

        django.setup()
        call_command("migrate", verbosity=0)
        yield folder
        connection.close()


def make_project(labels: Sequence[str], name: str = "benchmark") -> "Project":
    """Store an empty project."""
    from annotator.models import Project

    project = Project.objects.create(name=name)
    project.ensure_labels(labels)
    return project


def make_active(tagger: "Tagger", project: "Project") -> "Checkpoint":
    """Store a tagger as the project's active checkpoint."""
    from annotator.models import Checkpoint, TrainingRun
    from annotator.models.training import Trigger
    from modeling import checkpoints

    run, _ = TrainingRun.request(project, Trigger.BUTTON)
    run.claim("benchmark")
    run.succeed({})
    checkpoint = Checkpoint.objects.create(
        project=project,
        training_run=run,
        folder=f"run-{run.pk}",
        encoder="bundled",
        labels=dict(project.labels.values_list("name", "pk")),
    )
    checkpoints.save(tagger, checkpoint.path)
    checkpoint.activate()
    return checkpoint


def add_documents(project: "Project", texts: Sequence[str]) -> list[int]:
    """Store texts in the pool and give their primary keys."""
    from annotator.models import Document

    rows = [Document.new(project, text, occurrence=i) for i, text in enumerate(texts)]
    return [row.pk for row in Document.objects.bulk_create(rows, batch_size=1000)]
