"""The editor's tools beside labelling: handles, own keys, comments, reading options."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from annotator.models import Comment, Preferences, Project, Threshold
from tests.browser.desk import (
    BASEL,
    KARL,
    Desk,
    add_document,
    answer_questions,
    suggest,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SENTENCES = "Ada met Karl Marx. He left Basel early. She stayed."


def test_clicks_and_ctrl_arrows_know_sentences(desk: Desk, project: Project) -> None:
    desk.open(add_document(project, SENTENCES))
    box = desk.box(22, 26)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    desk.page.mouse.click(x, y, click_count=3)
    desk.page.wait_for_timeout(30)
    desk.press("1")
    assert desk.spans == [(19, 39, "PER")]
    desk.press("Escape", "Home", "Control+ArrowRight", "Control+ArrowRight", "2")
    assert desk.spans == [(19, 39, "PER"), (40, 43, "LOC")]


@pytest.mark.parametrize(
    ("text", "inside", "sentence"),
    [
        (SENTENCES, (0, 3), (0, 18)),  # the first, at its first token
        (SENTENCES, (17, 18), (0, 18)),  # its full stop
        (SENTENCES, (40, 43), (40, 51)),  # the last, at its first token
        (SENTENCES, (50, 51), (40, 51)),  # the last character of the document
        ("Ada came.\nHe left Basel", (18, 23), (10, 23)),  # nothing ends the last
        ("He left Basel\n\nAda came.", (8, 13), (0, 13)),  # nothing ends the first
        ("张三在北京。李四去了上海。", (6, 8), (6, 13)),
        ("张三在北京。李四去了上海", (10, 12), (6, 12)),
        ("张三在北京。李四去了上海。", (5, 6), (0, 6)),
    ],
)
def test_three_clicks_mark_a_sentence_to_its_edges(
    desk: Desk,
    project: Project,
    text: str,
    inside: tuple[int, int],
    sentence: tuple[int, int],
) -> None:
    desk.open(add_document(project, text))
    box = desk.box(*inside)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    desk.page.mouse.click(x, y, click_count=3)
    desk.page.wait_for_timeout(30)
    desk.press("1")
    assert desk.spans == [(*sentence, "PER")]


def drag_handle(desk: Desk, edge: str, goal: tuple[int, int], at: float) -> None:
    """Drag a boundary to where some share of the goal's width is behind the mouse."""
    box = desk.box(*goal)
    handle = desk.page.locator(f"#handle-{edge}").bounding_box()
    assert handle is not None
    y = box["y"] + box["height"] / 2
    mouse = desk.page.mouse
    # From the side of the handle that touches the text.
    side = handle["width"] - 1 if edge == "start" else 1
    mouse.move(handle["x"] + side, y)
    mouse.down()
    mouse.move(box["x"] + at * box["width"], y, steps=5)
    mouse.up()


def test_a_handle_moves_a_boundary_to_the_next_token(
    desk: Desk, project: Project
) -> None:
    desk.open(add_document(project)).double_click(10, 14).press("1")
    drag_handle(desk, "end", (15, 19), 0.9)
    assert desk.spans == [(*KARL, "PER")]
    desk.press("|")
    assert desk.spans == [(10, 14, "PER"), (15, 19, "PER")]


def test_with_alt_a_handle_moves_a_boundary_to_any_character(
    desk: Desk, project: Project
) -> None:
    """But never into a character that is made of several code points."""
    text = "Basel-Stadt cafe\u0301s"
    desk.open(add_document(project, text)).double_click(0, 5).press("2")
    for edge, goal, at, moved in (
        ("end", (7, 8), 0.9, (0, 8)),  # forwards into another token
        ("start", (1, 2), 0.9, (2, 8)),
        ("end", (3, 4), 0.1, (2, 3)),  # back again
        ("start", (0, 1), 0.1, (0, 3)),  # to the edge of the document
        ("end", (15, 17), 0.9, (0, 17)),  # behind a letter and its accent
        ("end", (17, 18), 0.95, (0, 18)),  # to the other edge
    ):
        desk.page.keyboard.down("Alt")
        drag_handle(desk, edge, goal, at)
        desk.page.keyboard.up("Alt")
        assert desk.spans == [(*moved, "LOC")]
    drag_handle(desk, "end", (9, 10), 0.9)  # without it tokens again
    assert desk.spans == [(0, 11, "LOC")]


