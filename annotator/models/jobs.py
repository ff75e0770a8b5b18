"""Work that a worker does in the background, from the wish to the outcome."""

import re
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MAX_ATTEMPTS = 3
# What jsonb, or any text of PostgreSQL's, refuses: NUL, and half a pair of UTF-16.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class RunState(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


ACTIVE = (RunState.QUEUED, RunState.RUNNING)


class RunLost(Exception):
    """The run is no longer this worker's: it was put back or cancelled meanwhile."""


class RunCancelled(Exception):
    """Somebody was told that the run stops, and so it does."""


def storable(value: Any) -> Any:
    """Text, or JSON with text, in which U+FFFD stands for what cannot be stored."""
    if isinstance(value, str):
        return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {storable(key): storable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [storable(each) for each in value]
    return value


class Job(models.Model):
    """Its state moves by conditional updates only.

    A worker that claims a job gets an attempt number; every later write names it, so a
    worker that was given up for dead cannot write over its successor.
    """

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    state = models.CharField(max_length=10, choices=RunState, default=RunState.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    worker = models.CharField(max_length=200, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    dispatched_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    # What else is written when a job is claimed, put back, and at its end.
    CLAIMED: dict[str, Any] = {}
    WAITING: dict[str, Any] = {}
    ENDED: dict[str, Any] = {}

    class Meta:
        abstract = True

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @classmethod
    def _all(cls) -> models.QuerySet[Self]:
        return cls._default_manager.all()

    def claim(self, worker: str) -> bool:
        """Take a queued job, unless a rule of the table lets it wait."""
        now = timezone.now()
        queued = self._all().filter(pk=self.pk, state=RunState.QUEUED)
        try:
            with transaction.atomic():
                claimed = queued.update(
                    state=RunState.RUNNING,
                    attempt=F("attempt") + 1,
                    worker=worker,
                    started_at=now,
                    heartbeat_at=now,
                    error="",
                    **self.CLAIMED,
                )
        except IntegrityError:
            return False
        self.refresh_from_db()
        return bool(claimed)

    def _mine(self) -> models.QuerySet[Self]:
        return self._all().filter(
            pk=self.pk, state=RunState.RUNNING, attempt=self.attempt
        )

    def lost(self) -> RunLost:
        name = str(self._meta.verbose_name).capitalize()
        return RunLost(f"{name} {self.pk} is no longer this worker's.")

    def beat(self, **progress: Any) -> None:
        """Write progress and a heartbeat.

        Raises:
            RunLost: the job is not this attempt's any more.
        """
        if not self._mine().update(heartbeat_at=timezone.now(), **progress):
            raise self.lost()
        for name, value in progress.items():
            setattr(self, name, value)

    def is_cancel_requested(self) -> bool:
        return self._mine().filter(cancel_requested=True).exists()

    def _finish(self, state: str, **fields: Any) -> None:
        if not self._end(self._mine(), state, **fields):
            raise self.lost()

    def _succeed_unless_cancelled(self, **fields: Any) -> None:
        """Succeed, unless somebody asked before this moment that it be stopped.

        Raises:
            RunCancelled: somebody did.
            RunLost: the job is not this attempt's any more.
        """
        uncancelled = self._mine().filter(cancel_requested=False)
        if not self._end(uncancelled, RunState.SUCCEEDED, **fields):
            raise RunCancelled if self.is_cancel_requested() else self.lost()

    def _end(self, rows: models.QuerySet[Self], state: str, **fields: Any) -> bool:
        now = timezone.now()
        fields = {name: storable(value) for name, value in fields.items()}
        fields |= {"state": state, **self.ENDED}
        has_ended = rows.update(finished_at=now, heartbeat_at=now, **fields)
        if has_ended:
            self.refresh_from_db()
        return bool(has_ended)

    def fail(self, message: str, **outcome: Any) -> None:
        """Record in one sentence why there is no result."""
        self._finish(RunState.FAILED, error=message, **outcome)

    def stop_cancelled(self) -> None:
        self._finish(RunState.CANCELLED)

    def cancel(self) -> bool:
        """Cancel at once when queued, ask the worker when running."""
        this = self._all().filter(pk=self.pk)
        ended = {"finished_at": timezone.now(), **self.ENDED}
        queued = this.filter(state=RunState.QUEUED)
        if queued.update(state=RunState.CANCELLED, **ended):
            return True
        return bool(this.filter(state=RunState.RUNNING).update(cancel_requested=True))

    def put_back(self) -> bool:
        """Queue an orphaned job again; fail it after too many attempts.

        Returns whether the job is queued now.
        """
        orphan = self._all().filter(
            pk=self.pk, state=RunState.RUNNING, heartbeat_at=self.heartbeat_at
        )
        ended = {"finished_at": timezone.now(), **self.ENDED}
        if self.cancel_requested:
            orphan.update(state=RunState.CANCELLED, **ended)
            return False
        if self.attempt >= MAX_ATTEMPTS:
            sentence = f"The worker died {self.attempt} times during this run."
            orphan.update(state=RunState.FAILED, error=sentence, **ended)
            return False
        try:
            with transaction.atomic():
                return bool(orphan.update(state=RunState.QUEUED, **self.WAITING))
        except IntegrityError:
            sentence = "The worker died; a newer run is queued and takes over."
            orphan.update(state=RunState.FAILED, error=sentence, **ended)
            return False

    @classmethod
    def orphans(cls, silent_seconds: float) -> models.QuerySet[Self]:
        """Running jobs that nobody has written a heartbeat for lately."""
        since = timezone.now() - timedelta(seconds=silent_seconds)
        return cls._all().filter(state=RunState.RUNNING, heartbeat_at__lt=since)
