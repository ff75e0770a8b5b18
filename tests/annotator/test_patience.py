"""Waiting for SQLite's one lock."""

from typing import Any

import pytest
from django.db import OperationalError

from annotator.patience import is_locked, patiently


def answers(*outcomes: Any) -> Any:
    """A write that raises or gives one of these after the other."""
    left = iter(outcomes)

    def write() -> Any:
        outcome = next(left)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return write


def test_a_write_is_begun_again_until_the_lock_is_free(
    locked: OperationalError,
) -> None:
    assert is_locked(locked)
    assert patiently(answers(locked, locked, "written")) == "written"


def test_who_is_cancelled_waits_no_longer(locked: OperationalError) -> None:
    with pytest.raises(KeyboardInterrupt):
        patiently(answers(locked, "written"), answers(KeyboardInterrupt()))


def test_what_is_no_lock_is_raised() -> None:
    for error in (OperationalError("disk I/O error"), ValueError("no")):
        with pytest.raises(type(error)):
            patiently(answers(error))
