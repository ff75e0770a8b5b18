"""How far work is, in a file beside it: SQLite's one lock is not needed for that."""

import json
import os
import time
import uuid
from pathlib import Path
from typing import Any, NamedTuple

PROGRESS = "progress.json"
MOVING_SECONDS = 15  # since the last word of a worker that goes on


class Progress(NamedTuple):
    """How far an import or an export is, as its worker said last."""

    phase: str
    documents: int
    share: float  # of the phase, from 0 to 1
    total: int = 0  # documents there are, where that is known


class Moving:
    """What has a folder, in which its worker notes how far it is."""

    @property
    def folder(self) -> Path:
        raise NotImplementedError

    @property
    def progress(self) -> Progress | None:
        """None before a worker began."""
        try:
            text = (self.folder / PROGRESS).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        return Progress(*json.loads(text))

    @property
    def is_moving(self) -> bool:
        """Whether a worker said so lately; on SQLite it can say so only here."""
        try:
            last = (self.folder / PROGRESS).stat().st_mtime
        except FileNotFoundError:
            return False
        return time.time() - last < MOVING_SECONDS

    def ask_to_stop(self, job: int) -> None:
        """Cancel where an import's own lock lets nobody write that to SQLite."""
        self.folder.mkdir(parents=True, exist_ok=True)  # it may wait for a worker
        (self.folder / f"stop-{job}").touch()

    def is_to_stop(self, job: int) -> bool:
        return (self.folder / f"stop-{job}").exists()

    def note_progress(self, progress: Progress) -> None:
        replace_json(self.folder / PROGRESS, progress)

    def forget_progress(self) -> None:
        for path in (self.folder / PROGRESS, *self.folder.glob("stop-*")):
            path.unlink(missing_ok=True)


def replace_json(path: Path, value: Any) -> None:
    """Write a file that is there whole or as it was before, whenever one looks."""
    # A name of its own: an attempt given up for dead may write beside its successor.
    fresh = path.with_name(f"{path.name}.{uuid.uuid4().hex}.new")
    fresh.write_text(json.dumps(value), encoding="utf-8")
    os.replace(fresh, path)
