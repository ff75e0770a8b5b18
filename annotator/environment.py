"""Reading configuration from environment variables; a bad value stops start-up."""

import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dj_database_url
from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def boolean(name: str, default: bool) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    raise ImproperlyConfigured(f"{name}={value!r} must be 1 or 0.")


def number(name: str, default: int, least: int = 0) -> int:
    value = text(name)
    if not value:
        return default
    if not value.isdecimal() or int(value) < least:
        raise ImproperlyConfigured(
            f"{name}={value!r} must be a whole number from {least} on."
        )
    return int(value)


def choice(name: str, default: str, known: Iterable[str]) -> str:
    value = text(name, default)
    if value not in known:
        names = ", ".join(sorted(known))
        raise ImproperlyConfigured(f"{name}={value!r} is none of {names}.")
    return value


def time_zone(name: str = "TIME_ZONE") -> str:
    value = text(name, "UTC")
    try:
        ZoneInfo(value)
    except (ValueError, ZoneInfoNotFoundError) as error:
        raise ImproperlyConfigured(
            f"{name}={value!r} is no time zone, such as Europe/Oslo."
        ) from error
    return value


def words(name: str, default: str = "") -> list[str]:
    return [word for word in re.split(r"[,\s]+", text(name, default)) if word]


def device(name: str = "DEVICE") -> str:
    value = text(name, "auto")
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?|mps", value):
        raise ImproperlyConfigured(
            f"{name}={value!r} must be auto, cpu, cuda, cuda:N or mps."
        )
    return value


def encoder(name: str = "ENCODER") -> str:
    value = text(name, "bundled")
    is_path = value.startswith(("/", ".", "~"))
    if is_path and not (Path(value).expanduser() / "config.json").is_file():
        raise ImproperlyConfigured(f"{name}={value!r} holds no encoder (config.json).")
    return value


def redis_url(name: str = "REDIS_URL") -> str:
    value = text(name)
    if value and not value.startswith(("redis://", "rediss://")):
        raise ImproperlyConfigured(
            f"{name}={value!r} must start with redis:// or rediss://."
        )
    return value


def database(default_path: Path, name: str = "DATABASE_URL") -> dict[str, Any]:
    """PostgreSQL from the URL, or SQLite tuned for several writing processes."""
    value = text(name)
    try:
        options = dj_database_url.parse(value or f"sqlite:///{default_path}")
    except (ValueError, KeyError) as error:
        raise ImproperlyConfigured(f"{name} cannot be read: {error}") from error
    settings: dict[str, Any] = dict(options)
    if settings["ENGINE"] == "django.db.backends.sqlite3":
        settings["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            # 16 MiB of cache: a large import reads its indexes again and again.
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
            "PRAGMA cache_size=-16384;",
        }
    elif settings["ENGINE"] == "django.db.backends.postgresql":
        settings["CONN_MAX_AGE"] = 60
        settings["CONN_HEALTH_CHECKS"] = True
    else:
        raise ImproperlyConfigured(f"{name} must name PostgreSQL or SQLite.")
    return settings


def secret_key(path: Path, name: str = "SECRET_KEY") -> str:
    """The variable, or a key made once and kept in a private file."""
    value = text(name)
    if value:
        return value
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(50))
    return path.read_text().strip()