def test_time_counts_while_somebody_works_and_stops_when_nobody_does(
    desk: Desk, project: Project
) -> None:
    clock = desk.page.clock
    clock.install()
    desk.open(add_document(project)).drag(*KARL).press("1").wait_saved()
    before = desk.annotation.seconds_spent
    for _ in range(6):
        clock.fast_forward(10_000)
        desk.press("ArrowRight")
    desk.press("2").wait_saved()
    busy = desk.annotation.seconds_spent
    assert 60 <= busy - before < 70
    shown = desk.page.locator("#spent")
    expect(shown).to_have_text(re.compile(r"^1:0\d$"))
    clock.fast_forward(50 * 60_000)
    clock.run_for(1000)
    expect(shown).to_have_text(re.compile(r"^1:3\d$"))
    desk.press("3").wait_saved()
    assert 30 <= desk.annotation.seconds_spent - busy < 40
    desk.page.reload()
    expect(shown).to_have_text(re.compile(r"^1:3\d$"))


def test_a_key_is_changed_for_good_and_a_taken_one_is_refused(
    desk: Desk, project: Project
) -> None:
    document = add_document(project)
    suggest(document, (*BASEL, "LOC", 0.4))
    desk.open(document).press("?")
    desk.page.click("[data-change=reject]")
    desk.press("s")
    expect(desk.page.locator("#keymap-problem")).to_contain_text("taken by “Skip”")
    desk.page.click("[data-change=reject]")
    with desk.page.expect_response("**/api/preferences"):
        desk.press("q")
    assert Preferences.objects.get().keys == {"reject": "q"}
    desk.open(document).press("Tab", "x")
    assert desk.page.text_content("#suggestion-count") == "1"
    desk.press("q")
    expect(desk.page.locator("#suggestion-count")).to_have_text("0")
    desk.wait_saved()


def test_a_command_whose_key_another_one_got_first_is_shown_without(
    desk: Desk, project: Project, bob: User
) -> None:
    Preferences.objects.create(user=bob, keys={"accept": "+"})
    desk.open(add_document(project)).press("?")
    again = desk.page.locator("[data-change=labelAgain]")
    expect(again).to_have_text("–")
    expect(desk.page.locator("[data-change=accept]")).to_have_text("+")
    again.click()
    desk.press("+")
    expect(desk.page.locator("#keymap-problem")).to_contain_text("taken by “Accept”")


def test_reading_options_and_the_threshold_are_kept(
    desk: Desk, project: Project
) -> None:
    document = add_document(project, "One.\nTwo.")
    suggest(document, (0, 3, "PER", 0.6))
    desk.open(document)
    desk.page.click("#reading > summary")
    with desk.page.expect_response("**/api/preferences"):
        desk.page.check("#line-numbers")
        desk.page.fill("#text-size", "150")
        desk.page.fill("#threshold", "60")
    assert Threshold.objects.get().value == 0.6
    desk.open(document)
    text = desk.page.locator("#text")
    expect(text).to_have_class("text text--numbered")
    assert desk.page.locator(".text__block").nth(1).get_attribute("data-line") == "2"
    assert text.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") == 28.5
    expect(desk.page.locator("#accept-all")).to_contain_text("60%")


def test_label_all_knows_case_and_whole_tokens(desk: Desk, project: Project) -> None:
    text = "Basel, basel and Baselbiet."
    desk.open(add_document(project, text)).press("Home", "*")
    count = desk.page.locator("#label-all-count")
    expect(count).to_contain_text("1 place")
    desk.page.uncheck("#label-all-case")
    expect(count).to_contain_text("2 places")
    desk.page.uncheck("#label-all-whole")
    expect(count).to_contain_text("3 places")
    desk.page.select_option("#label-all-label", "LOC")
    desk.page.click("#label-all-go")
    assert desk.spans == [(0, 5, "LOC"), (7, 12, "LOC"), (17, 22, "LOC")]
    assert desk.annotation.version == 1
    chip = desk.page.locator("#palette [data-label=LOC] .chip__count")
    expect(chip).to_have_text("3")


def test_label_all_takes_a_surface_with_a_hyphen(desk: Desk, project: Project) -> None:
    text = "Jean-Paul met Jean–Paul and Jean-Paul."
    desk.open(add_document(project, text)).drag(0, 9).press("*")
    expect(desk.page.locator("#label-all-count")).to_contain_text("2 places")
    desk.press("Enter")
    assert desk.spans == [(0, 9, "PER"), (28, 37, "PER")]


def test_two_spans_are_merged_and_one_is_split(desk: Desk, project: Project) -> None:
    desk.open(add_document(project)).double_click(10, 14).press("1")
    desk.double_click(15, 19).press("2").click(11, 13).press("&")
    assert desk.spans == [(*KARL, "PER")]
    desk.press("Control+z")
    assert desk.spans == [(10, 14, "PER"), (15, 19, "LOC")]


def test_a_long_suggestion_leaves_room_for_its_buttons(
    desk: Desk, project: Project
) -> None:
    project.labels.filter(name="ORG").update(name="ORGANISATION_OF_PEOPLE")
    text = "The Royal Geographical Society of London and its Friends met."
    document = add_document(project, text)
    suggest(document, (4, 56, "ORGANISATION_OF_PEOPLE", 0.5))
    desk.open(document)
    side = desk.page.locator(".side")
    assert side.evaluate("side => side.scrollWidth <= side.clientWidth")
    desk.page.get_by_role("button", name="Accept Royal").click()
    assert desk.spans == [(4, 56, "ORGANISATION_OF_PEOPLE")]


