"""Sites for the tests: the embedded default and a production-like one.

Tables are made once for all of them; each site gets a copy of its own.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest

from tests.services import postgres, redis
from tests.system.site import Site

NUMBERS = count(1)


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file."""
    site = Site(tmp_path_factory.mktemp("tables"))
    site.manage("migrate", "-v", "0")
    return site.folder / "marginalia.sqlite3"


@pytest.fixture(scope="session")
def postgres_tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a migrated, empty database in a private cluster."""
    with postgres() as url:
        site = Site(tmp_path_factory.mktemp("tables"), DATABASE_URL=url)
        site.manage("migrate", "-v", "0")
        yield url


@contextmanager
def copy_of(url: str) -> Iterator[str]:
    """A database that begins as a copy of another; gives its URL."""
    server, _, source = url.rpartition("/")
    name = f"copy_{next(NUMBERS)}"
    with psycopg.connect(f"{server}/template1", autocommit=True) as session:
        session.execute(f"CREATE DATABASE {name} TEMPLATE {source}")
        yield f"{server}/{name}"
        session.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["embedded", "production"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A migrated, empty site: SQLite and files, or PostgreSQL and Redis."""
    if request.param == "embedded":
        yield from _embedded(request.getfixturevalue("sqlite_tables"), tmp_path)
        return
    tables = request.getfixturevalue("postgres_tables")
    with copy_of(tables) as database_url, redis() as redis_url:
        yield from _running(
            Site(tmp_path, DATABASE_URL=database_url, REDIS_URL=redis_url)
        )


@pytest.fixture
def embedded_site(sqlite_tables: Path, tmp_path: Path) -> Iterator[Site]:
    yield from _embedded(sqlite_tables, tmp_path)


@pytest.fixture
def on_postgres(postgres_tables: str, tmp_path: Path) -> Iterator[Site]:
    """PostgreSQL and the broker's files."""
    with copy_of(postgres_tables) as url:
        yield from _running(Site(tmp_path, DATABASE_URL=url))


def _embedded(tables: Path, folder: Path) -> Iterator[Site]:
    shutil.copy(tables, folder)
    yield from _running(Site(folder))


def _running(site: Site) -> Iterator[Site]:
    try:
        yield site
    finally:
        site.close()
