"""doccano 1.8.4 imports and exports a JSONL file with its own code, on SQLite.

Run by the Python of doccano's virtual environment, see ``benchmarks.formats``:
``python doccano_peer.py FOLDER FILE.jsonl``; the last line is one JSON object.
"""

import json
import os
import sys
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from doccano_django import set_up


def main() -> None:
    folder, path = Path(sys.argv[1]), Path(sys.argv[2])
    set_up(folder)
    from django.contrib.auth import get_user_model
    from projects.models import SequenceLabelingProject

    user = get_user_model().objects.create_user(f"benchmark-{os.getpid()}")
    project = SequenceLabelingProject.objects.create(
        name="benchmark",
        description="benchmark",
        project_type="SequenceLabeling",
        created_by=user,
        collaborative_annotation=True,
    )
    project.add_admin()
    imported = _timed(lambda: _import(project, user, path))
    exported = _timed(lambda: _export(project))
    print(json.dumps({"import": imported, "export": exported}))


def _timed(work: Any) -> dict[str, float]:
    wall, cpu = perf_counter(), process_time()
    count = work()
    cpu, wall = process_time() - cpu, perf_counter() - wall
    return {"wall": wall, "cpu": cpu, "documents": count}


def _import(project: Any, user: Any, path: Path) -> int:
    """What its task does between looking for the upload and moving it away."""
    from data_import.datasets import load_dataset
    from data_import.pipeline.catalog import create_file_format
    from data_import.pipeline.readers import FileName
    from django.conf import settings
    from examples.models import Example

    name = FileName(str(path), path.name, path.name)
    format = create_file_format("JSONL")
    dataset = load_dataset("SequenceLabeling", format, [name], project)
    dataset.save(user, batch_size=settings.IMPORT_BATCH_SIZE)
    if dataset.errors:
        raise SystemExit(str(dataset.errors[0]))
    return Example.objects.filter(project=project).count()


def _export(project: Any) -> int:
    from data_export.celery_tasks import export_dataset
    from examples.models import Example

    export_dataset(project.pk, "JSONL")
    return Example.objects.filter(project=project).count()


if __name__ == "__main__":
    main()
