"""The table of a simulation: one line a round, safe for several processes."""

import csv
import fcntl
import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FULL = "full"  # beside the strategies: one training on the whole pool
KEY = ("corpus", "strategy", "seed", "round")
COUNTS = (
    "documents",
    "tokens",
    "entities",
    "accepted",
    "rejected",
    "fixed",
    "added",
    "actions",
)
MEASURES = (
    "minutes",
    "typed_minutes",
    "precision",
    "recall",
    "f1",
    "train_seconds",
    "score_seconds",
)
COLUMNS = (
    *KEY,
    *COUNTS,
    *MEASURES,
    "steps",
    "full_f1",
    "pool_documents",
    "pool_tokens",
    "settings",
    "agreement",
)
OLDER = COLUMNS[: COLUMNS.index("agreement")]  # of tables begun before it was measured
INTEGERS = {"seed", "round", *COUNTS, "steps", "pool_documents", "pool_tokens"}
FLOATS = {*MEASURES, "full_f1", "agreement"}

Row = dict[str, Any]


class ResultsError(ValueError):
    """What is wrong with a table of results, in one sentence."""


class Results:
    """A CSV file that only grows, a line at a time, under a lock."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self) -> list[Row]:
        """All rows; a line that a killed process left unfinished is not one.

        Raises:
            ResultsError: the file is no table of results.
        """
        if not self.path.exists():
            return []
        text = self.path.read_text(encoding="utf-8")
        lines = text[: text.rfind("\n") + 1]
        reader = csv.DictReader(io.StringIO(lines))
        if lines and tuple(reader.fieldnames or ()) not in (COLUMNS, OLDER):
            raise ResultsError(
                f"“{self.path.name}” is no table of results: its first line is not "
                f"{','.join(COLUMNS)}"
            )
        name = self.path.name
        return [_typed(row, name, reader.line_num) for row in reader]

    def append(self, row: Mapping[str, Any]) -> bool:
        """Write a row to the disk unless there is one with its key.

        A table keeps the columns that it was begun with.

        Returns:
            Whether it was new.
        """
        with self.lock():
            if any(_key(known) == _key(row) for known in self.rows()):
                return False
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+") as file:
                end = _finished_length(file)
                file.truncate(end)
                out = io.StringIO()
                columns = self._columns() if end else COLUMNS
                writer = csv.writer(out, lineterminator="\n")
                if not end:
                    writer.writerow(columns)
                writer.writerow([row[name] for name in columns])
                file.write(out.getvalue().encode())
                file.flush()
                os.fsync(file.fileno())
            return True

    def _columns(self) -> list[str]:
        with self.path.open(encoding="utf-8", newline="") as file:
            return next(csv.reader(file))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from writing."""
        with locked(self.path.with_name(f"{self.path.name}.lock")):
            yield


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait for the lock of a file and hold it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in KEY)


def _typed(row: Mapping[str, str], name: str, line: int) -> Row:
    """Turn the cells of a line into numbers; an empty cell is None."""
    typed: Row = dict(row)
    try:
        for column in INTEGERS:
            typed[column] = int(row[column])
        for column in FLOATS:
            typed[column] = float(row[column]) if row.get(column) else None
    except (TypeError, ValueError):
        raise ResultsError(
            f"Line {line} of “{name}” has no number in the column “{column}”."
        ) from None
    return typed


def _finished_length(file: Any) -> int:
    """Where the last whole line ends."""
    file.seek(0)
    content: bytes = file.read()
    return content.rfind(b"\n") + 1
