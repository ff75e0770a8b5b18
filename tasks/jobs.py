"""What imports and exports share: whatever happens to a job is written down in it."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import translation

from annotator.models.jobs import Job, RunCancelled, RunLost
from annotator.patience import patiently
from annotator.progress import Moving, Progress
from tasks.heartbeat import Heartbeat

logger = logging.getLogger(__name__)
PROGRESS_SECONDS = 0.5


class JobRefused(ValueError):
    """There is no result, for a reason that a person can do something about."""

    def __init__(self, sentence: str, **outcome: Any) -> None:
        super().__init__(sentence)
        self.outcome = outcome  # what else is written down


class Watch:
    """Asks whether a job is to go on, and notes now and then how far it is."""

    def __init__(self, job: Job, place: Moving, heart: Heartbeat) -> None:
        self._job, self._place, self._heart = job, place, heart
        self._noted = 0.0

    def check(self) -> None:
        """Go on, or not.

        Raises:
            RunCancelled: somebody asked for it.
            RunLost: it was taken from this worker.
        """
        self._heart.check()
        if self._place.is_to_stop(self._job.pk):
            raise RunCancelled

    def note(self, progress: Progress) -> None:
        self.check()
        if time.monotonic() - self._noted >= PROGRESS_SECONDS:
            self._noted = time.monotonic()
            self._place.note_progress(progress)


@contextmanager
def carrying_out(job: Job, language: str | None) -> Iterator[Heartbeat]:
    """Beat while the block runs; whatever it raises becomes the job's end.

    Only what nobody foresaw is raised again.
    """
    try:
        with translation.override(language), Heartbeat(job) as heart:
            yield heart
    except RunLost as error:
        logger.warning("%s", error)
    except RunCancelled:
        _end(job.stop_cancelled)
    except JobRefused as error:
        sentence, outcome = str(error), error.outcome
        _end(lambda: job.fail(sentence, **outcome))
    except Exception as error:  # told to the person, and raised again below
        sentence = f"{type(error).__name__}: {error}"
        _end(lambda: job.fail(sentence))
        raise


def _end(write: Callable[[], None]) -> None:
    try:
        patiently(write)
    except RunLost as error:
        logger.warning("%s", error)