def test_a_comment_is_written_about_a_place_and_resolved(
    desk: Desk, project: Project
) -> None:
    desk.open(add_document(project)).double_click(*BASEL).press(",")
    desk.page.keyboard.type("The town or the club?")
    desk.press("Control+Enter")
    desk.page.locator("#comment-list li").wait_for()
    comment = Comment.objects.get()
    assert (comment.start, comment.end, comment.surface) == (*BASEL, "Basel")
    desk.page.get_by_role("button", name="Resolve").click()
    expect(desk.page.locator("#comment-count")).to_have_text("0")
    assert desk.spans == []


@pytest.mark.parametrize("status", [None, 502])
def test_a_comment_that_cannot_be_sent_stays_and_closing_asks(
    desk: Desk, project: Project, status: int | None
) -> None:
    def fail(route: Any) -> None:
        if status is None:
            route.abort()
        else:
            route.fulfill(status=status, body="<html>Bad gateway</html>")

    desk.open(add_document(project)).page.route("**/comments", fail)
    desk.double_click(*BASEL).press(",")
    desk.page.keyboard.type("The town?")
    desk.press("Control+Enter")
    toast = desk.page.locator("#toast.is-shown")
    said = {None: "The server cannot be reached.", 502: "an error (502)."}
    toast.get_by_text(said[status]).wait_for()
    field = desk.page.locator("#comment-text")
    expect(field).to_have_value("The town?")
    questions = answer_questions(desk.page, "dismiss")
    desk.page.close(run_before_unload=True)
    desk.page.wait_for_timeout(200)
    assert questions == ["beforeunload"]
    desk.page.unroute("**/comments")
    field.press("Control+Enter")
    expect(field).to_have_value("")
    assert Comment.objects.get().text == "The town?"


def test_nothing_that_is_typed_while_a_comment_is_sent_is_lost(
    desk: Desk, project: Project
) -> None:
    waiting: list[Any] = []
    desk.open(add_document(project)).page.route(
        "**/comments", lambda route: waiting.append(route)
    )
    desk.double_click(*BASEL).press(",")
    desk.page.keyboard.type("The town?")
    desk.press("Control+Enter")
    desk.page.wait_for_timeout(100)
    desk.page.keyboard.type(" The club?")
    field = desk.page.locator("#comment-text")
    expect(field).to_have_value("The town?")
    waiting.pop().continue_()
    expect(field).to_have_value("")
    expect(field).to_be_editable()
    assert Comment.objects.get().text == "The town?"


def test_a_comment_sent_twice_before_the_reply_is_stored_once(
    desk: Desk, project: Project
) -> None:
    desk.open(add_document(project)).double_click(*BASEL).press(",")
    for count, text in enumerate(("The town?", "The club?"), start=1):
        desk.page.locator("#comment-text").focus()
        desk.page.keyboard.type(text)
        desk.page.evaluate(
            """() => { for (const _ of [1, 2])
                document.getElementById("comment-form").requestSubmit(); }"""
        )
        expect(desk.page.locator("#comment-text")).to_have_value("")
        desk.page.wait_for_load_state("networkidle")
        expect(desk.page.locator("#comment-list li")).to_have_count(count)
        assert Comment.objects.count() == count


def test_spans_may_overlap_where_the_project_says_so(
    desk: Desk, project: Project
) -> None:
    project.allows_overlap = True
    project.save()
    desk.open(add_document(project)).drag(10, 28).press("3")
    desk.drag(*KARL).press("1")
    assert sorted(desk.spans) == [(*KARL, "PER"), (10, 28, "ORG")]
    desk.click(24, 27).press("Delete")
    assert desk.spans == [(*KARL, "PER")]


def test_where_spans_overlap_a_suggestion_in_a_span_stays_to_be_decided(
    desk: Desk, project: Project
) -> None:
    """The second even has the place of a span, under another label."""
    project.allows_overlap = True
    project.save()
    document = add_document(project)
    suggest(document, (*KARL, "PER", 0.4), (*BASEL, "LOC", 0.6))
    desk.open(document).drag(10, 28).press("3", "Escape")
    desk.drag(20, 28).press("3", "{", "Escape")
    assert sorted(desk.spans) == [(10, 28, "ORG"), (*BASEL, "ORG")]
    expect(desk.page.locator("#suggestion-count")).to_have_text("2")
    desk.press("Tab", "Tab", "Enter")
    assert (*BASEL, "LOC") in desk.spans
    desk.press("Enter")
    assert (*KARL, "PER") in desk.spans
    assert len(desk.spans) == 4
