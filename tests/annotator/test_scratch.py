"""Temporary folders, and those that a killed process left."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from annotator import scratch
from annotator.formats import Source
from tasks.maintenance import reconcile

HOLDER = """
import django, sys, time
django.setup()
from annotator.scratch import scratch
with scratch() as folder:
    (folder / "0").write_text("a text")
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def var(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


def test_members_of_a_zip_lie_below_the_state_folder_and_go_by_themselves(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "Ada")
    for member in Source(path).members():
        assert member.path.is_relative_to(scratch.root())
    assert list(scratch.root().iterdir()) == []


@pytest.mark.django_db
def test_the_folder_of_a_killed_process_is_swept_and_that_of_a_living_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {**os.environ, "VAR_DIR": str(tmp_path)}
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    folder = Path(holder.stdout.readline().strip())
    monkeypatch.setattr(scratch, "GRACE_SECONDS", -1)
    reconcile()
    assert (folder / "0").exists()
    holder.kill()
    holder.wait()
    reconcile()
    assert not folder.exists()


def test_a_folder_that_was_only_just_made_is_left_alone() -> None:
    folder = scratch.root() / f"{scratch.PREFIX}new"
    folder.mkdir(parents=True)
    scratch.sweep()
    assert folder.exists()
    os.utime(folder, (0, 0))
    scratch.sweep()
    assert not folder.exists()


def test_what_a_killed_export_left_in_a_folder_goes_with_the_next(
    tmp_path: Path,
) -> None:
    dead, notes, other = (
        tmp_path / name
        for name in (f"{scratch.PREFIX}dead", f"{scratch.PREFIX}notes", "other")
    )
    for folder in (dead, notes, other):
        folder.mkdir()
        (folder / "half.jsonl").touch()
    (dead / scratch.LOCK).touch()
    for folder in (dead, notes, other):
        os.utime(folder, (0, 0))
    with scratch.scratch(tmp_path) as fresh:
        assert list(fresh.iterdir()) == []
    assert {*tmp_path.iterdir()} == {notes, other}  # a name alone is not ours
