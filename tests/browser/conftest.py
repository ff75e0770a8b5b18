"""Chromium for the tests: a browser, a fresh page, and people who log in."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from annotator.models import Membership, Project
from tests.browser.desk import Desk

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
]
# Playwright's synchronous API runs an event loop in the thread of the test.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def missing(what: str) -> None:
    """Skip where a tool is missing, but fail where the services are required."""
    sentence = f"The browser tests need {what}."
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("the Python package playwright")
    if not CHROMIUM.exists():
        missing(str(CHROMIUM))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Any, live_server: Any) -> Iterator[Any]:
    """A private window on the test server, 1280 × 800."""
    window = browser.new_context(
        base_url=live_server.url,
        viewport={"width": 1280, "height": 800},
        locale="en-GB",
    )
    yield window
    window.close()


@pytest.fixture
def page(context: Any) -> Iterator[Any]:
    """A page that fails the test when a script or the security policy complains."""
    complaints: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if "Content Security Policy" in message.text
            else None
        ),
    )
    yield page
    assert complaints == []


@pytest.fixture
def log_in(live_server: Any) -> Callable[[Any, User], None]:
    """``log_in(page, user)`` puts a session cookie into the page's window."""

    def put_cookie(page: Any, user: User) -> None:
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        cookie = {"name": name, "value": client.cookies[name].value}
        page.context.add_cookies([{**cookie, "url": live_server.url}])

    return put_cookie


@pytest.fixture
def alice(transactional_db: None) -> User:
    return User.objects.create_user("alice", password="alice's password")


@pytest.fixture
def bob(transactional_db: None) -> User:
    return User.objects.create_user("bob", password="bob's password")


@pytest.fixture
def project(alice: User, bob: User) -> Project:
    """A project with the labels PER, LOC and ORG; alice is admin, bob annotator."""
    project = Project.objects.create(name="News")
    project.ensure_labels(["PER", "LOC", "ORG"])
    Membership.objects.create(project=project, user=alice, role="admin")
    Membership.objects.create(project=project, user=bob, role="annotator")
    return project


@pytest.fixture
def desk(
    page: Any, bob: User, project: Project, log_in: Callable[[Any, User], None]
) -> Desk:
    """bob, logged in."""
    log_in(page, bob)
    return Desk(page)
