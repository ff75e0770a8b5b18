"""What imports and exports share: whatever happens to a job is written down in it."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import translation

from annotator.models.jobs import Job, RunCancelled, RunLost
from annotator.patience import patiently
from tasks.heartbeat import Heartbeat

logger = logging.getLogger(__name__)


class JobRefused(ValueError):
    """There is no result, for a reason that a person can do something about."""

    def __init__(self, sentence: str, **outcome: Any) -> None:
        super().__init__(sentence)
        self.outcome = outcome  # what else is written down


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
    except Exception as error:
        sentence = f"{type(error).__name__}: {error}"
        _end(lambda: job.fail(sentence))
        raise


def _end(write: Callable[[], None]) -> None:
    try:
        patiently(write)
    except RunLost as error:
        logger.warning("%s", error)
