"""A worker says that it listens, and takes its word back when it ends."""

from types import SimpleNamespace
from unittest.mock import patch

import pytest
from django.db import OperationalError

from annotator.models import Worker
from tasks import app, presence

pytestmark = pytest.mark.django_db


def test_a_worker_that_listens_is_seen_with_its_queues() -> None:
    presence.say_listening("celery@here", ["default", "gpu"])
    presence.say_listening("celery@here", ["default", "gpu"])
    (worker,) = Worker.listening()
    assert (worker.name, worker.queues) == ("celery@here", ["default", "gpu"])


def test_a_worker_that_ends_in_order_is_gone_at_once() -> None:
    presence.say_listening("celery@here", [])
    presence.say_listening("celery@there", [])
    with patch.object(presence.connection, "close"):
        presence.stop(SimpleNamespace(hostname="celery@here"))
    assert [worker.name for worker in Worker.listening()] == ["celery@there"]


def test_a_starting_worker_looks_for_what_was_left_now_and_once_more() -> None:
    consumer = SimpleNamespace(app=app, hostname="celery@here")
    with (
        patch.object(presence.reconcile, "apply_async") as send,
        patch.object(presence.threading, "Thread") as thread,
    ):
        presence.start(consumer)
    thread.return_value.start.assert_called_once_with()
    waits = [call.kwargs["countdown"] for call in send.call_args_list]
    assert waits[0] == 0 < waits[1]
    assert all(
        call.kwargs["kwargs"] == {"everything": True} for call in (send.call_args_list)
    )


def test_a_database_that_is_away_for_a_moment_does_not_end_the_thread() -> None:
    tries = []

    def say(name: str, queues: list[str]) -> None:
        tries.append(name)
        if len(tries) == 1:
            raise OperationalError("the database is away")
        presence._stop.set()

    presence._stop.clear()
    with (
        patch.object(presence, "say_listening", say),
        patch.object(presence, "BEAT_SECONDS", 0.01),
        patch.object(presence.connection, "close"),
    ):
        presence._keep_saying("celery@here", [])
    assert len(tries) == 2
