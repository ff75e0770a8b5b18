"""The annotation page with real keys and a real mouse in Chromium."""

from typing import Any

import pytest
import regex

from annotator.api.schemas import MAX_SPANS_AN_EDIT
from annotator.models import (
    Annotation,
    Project,
)
from tests.browser.desk import BASEL, KARL, Desk, add_document, suggest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_drag_snaps_to_tokens_and_a_key_labels(desk: Desk, project: Project) -> None:
    desk.open(add_document(project)).drag(11, 17).press("1")
    assert desk.spans == [(*KARL, "PER")]
    assert desk.shown == ["Karl Marx"]


def test_a_double_click_and_the_popover_label(desk: Desk, project: Project) -> None:
    desk.open(add_document(project)).double_click(*BASEL)
    desk.page.click('#popover .popover__label[data-label="LOC"]')
    assert desk.spans == [(*BASEL, "LOC")]


ODD = (
    "a\r\nb😊c e\u0301 f\tg 👨‍👩‍👧‍👦 h "
    "吴先生去北京。𠮷野家 🇨🇭 o\u0308\u0323 محمد بازل ירושלים สมชาย"
)
SURFACES = ["b😊c", "e\u0301", "👨‍👩‍👧‍👦", "北京", "𠮷野家", "o\u0308\u0323"]
SURFACES += ["محمد بازل", "ירושלים", "สมชาย"]
CLUSTERS = [
    match.span() for match in regex.finditer(r"\X", ODD) if not match[0].isspace()
]


def test_every_character_is_stored_as_python_counts_it(
    desk: Desk, project: Project
) -> None:
    """Alt selects characters; each cluster of an odd text in turn."""
    project.token_mode = "characters"
    project.save()
    desk.open(add_document(project, ODD))
    for count, (start, end) in enumerate(CLUSTERS):
        desk.click(start, end).press("1")
        desk.page.locator("#text mark.is-first").nth(count).wait_for()
    assert [(start, end) for start, end, _label in desk.spans] == CLUSTERS
    assert desk.shown == [ODD[start:end] for start, end in CLUSTERS]


@pytest.mark.parametrize("surface", SURFACES)
def test_a_drag_over_any_script_is_stored_as_python_counts_it(
    desk: Desk, project: Project, surface: str
) -> None:
    start = ODD.index(surface)
    desk.open(add_document(project, ODD)).drag(start, start + len(surface)).press("2")
    ((first, last, label),) = desk.spans
    assert (ODD[first:last], label) == (surface, "LOC")


def test_alt_selects_characters_but_no_half_cluster(
    desk: Desk, project: Project
) -> None:
    text = "Basel-Stadt cafe\u0301s"
    desk.open(add_document(project, text))
    desk.page.keyboard.down("Alt")
    desk.drag(0, 3)
    desk.page.keyboard.up("Alt")
    desk.press("2")
    assert desk.spans == [(0, 3, "LOC")]
    desk.press(
        "Escape", "End", "1", *["Alt+Shift+BracketLeft"] * 3, "Alt+Shift+BracketRight"
    )
    assert desk.spans == [(0, 3, "LOC"), (15, 17, "PER")]
    assert text[15:17] == "e\u0301"


def test_keys_alone_select_extend_and_label(desk: Desk, project: Project) -> None:
    desk.open(add_document(project)).press(*["ArrowRight"] * 4, "Shift+ArrowRight", "1")
    assert desk.spans == [(*KARL, "PER")]


def test_a_span_is_relabelled_moved_and_deleted(desk: Desk, project: Project) -> None:
    desk.open(add_document(project)).double_click(10, 14).press("1")
    assert desk.spans == [(10, 14, "PER")]
    desk.press("3")
    assert desk.spans == [(10, 14, "ORG")]
    desk.press("]")
    assert desk.spans == [(*KARL, "ORG")]
    desk.press("{")
    assert desk.spans == [(15, 19, "ORG")]
    desk.press("[")
    assert desk.spans == [(*KARL, "ORG")]
    desk.press("}")
    assert desk.spans == [(10, 14, "ORG")]
    desk.press("Delete")
    assert desk.spans == []
    assert desk.annotation.revisions.count() == 7


