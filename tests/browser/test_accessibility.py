"""No page breaks a rule of WCAG 2.2 AA that axe-core can check, in light and dark."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from annotator.models import Document, Project
from tests.browser import axe
from tests.browser.conftest import missing
from tests.browser.desk import Desk
from tests.browser.furnished import addresses, furnish, show_500

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LogIn = Callable[[Any, User], None]


@pytest.fixture
def look(page: Any) -> Callable[[str], list[str]]:
    """``look(where)`` gives what is wrong with the page as it is, in both themes."""
    if axe.source() is None:
        missing(f"the npm package axe-core {axe.VERSION}")
    page.emulate_media(reduced_motion="reduce")

    def complaints(where: str) -> list[str]:
        found = []
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found += [f"{where}, {scheme}: {line}" for line in axe.complaints(page)]
        return found

    return complaints


@pytest.fixture
def document(project: Project, alice: User, bob: User) -> Document:
    return furnish(project, alice, bob)


def test_every_page_with_something_on_it(
    page: Any, log_in: LogIn, alice: User, document: Document, look: Any
) -> None:
    log_in(page, alice)
    show_500(page)
    found = []
    for address in addresses(document.project, document):
        page.goto(address)
        found += look(address)
    assert not found, "\n".join(found)


def test_every_page_of_an_empty_project(
    page: Any, log_in: LogIn, alice: User, project: Project, look: Any
) -> None:
    log_in(page, alice)
    found = []
    for name in ("", "annotate/", "documents/", "training/", "export/", "rules/"):
        page.goto(f"/projects/{project.pk}/{name}")
        found += look(f"empty {name}")
    assert not found, "\n".join(found)


def test_the_door(page: Any, project: Project, look: Any) -> None:
    page.goto("/login/")
    found = look("login")
    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password").fill("nothing")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector("[role=alert], .errorlist")
    found += look("refused")
    assert not found, "\n".join(found)


def test_an_import_with_bad_lines(
    page: Any,
    log_in: LogIn,
    alice: User,
    project: Project,
    look: Any,
    settings: Any,
    tmp_path: Any,
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    file = tmp_path / "news.jsonl"
    file.write_text('{"text": "Ada met Bo.", "spans": [[0, 3, "PER"]]}\n{"text": 7}\n')
    log_in(page, alice)
    page.goto(f"/projects/{project.pk}/import/")
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Preview").click()
    page.wait_for_url("**/import/*-*/")
    assert look("preview") == []


def test_what_opens_over_the_text(
    page: Any, log_in: LogIn, bob: User, document: Document, look: Any
) -> None:
    log_in(page, bob)
    desk = Desk(page).open(document)
    desk.click(24, 27)
    found = look("suggestion")
    desk.press("Enter").click(0, 2)
    found += look("span and popover")
    desk.press("*")
    page.wait_for_selector("#label-all[open]")
    found += look("label all")
    desk.press("Escape", "?")
    page.wait_for_selector("#keymap[open]")
    found += look("keys")
    desk.press("Escape")
    for menu in ("reading", "trail"):
        page.click(f"#{menu} > summary")
        found += look(menu)
    assert not found, "\n".join(found)


def test_the_choice_between_two_versions(
    page: Any, log_in: LogIn, bob: User, document: Document, look: Any
) -> None:
    log_in(page, bob)
    desk = Desk(page).open(document)
    other = Desk(page.context.new_page()).open(document)
    other.press("Tab", "Enter").wait_saved()
    other.page.close()
    desk.press("Tab", "x")
    page.wait_for_selector("#conflict[open]")
    assert look("conflict") == []
