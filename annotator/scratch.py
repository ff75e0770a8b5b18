"""Temporary folders: whoever dies lets go of them, and they are swept."""

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings

LOCK = ".lock"
PREFIX = ".marginalia-"
GRACE_SECONDS = 60  # between the making of a folder and its lock


def root() -> Path:
    return Path(settings.VAR_DIR) / "scratch"


@contextmanager
def scratch(parent: Path | None = None) -> Iterator[Path]:
    """An empty folder that is gone after the block, or soon after its process is.

    Args:
        parent: Where it is made, and where those of dead processes are swept: what is
            moved from one file system to another cannot appear as a whole.
    """
    if parent is None:
        parent = root()
        parent.mkdir(parents=True, exist_ok=True)
    else:
        sweep(parent)
    made = TemporaryDirectory(dir=parent, prefix=PREFIX)
    with made as name, Path(name, LOCK).open("w") as lock:
        with suppress(OSError):  # a mounted folder may know no locks
            fcntl.flock(lock, fcntl.LOCK_EX)
        folder = Path(name, "files")
        folder.mkdir()
        yield folder


def sweep(parent: Path | None = None) -> None:
    """Remove the folders of dead processes, also of those in other containers."""
    limit = time.time() - GRACE_SECONDS
    for folder in _ours(parent):
        with suppress(FileNotFoundError):  # somebody else sweeps, too
            if folder.stat().st_mtime < limit and not _is_held(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _ours(parent: Path | None) -> list[Path]:
    """The temporary folders there are; elsewhere a name alone does not make one."""
    if parent is None:
        return list(root().glob("*"))
    return [folder for folder in parent.glob(f"{PREFIX}*") if (folder / LOCK).is_file()]


def _is_held(folder: Path) -> bool:
    try:
        with Path(folder, LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:  # somebody has it, or nobody can
        return True
    return False