def test_undo_and_redo_every_edit_even_after_a_reload(
    desk: Desk, project: Project
) -> None:
    document = add_document(project)
    desk.open(document).drag(*KARL).press("1").double_click(*BASEL).press("2")
    desk.press("Control+z")
    assert desk.spans == [(*KARL, "PER")]
    desk.press("Control+Shift+z")
    assert desk.spans == [(*KARL, "PER"), (*BASEL, "LOC")]
    desk.open(document).press("Control+z", "Control+z")
    assert desk.spans == []
    desk.open(document).press("Control+y")
    assert desk.spans == [(*KARL, "PER")]
    desk.open(document).press("Control+Shift+z")
    assert desk.spans == [(*KARL, "PER"), (*BASEL, "LOC")]


def test_suggestions_are_decided_by_keys_least_certain_first(
    desk: Desk, project: Project
) -> None:
    document = add_document(project)
    suggest(document, (*KARL, "PER", 0.9), (*BASEL, "ORG", 0.4), (0, 3, "PER", 0.6))
    desk.open(document)
    assert desk.page.text_content("#suggestion-count") == "3"
    desk.press("Tab", "x", "Enter", "Enter")
    assert desk.spans == [(0, 3, "PER"), (*KARL, "PER")]
    (rejection,) = desk.annotation.rejections.all()
    assert str(rejection) == "not ORG [23, 28)"
    confidences = desk.annotation.spans.values_list("suggested_confidence", flat=True)
    assert list(confidences) == [0.6, 0.9]


def test_a_suggestion_is_accepted_as_another_label(
    desk: Desk, project: Project
) -> None:
    document = add_document(project)
    suggest(document, (*BASEL, "ORG", 0.4))
    desk.open(document).press("Tab", "2")
    assert desk.spans == [(*BASEL, "LOC")]
    assert desk.annotation.rejections.count() == 1


def test_all_above_the_threshold_are_accepted_at_once(
    desk: Desk, project: Project
) -> None:
    document = add_document(project)
    suggest(document, (*KARL, "PER", 0.95), (*BASEL, "LOC", 0.91), (0, 3, "PER", 0.6))
    desk.open(document).page.click("#accept-all")
    assert desk.spans == [(*KARL, "PER"), (*BASEL, "LOC")]
    assert desk.annotation.version == 1
    desk.page.focus("#threshold")
    with desk.page.expect_response("**/preferences"):
        desk.press("Home")
    desk.open(document)
    assert desk.page.input_value("#threshold") == "50"
    desk.page.focus("#text")
    desk.press("Shift+Enter")
    assert len(desk.spans) == 3


def test_the_mouse_decides_on_a_suggestion(desk: Desk, project: Project) -> None:
    document = add_document(project)
    suggest(document, (*KARL, "PER", 0.95), (*BASEL, "LOC", 0.91))
    desk.open(document).click(12, 13)
    desk.page.click('#popover [data-command="accept"]')
    desk.page.click("#suggestion-list [data-slot=reject]")
    assert desk.spans == [(*KARL, "PER")]
    assert desk.annotation.rejections.count() == 1


def test_keys_go_on_in_the_text_after_a_click_on_a_suggestion(
    desk: Desk, project: Project
) -> None:
    document = add_document(project)
    suggest(document, (*KARL, "PER", 0.95), (*BASEL, "LOC", 0.91))
    desk.open(document)
    desk.page.locator("#suggestion-list [data-slot=reject]").first.click()
    desk.press("Control+z")
    assert desk.page.locator("#suggestion-list li").count() == 2
    desk.page.click("#reject-all")
    desk.page.wait_for_selector("text=2 suggestions rejected.")
    desk.press("Control+z")
    assert desk.page.locator("#suggestion-list li").count() == 2
    desk.wait_saved()


def test_the_evaluation_slice_is_blind_and_says_so(
    desk: Desk, project: Project
) -> None:
    document = add_document(project, split="evaluation")
    suggest(document, (*KARL, "PER", 0.95))
    desk.open(document)
    assert "random evaluation slice" in desk.page.text_content(".sheet")
    assert desk.page.locator("mark, #suggestion-list").count() == 0


