"""From document to document, and what a model does meanwhile."""

from typing import Any

import pytest
from playwright.sync_api import Route, expect

from annotator.models import Annotation, Checkpoint, Project, Suggestion
from tests.browser.desk import BASEL, KARL, Desk, add_document, suggest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_back_on_and_to_any_document_by_its_id(desk: Desk, project: Project) -> None:
    first = add_document(project, confidence=0.1, external_id="letter 7")
    second = add_document(project, "Next one.", confidence=0.2)
    far = add_document(project, "Far away.", confidence=0.9)
    page = desk.open(first).page
    desk.press("Control+Enter")
    page.wait_for_url(f"**/documents/{second.pk}/annotate/")
    page.wait_for_selector("#desk.is-ready")
    desk.press("f")
    page.wait_for_url(f"**/documents/{far.pk}/annotate/")
    page.wait_for_selector("#desk.is-ready")
    for expected in (second, first):
        page.get_by_role("link", name="Back to the document before").click()
        page.wait_for_url(f"**/documents/{expected.pk}/annotate/")
    page.get_by_role("link", name="On to the document after this").click()
    page.wait_for_url(f"**/documents/{second.pk}/annotate/")
    page.click("#trail > summary")
    mine = page.locator("#trail li")
    assert mine.all_inner_texts() == [f"#{second.pk}\nflagged", "letter 7\nsubmitted"]
    for sought, expected in (("letter 7", first), (str(far.pk), far)):
        page.wait_for_selector("#desk.is-ready")
        if not page.locator("#trail[open]").count():
            page.click("#trail > summary")
        page.locator("#trail input").fill(sought)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/documents/{expected.pk}/annotate/")
    page.click("#trail > summary")
    page.locator("#trail input").fill("away")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_a_retraining_does_not_touch_the_open_document(
    desk: Desk, project: Project
) -> None:
    document = add_document(project, confidence=0.2)
    suggest(document, (*BASEL, "LOC", 0.4), (*KARL, "PER", 0.9))
    other = add_document(project, "Other.", confidence=0.9)
    desk.open(document)
    shown = desk.page.inner_text("main")
    seen = Checkpoint.objects.get()
    # A new model read everything: other suggestions, another order.
    Suggestion.objects.all().delete()
    suggest(document, (0, 3, "ORG", 0.8), (*KARL, "PER", 0.5))
    type(document).objects.filter(pk=document.pk).update(confidence=0.95)
    type(document).objects.filter(pk=other.pk).update(confidence=0.1)
    desk.page.wait_for_timeout(500)
    assert desk.page.inner_text("main") == shown
    desk.press("Tab", "Enter")
    assert desk.spans == [(*BASEL, "LOC")]
    desk.press("Enter").drag(0, 3).press("3")
    assert desk.spans == [(0, 3, "ORG"), (*KARL, "PER"), (*BASEL, "LOC")]
    columns = ("suggested_by", "suggested_confidence")
    remembered = list(desk.annotation.spans.values_list(*columns))
    assert remembered == [(None, None), (seen.pk, 0.9), (seen.pk, 0.4)]
    desk.press("Control+Enter")
    desk.page.wait_for_url(f"**/documents/{other.pk}/annotate/")
    assert Annotation.objects.get(document=document).state == "submitted"


def test_edits_wait_while_the_server_restarts(desk: Desk, project: Project) -> None:
    desk.open(add_document(project))
    down: list[int] = []

    def refuse(route: Any) -> None:
        down.append(503)
        route.fulfill(status=503, body="restarting")

    desk.page.route("**/edits", refuse)
    desk.drag(*KARL).press("1").double_click(*BASEL).press("2")
    desk.page.get_by_text("Offline · 2 unsaved").wait_for()
    desk.page.unroute("**/edits")
    assert desk.spans == [(*KARL, "PER"), (*BASEL, "LOC")]
    assert len(down) >= 1


def test_who_types_before_the_text_is_ready_is_not_interrupted(
    desk: Desk, project: Project
) -> None:
    document = add_document(project, external_id="letter 7")
    held: list[Route] = []
    page = desk.page
    page.route("**/js/screen*.js", lambda route: held.append(route))
    with page.expect_request("**/js/screen*.js"):
        page.goto(f"/documents/{document.pk}/annotate/", wait_until="commit")
    page.click("#trail > summary")
    page.locator("#trail input").fill("awa")
    for route in held:
        route.continue_()
    page.wait_for_selector("#desk.is-ready")
    page.keyboard.type("y")
    expect(page.locator("#trail input")).to_have_value("away")
