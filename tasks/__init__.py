"""Celery application and tasks: the one room that imports both sides."""

from tasks.app import app

__all__ = ["app"]
