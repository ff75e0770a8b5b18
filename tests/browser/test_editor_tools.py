"""The editor's tools beside labelling: handles, own keys, comments, reading options."""

import pytest
from playwright.sync_api import expect

from annotator.models import Comment, Preferences, Project, Threshold
from tests.browser.desk import BASEL, KARL, Desk, add_document, suggest

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


def test_a_handle_moves_a_boundary_to_the_next_token(
    desk: Desk, project: Project
) -> None:
    desk.open(add_document(project)).double_click(10, 14).press("1")
    goal = desk.box(15, 19)
    handle = desk.page.locator("#handle-end").bounding_box()
    assert handle is not None
    y = goal["y"] + goal["height"] / 2
    desk.page.mouse.move(handle["x"] + handle["width"] / 2, y)
    desk.page.mouse.down()
    desk.page.mouse.move(goal["x"] + goal["width"] - 4, y, steps=5)
    desk.page.mouse.up()
    assert desk.spans == [(*KARL, "PER")]
    desk.press("|")
    assert desk.spans == [(10, 14, "PER"), (15, 19, "PER")]


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


def test_keys_alone_label_five_suggested_entities_in_eight_presses(
    desk: Desk, project: Project
) -> None:
    """Four proposals are right and accepted at once, the fifth has another label."""
    text = "Ada met Karl in Basel, Rome and Paris."
    places = [(0, 3), (8, 12), (16, 21), (23, 27), (32, 37)]
    names = ["PER", "PER", "LOC", "LOC", "LOC"]
    document = add_document(project, text)
    proposed = [*names[:4], "ORG"]
    suggest(
        document,
        *(
            (*place, name, 0.6 if name == "ORG" else 0.95)
            for place, name in zip(places, proposed, strict=True)
        ),
    )
    presses = ["Tab", "2", "Shift+Enter", "Control+Enter"]
    desk.open(document).press(*presses[:3])
    assert desk.spans == [(*p, n) for p, n in zip(places, names, strict=True)]
    desk.press(presses[3])
    desk.page.wait_for_url(f"**/projects/{project.pk}/annotate/**")
    assert desk.annotation.state == "submitted"
    assert len(presses) <= 8
