"""The annotation page under fingers, on a tablet."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from annotator.models import Project
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


def test_what_a_long_touch_selects_is_marked(desk: Desk, project: Project) -> None:
    desk.open(add_document(project))
    box = desk.box(12, 13)
    place = (box["x"] + 2, box["y"] + box["height"] / 2)
    finger = Finger(desk.page)
    finger.send("touchStart", place)
    desk.page.wait_for_timeout(900)
    finger.send("touchEnd")
    desk.page.locator("#popover").get_by_text("PER").tap()
    assert desk.spans == [(10, 14, "PER")]


def test_a_suggestion_is_accepted_with_a_finger(desk: Desk, project: Project) -> None:
    document = add_document(project)
    suggest(document, (*BASEL, "LOC", 0.6))
    desk.open(document)
    tap(desk, *BASEL)
    desk.page.locator("#popover").get_by_text("Accept").tap()
    assert desk.spans == [(*BASEL, "LOC")]
