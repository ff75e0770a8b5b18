"""A curator writes a rule in the browser; bob sees what it suggests and why."""

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from annotator import rulebook
from annotator.models import Project
from tasks.learning import learn_rules
from tasks.rules import apply_rules
from tests.browser.desk import BASEL, KARL, Desk, add_document, suggest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def eager() -> Iterator[None]:
    """What the page sends to the workers is done at once."""
    with (
        patch.object(apply_rules, "delay_on_commit", apply_rules),
        patch.object(learn_rules, "delay_on_commit", learn_rules),
    ):
        yield


def test_a_rule_is_tried_added_and_seen_in_the_editor(
    page: Page,
    alice: User,
    bob: User,
    project: Project,
    log_in: Callable[[Any, User], None],
) -> None:
    document = add_document(project)
    log_in(page, alice)
    page.goto(f"/projects/{project.pk}/")
    page.get_by_role("link", name="Rules").click()
    add = page.get_by_role("region", name="Add a rule")
    add.get_by_label("Label").select_option("LOC")
    add.get_by_label("Text or pattern").fill("basel")
    add.get_by_role("button", name="Try it on documents").click()
    expect(add.get_by_text("Matches: 2 · documents read: 1")).to_be_visible()
    add.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("1 rule is stored")).to_be_visible()
    expect(page.get_by_role("row", name="basel")).to_contain_text("in use")

    log_in(page, bob)
    desk = Desk(page).open(document)
    marks = page.locator("#text mark.suggestion.is-rule")
    expect(marks).to_have_count(2)
    assert marks.first.get_attribute("data-tag") == "LOC dictionary"
    expect(page.locator(".suggestion-row").first).to_contain_text("dictionary 50%")
    desk.press("Tab")
    expect(page.locator("#announcer")).to_have_text(
        "Basel, suggested as LOC by a rule (dictionary), 50 percent agreement"
    )
    desk.press("Enter")
    assert desk.spans == [(*BASEL, "LOC")]
    (span,) = desk.annotation.spans.all()
    assert (span.suggested_by, str(span.suggested_rule)) == (None, "basel (LOC)")


def test_a_file_of_rules_is_chosen_in_the_language_of_the_page(
    page: Page, alice: User, project: Project, log_in: Callable[[Any, User], None]
) -> None:
    log_in(page, alice)
    page.goto(f"/projects/{project.pk}/rules/")
    many = page.get_by_role("region", name="Add many")
    table = {"name": "towns.tsv", "mimeType": "text/plain", "buffer": b"LOC\tBasel\n"}
    many.get_by_label("Or choose a file").set_input_files([table])  # type: ignore[list-item]
    expect(many.get_by_role("listitem")).to_have_text("towns.tsv")
    many.get_by_role("button", name="Add all").click()
    expect(page.get_by_role("row", name="Basel")).to_contain_text("in use")


def test_a_model_and_a_rule_stand_side_by_side(desk: Desk, project: Project) -> None:
    document = add_document(project)
    suggest(document, (*KARL, "PER", 0.62))
    entries = [rulebook.Entry("PER", "Karl Marx"), rulebook.Entry("LOC", "Basel")]
    rulebook.add(project, entries, by=None)
    apply_rules(project.pk)
    desk.open(document)
    tags = "marks => marks.map(mark => mark.dataset.tag)"
    shown = desk.page.eval_on_selector_all("#text mark.suggestion", tags)
    assert shown == ["PER 62%", "LOC dictionary", "LOC dictionary"]
    rows = desk.page.locator(".suggestion-row", has_text="Karl Marx")
    expect(rows).to_contain_text("62% · dictionary")
