"""A project that lets spans overlap: two labels in one place, and suggestions."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from annotator.export_options import ExportOptions
from annotator.exports import export
from annotator.models import Document, Project
from tests.browser.desk import BASEL, KARL, Desk, add_document, suggest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BOTH = [(*BASEL, "LOC"), (*BASEL, "ORG")]


@pytest.fixture
def layered(project: Project) -> Document:
    project.allows_overlap = True
    project.save()
    return add_document(project)


def test_what_is_marked_out_afresh_gets_one_more_label(
    desk: Desk, layered: Document, tmp_path: Path
) -> None:
    desk.open(layered).double_click(*BASEL).press("2")
    desk.double_click(*BASEL).press("3")
    assert sorted(desk.spans) == BOTH
    rows = desk.page.eval_on_selector_all(
        "#text mark", "marks => marks.map(({ className }) => className.match(/row-./))"
    )
    assert [row and row[0] for row in rows] == ["row-1", None]
    desk.press("Control+z")
    assert desk.spans == [(*BASEL, "LOC")]
    desk.press("Control+Shift+z")
    desk.page.reload()
    desk.page.wait_for_selector("#desk.is-ready")
    assert sorted(desk.spans) == BOTH
    options = ExportOptions(format="jsonl", states=("open",))
    export(layered.project, tmp_path / "out.jsonl", options)
    line = json.loads((tmp_path / "out.jsonl").read_text())
    assert sorted((s["start"], s["end"], s["label"]) for s in line["spans"]) == BOTH


def test_what_one_stands_on_is_labelled_anew(desk: Desk, layered: Document) -> None:
    desk.open(layered).double_click(*BASEL).press("2", "3")
    assert desk.spans == [(*BASEL, "ORG")]
    desk.press("Escape").click(*BASEL).press("1")
    assert desk.spans == [(*BASEL, "PER")]


def test_two_labels_without_the_mouse(desk: Desk, layered: Document) -> None:
    desk.open(layered).press(*["ArrowRight"] * 2, "2", "+", "3")
    place = desk.spans[0][:2]
    assert sorted(desk.spans) == [(*place, "LOC"), (*place, "ORG")]
    desk.press("ArrowLeft", "ArrowRight", ">", "Delete")
    assert desk.spans == [(*place, "ORG")]
    desk.press("ArrowLeft", *["Shift+ArrowRight"] * 2, "1", "Escape")
    desk.press("ArrowRight", "ArrowRight", ">", "Delete")
    assert desk.spans == [(*place, "ORG")]


def test_the_same_label_twice_is_answered(desk: Desk, layered: Document) -> None:
    desk.open(layered).double_click(*BASEL).press("2", "+", "2")
    expect(desk.page.locator("#toast-text")).to_have_text(
        "“Basel” is marked as LOC already."
    )
    assert desk.spans == [(*BASEL, "LOC")]


def test_the_popover_offers_one_more_label(desk: Desk, layered: Document) -> None:
    desk.open(layered).double_click(*BASEL).press("2", "Escape")
    desk.click(*BASEL)
    desk.page.get_by_role("button", name="Label again").click()
    desk.page.click('#popover .popover__label[data-label="ORG"]')
    assert sorted(desk.spans) == BOTH


# The marks that the popover lies on.
COVERED = """marks => {
    const popover = document.getElementById("popover").getBoundingClientRect();
    return marks.map((mark) => [mark.textContent, mark.getBoundingClientRect()])
        .filter(([, box]) => box.right > popover.left && box.left < popover.right)
        .filter(([, box]) => box.bottom > popover.top).map(([text]) => text);
}"""


def test_the_popover_lies_below_all_underlines(desk: Desk, layered: Document) -> None:
    suggest(layered, (*BASEL, "LOC", 0.6), (23, 32, "PER", 0.7))
    desk.open(layered)
    for end, label in ((14, "1"), (19, "2"), (28, "3")):
        desk.drag(10, end).press(label, "Escape")
    desk.drag(20, 22)  # only the outermost reaches so far
    expect(desk.page.locator("#popover")).to_be_visible()
    assert desk.page.eval_on_selector_all("#text mark", COVERED) == []


@pytest.mark.parametrize("button", ["Label again", "Delete"])
def test_a_button_that_hides_itself_gives_the_focus_back_to_the_text(
    desk: Desk, layered: Document, button: str
) -> None:
    desk.open(layered).double_click(*BASEL).press("2", "Escape")
    desk.click(*BASEL)
    desk.page.locator("#popover").get_by_role("button", name=button).focus()
    desk.press("Enter")
    expect(desk.page.locator("#text")).to_be_focused()


def test_suggestions_that_overlap_are_all_there(desk: Desk, layered: Document) -> None:
    suggest(layered, (*KARL, "PER", 0.4), (10, 28, "ORG", 0.6), (*BASEL, "LOC", 0.5))
    desk.open(layered)
    expect(desk.page.locator("#suggestion-count")).to_have_text("3")
    expect(desk.page.locator("#text mark.suggestion.row-1").first).to_be_visible()
    current = desk.page.locator("#suggestion-list .is-current")
    for label in ("PER", "LOC", "ORG"):
        desk.press("Tab")
        expect(current).to_have_count(1)
        expect(current).to_contain_text(label)
    desk.press("Enter", "Enter", "Enter")
    assert len(desk.spans) == 3


def test_where_spans_are_flat_the_next_suggestion_follows_the_rejected_one(
    desk: Desk, project: Project
) -> None:
    document = add_document(project)
    suggest(document, (10, 28, "ORG", 0.6), (*BASEL, "LOC", 0.5))
    desk.open(document)
    expect(desk.page.locator("#suggestion-count")).to_have_text("1")
    desk.press("Tab", "x")
    expect(desk.page.locator("#text mark.suggestion")).to_have_text("Basel")
    desk.press("Enter")
    assert desk.spans == [(*BASEL, "LOC")]
    desk.press("Control+z", "Control+z", "Shift+x")
    expect(desk.page.locator("#suggestion-count")).to_have_text("0")


def test_what_a_rejection_brings_to_light_comes_next(
    desk: Desk, project: Project
) -> None:
    document = add_document(project)
    suggest(document, (10, 28, "ORG", 0.4), (*KARL, "PER", 0.3), (29, 32, "ORG", 0.5))
    desk.open(document).press("Tab", "x")
    expect(desk.page.locator("#suggestion-list .is-current")).to_contain_text("Karl")
    desk.press("Enter", "Enter")
    assert desk.spans == [(*KARL, "PER"), (29, 32, "ORG")]