def test_why_this_document_leads_to_the_token(desk: Desk, project: Project) -> None:
    alternatives = [["LOC", 0.52], ["ORG", 0.46], ["PER", 0.004]]
    token = {"start": 23, "end": 28, "alternatives": alternatives}
    sure = {"start": 0, "end": 4, "alternatives": [["PER", 0.999], ["O", 0.001]]}
    desk.open(add_document(project, uncertain_tokens=[token, sure]))
    row = desk.page.locator(".why-row")
    assert row.text_content() == "BaselLOC 0.52 / ORG 0.46"
    row.click()
    desk.press("2")
    assert desk.spans == [(*BASEL, "LOC")]


def test_why_this_document_shows_a_character_among_its_neighbours(
    desk: Desk, project: Project
) -> None:
    token = {"start": 4, "end": 5, "alternatives": [["LOC", 0.52], ["O", 0.46]]}
    desk.open(add_document(project, "昨天他到巴塞尔去了。", uncertain_tokens=[token]))
    assert desk.page.text_content(".why-row") == "天他到巴塞尔去LOC 0.52 / O 0.46"
    assert desk.page.text_content(".why-row__around:first-child") == "天他到"


def test_all_occurrences_are_one_request_and_one_undo(
    desk: Desk, project: Project
) -> None:
    document = add_document(project, "Basel and Karl. " * 500)
    desk.open(document).double_click(0, 5).press("2", "*")
    assert "499 places" in desk.page.text_content("#label-all-count")
    posts: list[Any] = []
    desk.page.on("request", lambda r: posts.append(r) if r.method == "POST" else None)
    desk.press("Enter")
    desk.page.locator("#text mark.span").nth(499).wait_for()
    assert len(desk.spans) == 500
    assert len(posts) == 1
    desk.press("Control+z")
    assert desk.spans == [(0, 5, "LOC")]


def test_more_occurrences_than_one_edit_takes_are_said_before(
    desk: Desk, project: Project
) -> None:
    document = add_document(project, "ab " * (MAX_SPANS_AN_EDIT + 3))
    desk.open(document).press("ArrowRight", "*")
    count = desk.page.text_content("#label-all-count")
    assert "20003 places" in count
    assert f"labels the first {MAX_SPANS_AN_EDIT}" in count
    desk.press("Enter")
    toast = desk.page.locator("#toast.is-shown")
    toast.get_by_text("20000 spans labelled.").wait_for()
    assert len(desk.spans) == MAX_SPANS_AN_EDIT
    desk.press("*")
    assert "3 places" in desk.page.text_content("#label-all-count")
    desk.press("Enter")
    toast.get_by_text("3 spans labelled.", exact=True).wait_for()
    assert len(desk.spans) == MAX_SPANS_AN_EDIT + 3


def test_the_last_label_repeats_and_sticks(desk: Desk, project: Project) -> None:
    desk.open(add_document(project)).double_click(*BASEL).press("2")
    desk.double_click(38, 43).press(".")
    assert desk.spans == [(*BASEL, "LOC"), (38, 43, "LOC")]
    desk.press("Escape").page.click('#palette [data-label="PER"]')
    desk.double_click(0, 3)
    assert desk.spans[0] == (0, 3, "PER")


def test_submit_goes_to_the_next_least_certain(desk: Desk, project: Project) -> None:
    first = add_document(project, confidence=0.2)
    second = add_document(project, "Next one.", confidence=0.5)
    desk.page.goto(f"/projects/{project.pk}/annotate/")
    desk.page.wait_for_selector("#desk.is-ready")
    assert desk.page.url.endswith(f"/documents/{first.pk}/annotate/")
    desk.document = first
    desk.drag(*KARL).press("1", "Control+Enter")
    desk.page.wait_for_url(f"**/documents/{second.pk}/annotate/")
    assert Annotation.objects.get(document=first).state == "submitted"
    desk.page.wait_for_selector("#desk.is-ready")
    desk.press("s")
    desk.page.wait_for_selector(".empty")
    assert "you skipped" in desk.page.text_content(".empty")
    assert Annotation.objects.get(document=second).state == "skipped"
