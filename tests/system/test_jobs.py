"""Imports and exports in processes that get in each other's way, or are killed."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.site import ROOT, Site
from tests.system.test_faults import IMPORT

pytestmark = [pytest.mark.services, pytest.mark.slow]
STATE = "SELECT state FROM annotator_{kind} WHERE id = ?"
DOCUMENTS = "SELECT count(*) FROM annotator_document"

SLOWLY = """
import time
from django.db import connection
from annotator import storing
from tasks.imports import import_upload
connection.close()
connection.settings_dict["OPTIONS"]["timeout"] = 0.5  # seconds for the lock
store, storing.BATCH = storing.Storage.add, 2
def add(storage, *batch):
    store(storage, *batch)
    print("storing", flush=True)
    time.sleep(1)
storing.Storage.add = add
import_upload({job})
"""

# What happens just before, or just after, the outcome of an import is written.
CANCELLED = """
from threading import Thread
from django.db import connection
from annotator.models import ImportJob
from tasks.imports import import_upload
succeed, told = ImportJob.succeed, []
def cancel(pk):
    told.append(ImportJob.objects.get(pk=pk).cancel())
    connection.close()
def act(job, reports):
    thread = Thread(target=cancel, args=[job.pk])
    if {before}:
        thread.start()
        thread.join()
        succeed(job, reports)
    else:
        succeed(job, reports)
        thread.start()
        thread.join(1)
        assert thread.is_alive()  # it waits for the row
ImportJob.succeed = act
import_upload({job})
while not told:
    pass
print("told", told)
"""

EXPORT = """
from annotator import keeping
from annotator.export_options import ExportOptions
from annotator.models import Project
from tasks.exports import make_export
kept = keeping.request(Project.objects.get(), ExportOptions(format="conll2003"))
make_export.delay(kept.pk)
print(kept.pk)
"""


def shell(site: Site, script: str) -> str:
    """Run a script to its end; its last line."""
    lines = site.manage("shell", "-v", "0", "-c", script).splitlines()
    return lines[-1] if lines else ""


def begin(site: Site, script: str) -> subprocess.Popen[str]:
    """Run a script beside others."""
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", script]
    return subprocess.Popen(
        command, cwd=ROOT, env=site.environment, stdout=subprocess.PIPE, text=True
    )


def letters(site: Site, count: int, name: str = "letters", **more: object) -> Path:
    path = site.folder / f"{name}.jsonl"
    with path.open("w") as file:
        for number in range(count):
            line = {"text": f"{name} {number} to Kew.", **more}
            file.write(json.dumps(line) + "\n")
    return path


def queue(site: Site, path: Path) -> int:
    """Ask for an import that no worker takes."""
    return int(shell(site, IMPORT.format(path=str(path))))


def test_two_imports_at_once_are_both_stored_on_sqlite(embedded_site: Site) -> None:
    site = embedded_site
    site.manage("create_project", "Notes")
    paths = letters(site, 6), letters(site, 6, "postcards"), letters(site, 6)
    jobs = [queue(site, path) for path in paths]
    first = begin(site, SLOWLY.format(job=jobs[0]))
    assert first.stdout is not None and first.stdout.readline() == "storing\n"
    others = [begin(site, SLOWLY.format(job=job)) for job in jobs[1:]]
    for process in (first, *others):
        assert process.wait(90) == 0
    states = [site.value(STATE.format(kind="importjob"), job) for job in jobs]
    assert states == ["succeeded"] * 3
    assert site.value(DOCUMENTS) == 12  # the same letters again are no new ones


@pytest.mark.parametrize("before", [True, False])
def test_a_cancel_at_the_very_end_is_told_the_truth(
    on_postgres: Site, before: bool
) -> None:
    site = on_postgres
    site.manage("create_project", "Notes")
    job = queue(site, letters(site, 6))
    said = shell(site, CANCELLED.format(job=job, before=before))
    state = site.value(STATE.format(kind="importjob"), job)
    if before:
        assert (said, state, site.value(DOCUMENTS)) == ("told [True]", "cancelled", 0)
    else:
        assert (said, state, site.value(DOCUMENTS)) == ("told [False]", "succeeded", 6)


def test_a_worker_killed_while_it_writes_an_export_leaves_no_half_file(
    site: Site,
) -> None:
    site.manage("create_project", "Notes", "--retrain-every", "0")
    spans = [{"start": 0, "end": 7, "label": "WORK"}]
    path = letters(site, 20_000, spans=spans)
    site.manage("import_documents", "Notes", str(path), "--annotated-by", "gold")
    worker = site.start_worker(2)  # one learns rules meanwhile
    export = int(shell(site, EXPORT))
    folder = site.folder / "media" / "exports"

    def is_writing() -> bool:
        found = [path.read_text() for path in folder.glob("*/progress.json")]
        return any("writing" in text for text in found)

    state = STATE.format(kind="export")
    site.wait_for(is_writing, 60, "some documents written")
    site.kill(worker)
    assert site.value(state, export) == "running"
    assert not list(folder.glob("*/*/notes.conll"))

    site.start_worker(2)
    site.wait_for(lambda: site.value(state, export) == "succeeded", 120, "success")
    query = "SELECT attempt, sha256 FROM annotator_export WHERE id = ?"
    ((attempt, sha256),) = site.rows(query, export)
    (made,) = folder.glob("*/2/notes.conll")
    assert attempt == 2
    assert hashlib.sha256(made.read_bytes()).hexdigest() == sha256
    assert made.read_text().count("B-WORK") == 20_000
    names = sorted(path.name for path in made.parent.parent.rglob("*"))
    assert names == ["2", "notes.conll", "notes.conll.report.json"]
