"""The annotation page under fingers, on a tablet."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from annotator.models import Membership, Project
from tests.browser.desk import BASEL, KARL, Desk, add_document, suggest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(
    browser: Any,
    live_server: Any,
    bob: User,
    project: Project,
    log_in: Callable[[Any, User], None],
) -> Iterator[Desk]:
    """bob, logged in on a tablet held upright."""
    window = browser.new_context(
        base_url=live_server.url,
        viewport={"width": 820, "height": 1180},
        has_touch=True,
        is_mobile=True,
    )
    page = window.new_page()
    log_in(page, bob)
    yield Desk(page)
    window.close()


def tap(desk: Desk, start: int, end: int) -> None:
    box = desk.box(start, end)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    desk.page.touchscreen.tap(x, y)


class Finger:
    """One finger on the screen, as the browser's own input."""

    def __init__(self, page: Any) -> None:
        self._session = page.context.new_cdp_session(page)

    def send(self, kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": x, "y": y} for x, y in points]
        event = {"type": kind, "touchPoints": places}
        self._session.send("Input.dispatchTouchEvent", event)


class Pen:
    """A pen, which browsers report as a mouse that says what it is."""

    def __init__(self, page: Any) -> None:
        self._session = page.context.new_cdp_session(page)

    def send(self, kind: str, x: float, y: float) -> None:
        is_down = kind != "mouseReleased"
        event = {"type": kind, "x": x, "y": y, "pointerType": "pen", "clickCount": 1}
        button = {"button": "left", "buttons": int(is_down)}
        self._session.send("Input.dispatchMouseEvent", event | button)


def select_by_finger(desk: Desk, surface: str) -> None:
    """As a tablet does after a long touch, which no input of the browser's makes."""
    box = desk.box(*KARL)
    finger = Finger(desk.page)
    finger.send("touchStart", (box["x"] + 2, box["y"] + box["height"] / 2))
    desk.page.evaluate(
        """(surface) => {
            const [text] = document.querySelector("#text .text__block").childNodes;
            const start = text.data.indexOf(surface);
            getSelection().setBaseAndExtent(text, start, text, start + surface.length);
        }""",
        surface,
    )
    finger.send("touchCancel")


def test_a_tap_offers_the_labels_and_a_finger_moves_a_boundary(
    desk: Desk, project: Project
) -> None:
    desk.open(add_document(project))
    tap(desk, 10, 14)
    desk.page.locator("#popover").get_by_text("PER").tap()
    assert desk.spans == [(10, 14, "PER")]
    handle = desk.page.locator("#handle-end").bounding_box()
    assert handle is not None
    goal = desk.box(15, 19)
    y = goal["y"] + goal["height"] / 2
    finger = Finger(desk.page)
    finger.send("touchStart", (handle["x"] + 2, y))
    for x in (goal["x"], goal["x"] + goal["width"] - 4):
        finger.send("touchMove", (x, y))
    finger.send("touchEnd")
    assert desk.spans == [(*KARL, "PER")]


def test_what_a_finger_selects_is_marked(desk: Desk, project: Project) -> None:
    select_by_finger(desk.open(add_document(project)), "arl M")
    desk.page.locator("#popover").get_by_text("PER").tap()
    assert desk.spans == [(*KARL, "PER")]


def test_a_suggestion_is_accepted_with_a_finger(desk: Desk, project: Project) -> None:
    document = add_document(project)
    suggest(document, (*BASEL, "LOC", 0.6))
    desk.open(document)
    tap(desk, *BASEL)
    desk.page.locator("#popover").get_by_text("Accept").tap()
    assert desk.spans == [(*BASEL, "LOC")]


def test_a_tap_counts_where_the_browser_sets_no_caret(
    desk: Desk, project: Project
) -> None:
    """As on an iPad, where only a long touch begins a selection."""
    desk.open(add_document(project))
    desk.page.evaluate(
        """() => {
            getSelection().removeAllRanges();
            addEventListener("mousedown", (event) => event.preventDefault());
        }"""
    )
    tap(desk, 10, 14)
    desk.page.locator("#popover").get_by_text("PER").tap()
    assert desk.spans == [(10, 14, "PER")]


def test_a_cursor_that_is_shown_as_a_selection_is_not_marked_again(
    desk: Desk, project: Project
) -> None:
    """Older browsers have no other way to show it."""
    desk.page.add_init_script("delete globalThis.Highlight")
    document = add_document(project)
    suggest(document, (*BASEL, "LOC", 0.6))
    desk.open(document).press("3")  # each marked range becomes an ORG
    tap(desk, *BASEL)
    desk.page.wait_for_timeout(1300)
    assert desk.page.locator("#text mark.span").count() == 0


def test_what_a_viewer_selects_with_a_finger_stays_to_be_copied(
    desk: Desk, project: Project, bob: User
) -> None:
    Membership.objects.filter(project=project, user=bob).update(role="viewer")
    select_by_finger(desk.open(add_document(project)), "arl M")
    desk.page.wait_for_timeout(900)
    assert desk.page.evaluate("String(getSelection())") == "arl M"


@pytest.mark.parametrize("end", ["dragend", "pointercancel"])
def test_after_a_drag_of_the_browsers_own_a_selection_is_marked(
    desk: Desk, project: Project, end: str
) -> None:
    """No mouse button goes up at its end."""
    desk.open(add_document(project)).page.evaluate(
        """(end) => {
            const [text] = document.querySelector("#text .text__block").childNodes;
            const options = { bubbles: true };
            const pen = { ...options, pointerType: "pen" };
            text.dispatchEvent(new PointerEvent("pointerdown", pen));
            text.dispatchEvent(new MouseEvent("mousedown", options));
            text.dispatchEvent(new Event(end, options));
            getSelection().setBaseAndExtent(text, 12, text, 18);
        }""",
        end,
    )
    desk.page.locator("#popover").get_by_text("PER").tap()
    assert desk.spans == [(*KARL, "PER")]


def test_a_pen_marks_by_a_drag_however_slow(desk: Desk, project: Project) -> None:
    desk.open(add_document(project))
    pen, box = Pen(desk.page), desk.box(11, 17)
    y = box["y"] + box["height"] / 2
    pen.send("mousePressed", box["x"] + 2, y)
    pen.send("mouseMoved", box["x"] + box["width"] / 2, y)
    desk.page.wait_for_timeout(700)
    pen.send("mouseMoved", box["x"] + box["width"] - 2, y)
    expect(desk.page.locator("#popover")).to_be_hidden()
    pen.send("mouseReleased", box["x"] + box["width"] - 2, y)
    desk.page.locator("#popover").get_by_text("PER").tap()
    assert desk.spans == [(*KARL, "PER")]


def test_a_tap_of_a_pen_offers_the_labels(desk: Desk, project: Project) -> None:
    desk.open(add_document(project))
    pen, box = Pen(desk.page), desk.box(*BASEL)
    place = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    pen.send("mousePressed", *place)
    pen.send("mouseReleased", *place)
    desk.page.locator("#popover").get_by_text("LOC").tap()
    assert desk.spans == [(*BASEL, "LOC")]


def test_a_swipe_scrolls_and_marks_nothing(desk: Desk, project: Project) -> None:
    desk.open(add_document(project, "Ada met Karl Marx in Basel.\n" * 120))
    finger = Finger(desk.page)
    finger.send("touchStart", (300, 900))
    for y in range(880, 300, -20):
        finger.send("touchMove", (300, y))
    finger.send("touchEnd")
    desk.page.wait_for_function("scrollY > 300")
    desk.page.wait_for_timeout(700)
    expect(desk.page.locator("#popover")).to_be_hidden()
    assert desk.page.evaluate("CSS.highlights.has('cursor')") is False
