"""Configuration that cannot be right stops start-up with one sentence."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from annotator import environment


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DEVICE", "tpu", "DEVICE='tpu' must be auto, cpu, cuda, cuda:N or mps."),
        (
            "REDIS_URL",
            "localhost:6379",
            "REDIS_URL='localhost:6379' must start with redis:// or rediss://.",
        ),
        (
            "ENCODER",
            "/no/such/folder",
            "ENCODER='/no/such/folder' holds no encoder (config.json).",
        ),
    ],
)
def test_a_bad_value_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    read = {
        "DEVICE": environment.device,
        "REDIS_URL": environment.redis_url,
        "ENCODER": environment.encoder,
    }[name]
    with pytest.raises(ImproperlyConfigured) as caught:
        read()
    assert str(caught.value) == sentence


@pytest.mark.parametrize("name", ["bundled", "scratch", "bilstm", "idcnn", "alice/x"])
def test_an_encoder_has_a_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("ENCODER", name)
    assert environment.encoder() == name


@pytest.mark.parametrize("value", ["mysql://host/name", "nonsense", "postgre://x"])
def test_a_database_that_is_not_supported_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", value)
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        environment.database(tmp_path / "file")


def test_postgresql_is_taken_from_the_url(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://me:secret@db.example:5433/notes")
    database = environment.database(tmp_path / "file")
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert (database["HOST"], database["PORT"], database["NAME"]) == (
        "db.example",
        5433,
        "notes",
    )


def test_sqlite_is_the_default_and_ready_for_several_processes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    database = environment.database(tmp_path / "file.sqlite3")
    assert database["NAME"] == str(tmp_path / "file.sqlite3")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]


def test_a_switch_must_be_on_or_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "maybe")
    with pytest.raises(ImproperlyConfigured, match="DEBUG='maybe' must be 1 or 0"):
        environment.boolean("DEBUG", False)
    monkeypatch.setenv("DEBUG", "yes")
    assert environment.boolean("DEBUG", False) is True


def test_a_number_must_be_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEASE_MINUTES", "-3")
    with pytest.raises(ImproperlyConfigured, match="LEASE_MINUTES='-3'"):
        environment.number("LEASE_MINUTES", 30)
    monkeypatch.setenv("LEASE_MINUTES", "0")
    with pytest.raises(ImproperlyConfigured, match="whole number from 1 on"):
        environment.number("LEASE_MINUTES", 30, least=1)


def test_a_time_zone_and_a_choice_must_be_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TIME_ZONE", "Mars/One")
    with pytest.raises(ImproperlyConfigured, match="TIME_ZONE='Mars/One'"):
        environment.time_zone()
    monkeypatch.setenv("LOG_LEVEL", "loud")
    with pytest.raises(ImproperlyConfigured, match="LOG_LEVEL='loud' is none of"):
        environment.choice("LOG_LEVEL", "INFO", ["INFO", "ERROR"])


def test_the_secret_key_is_made_once_and_private(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    path = tmp_path / "var" / "secret_key"
    key = environment.secret_key(path)
    assert len(key) >= 50
    assert environment.secret_key(path) == key
    assert path.stat().st_mode & 0o077 == 0


def test_the_secret_key_of_the_environment_comes_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_KEY", "from outside")
    assert environment.secret_key(tmp_path / "key") == "from outside"
    assert not (tmp_path / "key").exists()
