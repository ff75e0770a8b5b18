"""How the text is shown and found; stored offsets are Python's all the same."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from annotator.models import Annotation, Project, Span
from tests.browser.desk import BASEL, KARL, Desk, add_document, suggest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LINE = "Ada 😀 met Karl Marx in Basel, and nobody else came that day.\n"


def test_a_document_of_200000_characters_is_labelled_to_its_last_word(
    desk: Desk, project: Project, bob: User
) -> None:
    """With 3,000 spans and as many suggestions."""
    text = (LINE * (200_000 // len(LINE) + 1))[: 200_000 - 7] + "\nZürich"
    places = [(n * len(LINE) + 11, n * len(LINE) + 20) for n in range(3000)]
    document = add_document(project, text)
    suggest(document, *((*place, "PER", 0.5) for place in places))
    annotation = Annotation.objects.create(document=document, user=bob)
    person = project.labels.get(name="PER")
    starts = [n * len(LINE) for n in range(3000)]
    Span.objects.bulk_create(
        Span(annotation=annotation, start=start, end=start + 3, label=person)
        for start in starts
    )
    desk.open(document).press("End", "2")
    there = [(start, start + 3, "PER") for start in starts]
    assert desk.spans == [*there, (199_994, 200_000, "LOC")]
    expect(desk.page.locator("#suggestion-count")).to_have_text("3000")
    desk.press("Control+z")
    assert desk.spans == there
    assert desk.page.evaluate("document.getElementById('text').textContent") == text
    # The browser's own search finds what is not laid out yet.
    desk.press("Home")
    assert desk.page.evaluate("window.find('Zürich')")
    assert desk.page.evaluate("String(window.getSelection())") == "Zürich"


def test_a_double_click_on_a_chinese_word_marks_the_word(
    desk: Desk, project: Project
) -> None:
    """Its tokens are single characters."""
    text = "吴先生去北京大学。"
    desk.open(add_document(project, text)).double_click(4, 5).press("2")
    ((start, end, _label),) = desk.spans
    assert text[start:end] == "北京"


def test_up_and_down_go_to_the_token_above_and_below(
    desk: Desk, project: Project
) -> None:
    text = "alpha beta gamma\n" * 3
    desk.open(add_document(project, text)).click(23, 27).press("ArrowDown", "1")
    desk.press("Escape").click(23, 27).press("ArrowUp", "2")
    desk.press("Escape").click(17, 22).press("Shift+ArrowDown", "3")
    assert desk.spans == [(6, 10, "LOC"), (17, 39, "ORG"), (40, 44, "PER")]


def test_in_right_to_left_lines_the_arrows_follow_the_screen(
    desk: Desk, project: Project
) -> None:
    text = "زار محمد بازل أمس.\nThen Ada left."
    desk.open(add_document(project, text)).press("Home", "ArrowLeft", "1")
    assert [text[s:e] for s, e, _label in desk.spans] == ["محمد"]
    desk.press("Shift+ArrowLeft", "2")
    assert [text[s:e] for s, e, _label in desk.spans] == ["محمد بازل"]
    blocks = desk.page.locator(".text__block")
    direction = "block => getComputedStyle(block).direction"
    assert blocks.evaluate_all("all => all.length") == 2
    assert blocks.nth(0).evaluate(direction) == "rtl"
    assert blocks.nth(1).evaluate(direction) == "ltr"


def test_what_cannot_be_seen_has_a_sign_and_stays_in_the_text(
    desk: Desk, project: Project
) -> None:
    text = "a\u200bb\u00a0c\tд\u202eх\x01 \ufeffBasel"
    desk.open(add_document(project, text))
    signs = desk.page.eval_on_selector_all(
        "#text .odd", "all => all.map(({dataset}) => dataset.mark)"
    )
    assert signs == ["ZWSP", "⍽", "→", "202E", "SOH", "BOM"]
    assert desk.page.text_content("#text") == text
    desk.press("End", "2")
    ((start, end, _label),) = desk.spans
    assert text[start:end] == "Basel"


def test_nothing_moves_while_somebody_selects_and_saves(
    desk: Desk, project: Project
) -> None:
    document = add_document(project)
    suggest(document, (*KARL, "PER", 0.9), (*BASEL, "ORG", 0.4))
    desk.open(document)
    places = """() => [".text__block", "#palette", "#save-state", "#undo", ".side"]
        .map((selector) => document.querySelector(selector).getBoundingClientRect())
        .map(({x, y, width}) => [x, y, width])"""
    before = desk.page.evaluate(places)
    desk.double_click(0, 3)
    assert desk.page.evaluate(places) == before
    desk.press("1")
    assert desk.page.evaluate(places) == before
    desk.press("Escape", "Tab", "x", "Tab").wait_saved()
    assert desk.page.evaluate(places) == before


def test_spans_that_overlap_have_underlines_one_below_the_other(
    desk: Desk, project: Project
) -> None:
    project.allows_overlap = True
    project.save()
    desk.open(add_document(project)).drag(10, 28).press("3")
    desk.drag(*KARL).press("1").wait_saved()
    inner = desk.page.locator("#text mark[data-tag=PER]").bounding_box()
    outer = desk.page.locator("#text mark.row-1.is-first").bounding_box()
    assert inner is not None and outer is not None
    assert outer["y"] + outer["height"] > inner["y"] + inner["height"] + 4


@pytest.mark.parametrize("text", [" \n\t ", "x", "\u200d", "😀"])
def test_every_key_works_in_a_document_of_next_to_nothing(
    desk: Desk, project: Project, text: str
) -> None:
    """The page fails the test where a script stumbles."""
    desk.open(add_document(project, text))
    keys = ["Right", "Left", "Up", "Down"]
    for key in (
        *(f"Arrow{key}" for key in keys),
        *(f"Shift+Arrow{key}" for key in keys),
        *("Control+ArrowRight", "Control+ArrowLeft", "Home", "End", "[", "]", "{"),
        *("}", "Alt+[", "Alt+]", "|", "&", ".", "Delete", "x", "1", ".", "[", "]"),
        *("|", "&", "*", "Escape", "/", "Escape", "Control+z", "Control+Shift+z"),
    ):
        desk.press(key)
    desk.page.locator("#text").click(click_count=3)
    desk.press("2", "Control+z", "Tab", "Shift+Tab")
    desk.wait_saved()
    assert desk.page.text_content("#text") == text


PARAGRAPHS = "\n".join(["Karl Marx met Ada near Basel in the rain. " * 26] * 12)


def test_the_page_stays_where_it_is_while_the_cursor_can_be_seen(
    desk: Desk, project: Project
) -> None:
    desk.open(add_document(project, PARAGRAPHS))
    start = PARAGRAPHS.index("\n") + 150  # the paragraph's end is off the screen
    desk.click(start, start + 1)
    before = desk.page.evaluate("() => (scrollBy(0, -150), scrollY)")
    assert before > 0
    for key in ("ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "Shift+ArrowRight"):
        for _ in range(3):
            desk.press(key)
            assert desk.page.evaluate("scrollY") == before, key


CURSOR = """() => {
    const [place] = CSS.highlights.get("cursor");
    const { top, bottom, left } = place.getBoundingClientRect();
    const bar = document.querySelector(".desk__bar").getBoundingClientRect().bottom;
    return { top, bottom, left, bar, text: place.toString(), from: scrollY };
}"""


@pytest.mark.parametrize("key", ["ArrowDown", "ArrowUp"])
def test_the_page_follows_the_cursor_line_by_line(
    desk: Desk, project: Project, key: str
) -> None:
    """Each press goes one line on; the cursor is never under the bar or below."""
    down = 1 if key == "ArrowDown" else -1
    desk.open(add_document(project, PARAGRAPHS)).press("End", "Home")
    if down < 0:
        desk.press("End")
    places = []
    for _ in range(40):
        desk.press(key)
        place = desk.page.evaluate(CURSOR)
        assert is_seen(place)
        places.append(place["from"] + place["top"])
    steps = [down * (b - a) for a, b in zip(places, places[1:], strict=False)]
    assert all(30 < step < 50 for step in steps)
    assert desk.page.evaluate("scrollY") > 0


def test_a_place_far_away_is_brought_in_before_it_was_ever_laid_out(
    desk: Desk, project: Project
) -> None:
    text = PARAGRAPHS * 4 + "\nZürich " + "\n" + PARAGRAPHS * 4
    desk.open(add_document(project, text))
    suggest(desk.document, (at := text.index("Zürich"), at + 6, "LOC", 0.5))
    desk.open(desk.document).press("Tab")
    for key in ("", "End", "Shift+Tab", "Home", "Tab"):
        if key:
            desk.press(key)
        place = desk.page.evaluate(CURSOR)
        assert is_seen(place), key
        if key not in ("End", "Home"):
            assert place["text"] == "Zürich"


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (820, 1180), (600, 500)])
def test_a_palette_of_many_rows_never_hides_the_cursor(
    desk: Desk, project: Project, width: int, height: int
) -> None:
    """In a low window the bar scrolls away with the page."""
    project.ensure_labels([f"LABEL_NUMBER_{number}" for number in range(18)])
    desk.page.set_viewport_size({"width": width, "height": height})
    desk.open(add_document(project, PARAGRAPHS)).press("End")
    for _ in range(25):
        desk.press("ArrowUp")
        assert is_seen(desk.page.evaluate(CURSOR), height)


def is_seen(place: dict[str, float], height: int = 800) -> bool:
    """Whether the cursor is below the bar and above the window's lower edge."""
    return max(0, place["bar"]) <= place["top"] and place["bottom"] <= height


def test_labels_that_share_a_colour_have_other_underlines(
    desk: Desk, project: Project
) -> None:
    project.ensure_labels([f"L{number}" for number in range(10)])  # 13 with the first
    document = add_document(project)
    suggest(document, (*BASEL, "L9", 0.5))
    desk.open(document).drag(*KARL).press("1").drag(0, 3)
    desk.page.click("#palette [data-label=L9]")
    desk.wait_saved()
    line = """(mark) => {
        const { borderBottomColor, borderBottomStyle } = getComputedStyle(mark);
        return [borderBottomColor, borderBottomStyle];
    }"""
    new, old = desk.page.locator("#text mark.span").all()
    assert old.evaluate(line) == ["rgb(0, 114, 178)", "solid"]
    assert new.evaluate(line) == ["rgb(0, 114, 178)", "double"]
    proposed = desk.page.locator("#text mark.suggestion")
    assert proposed.evaluate(line) == ["rgb(0, 114, 178)", "dashed"]
