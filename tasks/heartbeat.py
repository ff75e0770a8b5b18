"""A thread that keeps a job's heartbeat going and hears of cancelling."""

import logging
import threading
import time
from types import TracebackType
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection

from annotator.models.jobs import Job, RunCancelled, RunLost

logger = logging.getLogger(__name__)


class Heartbeat:
    """Beats while the block runs; `should_stop` is cheap enough for every step."""

    def __init__(self, run: Job) -> None:
        self.run = run
        self.is_lost = False
        self.is_cancelled = False
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._last_report = 0.0

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def should_stop(self) -> bool:
        return self.is_lost or self.is_cancelled

    def check(self) -> None:
        """Go on only while the job is this worker's and nobody cancelled it.

        Raises:
            RunLost: it was taken from this worker.
            RunCancelled: somebody cancelled it.
        """
        if self.is_lost:
            raise self.run.lost()
        if self.is_cancelled:
            raise RunCancelled

    def report(self, *, now: bool = False, **progress: Any) -> None:
        """Write progress, at most once a second unless it matters now.

        A database that is busy for a while, as with a large import, ends no training.
        """
        if not now and time.monotonic() - self._last_report < 1:
            return
        self._last_report = time.monotonic()
        try:
            self.run.beat(**progress)
        except DatabaseError as error:
            self._note(error)

    def _beat(self) -> None:
        try:
            while not self._done.wait(settings.RUN_HEARTBEAT_SECONDS):
                self._beat_once()
        finally:
            connection.close()

    def _beat_once(self) -> None:
        try:
            # Read first: while an import is stored, SQLite lets nobody write.
            self.is_cancelled = self.run.is_cancel_requested()
            self.run.beat()
        except RunLost:
            self.is_lost = True
        except DatabaseError as error:
            self._note(error)

    def _note(self, error: DatabaseError) -> None:
        """The next beat tries again; a long silence gives the run away."""
        logger.warning("Heartbeat of run %s failed: %s", self.run.pk, error)
        connection.close()
