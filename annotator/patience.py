"""Waiting for SQLite's one lock, which a large import holds until its end."""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError

T = TypeVar("T")


def is_locked(error: OperationalError) -> bool:
    """Whether somebody else was writing for longer than the connection waits."""
    cause = error.__cause__
    if not isinstance(cause, sqlite3.OperationalError):
        return False
    return cause.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def patiently(write: Callable[[], T], check: Callable[[], None] = lambda: None) -> T:
    """Write when it is this process's turn, however long the others take.

    Args:
        write: One statement or one transaction, so that it can be begun again.
        check: Called before each new attempt; what it raises ends the waiting.
    """
    while True:
        try:
            return write()
        except OperationalError as error:
            if not is_locked(error):
                raise
        check()
