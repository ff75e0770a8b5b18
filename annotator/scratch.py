"""Temporary folders below VAR_DIR: whoever dies lets go of them, and they are swept."""

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings

LOCK = ".lock"
GRACE_SECONDS = 60  # between the making of a folder and its lock


def root() -> Path:
    return Path(settings.VAR_DIR) / "scratch"


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone after the block, or soon after its process is."""
    root().mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=root()) as name, Path(name, LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Path(name)


def sweep() -> None:
    """Remove the folders of dead processes, also of those in other containers."""
    limit = time.time() - GRACE_SECONDS
    for folder in root().glob("*"):
        with suppress(FileNotFoundError):  # somebody else sweeps, too
            if folder.stat().st_mtime < limit and not _is_held(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_held(folder: Path) -> bool:
    try:
        with Path(folder, LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
