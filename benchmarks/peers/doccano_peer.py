"""doccano 1.8.4 imports and exports a JSONL file with its own code, on SQLite.

Run by the Python of doccano's virtual environment, see ``benchmarks.formats``:
``python doccano_peer.py FOLDER FILE.jsonl``; the last line is one JSON object.
"""

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, process_time
from typing import Any


def main() -> None:
    folder, path = Path(sys.argv[1]), Path(sys.argv[2])
    _set_up(folder)
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


def _set_up(folder: Path) -> None:
    found = find_spec("backend")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("There is no doccano in this environment.")
    sys.path[:1] = [next(iter(found.submodule_search_locations))]
    os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'doccano.sqlite3'}"
    os.environ["MEDIA_ROOT"] = str(folder / "media")
    os.environ["DEBUG"] = "False"  # with it every query is kept in memory
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.production"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("create_roles", verbosity=0)


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
