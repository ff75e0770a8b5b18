"""Which keys are the desk's and which the browser's, as the focus moves."""

import pytest
from playwright.sync_api import expect

from annotator.models import Project
from tests.browser.desk import BASEL, KARL, Desk, add_document, suggest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FOCUSED = """() => {
    const { activeElement: here } = document;
    const order = document.getElementById("text").compareDocumentPosition(here);
    const side = order & Node.DOCUMENT_POSITION_FOLLOWING ? "after" : "before";
    return here === document.body || here.id === "text" ? here.id || "body" : side;
}"""


def open_with_suggestions(desk: Desk, project: Project) -> Desk:
    document = add_document(project)
    suggest(document, (*KARL, "PER", 0.6), (*BASEL, "LOC", 0.8))
    return desk.open(document)


@pytest.mark.parametrize(("key", "side"), [("Tab", "after"), ("Shift+Tab", "before")])
def test_esc_once_more_leaves_the_text_for_tab_too(
    desk: Desk, project: Project, key: str, side: str
) -> None:
    open_with_suggestions(desk, project).press("Tab", "Escape")
    assert desk.page.evaluate(FOCUSED) == "text"
    desk.press("Escape")
    assert desk.page.evaluate(FOCUSED) == "body"
    desk.press(key)
    assert desk.page.evaluate(FOCUSED) == side
    desk.press(key)
    assert desk.page.evaluate(FOCUSED) == side
    desk.click(0, 3).press("Tab", "Enter")  # back in the text
    assert desk.spans == [(*KARL, "PER")]


def test_esc_that_lets_go_of_something_does_not_leave(
    desk: Desk, project: Project
) -> None:
    open_with_suggestions(desk, project).press("Tab")
    desk.page.evaluate("document.activeElement.blur()")  # as by a click on the margin
    desk.press("Escape", "Tab", "Enter")
    assert desk.spans == [(*KARL, "PER")]


def test_after_the_slider_was_moved_the_keys_are_the_desks(
    desk: Desk, project: Project
) -> None:
    open_with_suggestions(desk, project).press("Tab")
    slider = desk.page.locator("#threshold")
    slider.click()
    expect(slider).to_be_focused()
    desk.press("Home", "ArrowRight", "PageUp")
    moved = int(slider.input_value())
    assert moved > 51
    desk.press("x", "2", ".")
    assert slider.input_value() == str(moved)
    assert desk.spans == [(*BASEL, "LOC")]
    assert desk.annotation.rejections.count() == 1


def test_a_checkbox_keeps_the_space_bar_alone(desk: Desk, project: Project) -> None:
    open_with_suggestions(desk, project).press("Tab")
    desk.page.click("#reading > summary")
    desk.page.locator("#line-numbers").focus()
    desk.press(" ")
    expect(desk.page.locator("#line-numbers")).to_be_checked()
    with desk.page.expect_response("**/edits"):
        desk.press("x")
    assert desk.annotation.rejections.count() == 1


def comment_three_times(desk: Desk, project: Project) -> None:
    desk.open(add_document(project))
    for number, text in enumerate(("one", "two", "three"), start=1):
        desk.press(",")
        desk.page.keyboard.type(text)
        desk.press("Control+Enter")
        expect(desk.page.locator("#comment-list li")).to_have_count(number)


def test_after_a_comment_was_settled_the_focus_is_where_it_was(
    desk: Desk, project: Project
) -> None:
    comment_three_times(desk, project)
    rows = desk.page.locator("#comment-list li")
    rows.nth(1).get_by_role("button", name="Resolve").focus()
    desk.press("Enter")
    again = rows.nth(1).get_by_role("button", name="Open again")
    expect(again).to_be_focused()
    desk.press("Enter")
    expect(rows.nth(1).get_by_role("button", name="Resolve")).to_be_focused()


def test_after_a_comment_was_deleted_the_focus_is_on_the_next_one(
    desk: Desk, project: Project
) -> None:
    comment_three_times(desk, project)
    rows = desk.page.locator("#comment-list li")
    rows.nth(1).get_by_role("button", name="Delete").focus()
    desk.press("Enter")
    expect(rows).to_have_count(2)
    expect(rows.nth(1).get_by_role("button", name="Delete")).to_be_focused()
    desk.press("Enter")
    expect(rows).to_have_count(1)
    expect(desk.page.locator("#comment-text")).to_be_focused()


def test_a_late_answer_to_a_comment_does_not_take_the_focus_away(
    desk: Desk, project: Project
) -> None:
    waiting = []
    desk.open(add_document(project)).page.route(
        "**/comments", lambda route: waiting.append(route)
    )
    desk.press(",")
    desk.page.keyboard.type("one")
    desk.press("Control+Enter")
    desk.page.wait_for_timeout(100)
    desk.page.locator("#sticky-mode").focus()
    waiting.pop().continue_()
    expect(desk.page.locator("#comment-list li")).to_have_count(1)
    expect(desk.page.locator("#sticky-mode")).to_be_focused()
