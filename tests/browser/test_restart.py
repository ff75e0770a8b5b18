"""The web server goes away under a person's hands and comes back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser.desk import BASEL, KARL, TEXT, Desk
from tests.system.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PASSWORD = "correct horse battery"


class Paper:
    """What a Desk asks of a document that is in another process's database."""

    pk, text = 1, TEXT


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, DJANGO_SUPERUSER_PASSWORD=PASSWORD)
    site.manage("migrate", "-v", "0")
    account = ("--username", "alice", "--email", "alice@example.org")
    site.manage("createsuperuser", "--no-input", *account)
    site.manage(
        *("create_project", "News", "--labels", "PER,LOC,ORG"),
        *("--admin", "alice", "--retrain-every", "0"),
    )
    (tmp_path / "news.txt").write_text(TEXT, encoding="utf-8")
    options = ("--split", "pool", "--document", "file")
    site.manage("import_documents", "News", str(tmp_path / "news.txt"), *options)
    yield site
    site.close()


@pytest.fixture
def desk(browser: Any, site: Site) -> Iterator[Desk]:
    """Alice, logged in, with the document open."""
    address = site.start_web()
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=News")
    yield Desk(page).open(Paper)  # type: ignore[arg-type]
    context.close()


def as_spans(value: str) -> list[list[Any]]:
    return list(json.loads(value))


def test_edits_made_while_the_server_is_down_arrive_once_and_in_order(
    desk: Desk, site: Site
) -> None:
    desk.drag(*KARL).press("1").wait_saved()
    port = urlsplit(desk.page.url).port
    site.kill(site.processes[-1])
    desk.press("3").double_click(*BASEL).press("2", "Control+z", "Control+Shift+z")
    desk.page.get_by_text("Offline · 4 unsaved").wait_for()
    site.start_web(port)
    desk.wait_saved()
    stored = site.rows(
        "SELECT version, added, removed FROM annotator_revision ORDER BY id"
    )
    versions, added, removed = zip(*stored, strict=True)
    karl, basel = [list(KARL), list(BASEL)]
    assert versions == (1, 2, 3, 4, 5)
    assert [as_spans(value) for value in added] == [
        [[*karl, "PER"]],
        [[*karl, "ORG"]],
        [[*basel, "LOC"]],
        [],
        [[*basel, "LOC"]],
    ]
    assert [as_spans(value) for value in removed] == [
        [],
        [[*karl, "PER"]],
        [],
        [[*basel, "LOC"]],
        [],
    ]
    edits = site.rows("SELECT edit_id FROM annotator_revision")
    assert len(set(edits)) == 5
    desk.page.reload()
    desk.page.wait_for_selector("#desk.is-ready")
    assert desk.shown == ["Karl Marx", "Basel"]
