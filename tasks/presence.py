"""A worker says in the database that it listens; the pages read it there."""

import logging
import threading
from typing import Any

from celery.signals import worker_ready, worker_shutdown
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from annotator.models import Worker
from tasks.maintenance import reconcile

logger = logging.getLogger(__name__)
BEAT_SECONDS = 1.0
_stop = threading.Event()


def say_listening(name: str, queues: list[str]) -> None:
    Worker.objects.update_or_create(
        name=name,
        defaults={
            "queues": queues,
            "device": settings.DEVICE,
            "seen_at": timezone.now(),
        },
    )


@worker_ready.connect
def start(sender: Any, **_: Any) -> None:
    """Begin to beat, and pick up what was left when the last worker went."""
    queues = sorted(sender.app.amqp.queues.consume_from)
    _stop.clear()
    threading.Thread(
        target=_keep_saying, args=(sender.hostname, queues), daemon=True
    ).start()
    # Once more when even a run that beat a moment before its worker died is silent.
    for countdown in (0, 6 * settings.RUN_HEARTBEAT_SECONDS):
        reconcile.apply_async(kwargs={"everything": True}, countdown=countdown)


@worker_shutdown.connect
def stop(sender: Any, **_: Any) -> None:
    _stop.set()
    Worker.objects.filter(name=sender.hostname).delete()
    connection.close()


def _keep_saying(name: str, queues: list[str]) -> None:
    while not _stop.is_set():
        try:
            say_listening(name, queues)
        except DatabaseError as error:
            logger.warning("The database does not answer the worker: %s", error)
        finally:
            # Pool processes are forked from this one and must inherit no connection.
            connection.close()
        _stop.wait(BEAT_SECONDS)
