"""What stands beside the text, and how the text is set."""

import pytest
from playwright.sync_api import expect

from annotator.models import Comment, Preferences, Project
from tests.browser.desk import Desk, add_document

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_room_between_the_lines_is_set_and_kept(
    desk: Desk, project: Project
) -> None:
    height = "text => parseFloat(getComputedStyle(text).lineHeight)"
    document = add_document(project, "One.\nTwo.")
    desk.open(document)
    text = desk.page.locator("#text")
    before = text.evaluate(height)
    desk.page.click("#reading > summary")
    with desk.page.expect_response("**/api/preferences"):
        desk.page.fill("#line-height", "150")
    assert text.evaluate(height) == pytest.approx(1.5 * before)
    assert Preferences.objects.get().line_height == 150
    desk.open(document)
    assert text.evaluate(height) == pytest.approx(1.5 * before)


def test_a_comment_may_be_about_the_whole_document(
    desk: Desk, project: Project
) -> None:
    """Where nothing is marked out, and where the person says so."""
    desk.open(add_document(project)).press(",")
    expect(desk.page.locator("#comment-about")).to_be_hidden()
    desk.page.keyboard.type("Which town?")
    desk.press("Control+Enter")
    desk.page.locator("#comment-list li").wait_for()
    desk.press("ArrowRight", ",")
    desk.page.fill("#comment-text", "And when?")
    desk.page.uncheck("#comment-is-about")
    desk.press("Control+Enter")  # which submits the comment here, no document
    expect(desk.page.locator("#comment-list li")).to_have_count(2)
    assert desk.page.locator("#comment-form").is_visible()
    assert desk.page.locator(".comment__surface:visible").count() == 0
    stored = Comment.objects.order_by("pk").values_list("text", "start", "surface")
    assert list(stored) == [("Which town?", None, ""), ("And when?", None, "")]


def test_notes_of_labels_stand_beside_the_text(desk: Desk, project: Project) -> None:
    project.labels.filter(name="PER").update(note="People, no gods.")
    desk.open(add_document(project))
    notes = desk.page.locator(".label-notes")
    expect(notes).to_be_visible()
    assert notes.locator("dt").all_text_contents() == ["PER"]
    assert notes.locator("dd").all_text_contents() == ["People, no gods."]
    chip = desk.page.locator("#palette [data-label=PER]")
    expect(chip).to_have_attribute("title", "People, no gods.")


def test_why_this_document_scrolls_to_a_token_far_down(
    desk: Desk, project: Project
) -> None:
    text = "Nothing happened on that day.\n" * 400 + "Basel."
    start = text.index("Basel")
    place = {"start": start, "end": start + 5}
    token = {**place, "alternatives": [["LOC", 0.52], ["ORG", 0.46]]}
    desk.open(add_document(project, text, uncertain_tokens=[token]))
    assert desk.page.evaluate("scrollY") == 0
    desk.page.click(".why-row")
    top, bottom = desk.page.evaluate(
        """() => {
            const [place] = CSS.highlights.get("cursor");
            const { top, bottom } = place.getBoundingClientRect();
            return [top, bottom];
        }"""
    )
    assert 0 < top < bottom < 800
    desk.press("2")
    assert desk.spans == [(start, start + 5, "LOC")]


def test_nothing_is_asked_of_the_server_while_nobody_works(
    desk: Desk, project: Project
) -> None:
    desk.open(add_document(project))
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url))
    desk.page.wait_for_timeout(2500)
    assert asked == []
    assert desk.page.evaluate("typeof htmx") == "undefined"
