"""Sites for the tests: the embedded default and a production-like one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services import postgres, redis
from tests.system.site import Site


@pytest.fixture(params=["embedded", "production"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A migrated, empty site: SQLite and files, or PostgreSQL and Redis."""
    if request.param == "embedded":
        yield from _running(Site(tmp_path))
        return
    with postgres() as database_url, redis() as redis_url:
        yield from _running(
            Site(tmp_path, DATABASE_URL=database_url, REDIS_URL=redis_url)
        )


@pytest.fixture
def embedded_site(tmp_path: Path) -> Iterator[Site]:
    yield from _running(Site(tmp_path))


def _running(site: Site) -> Iterator[Site]:
    site.manage("migrate", "-v", "0")
    try:
        yield site
    finally:
        site.close()
