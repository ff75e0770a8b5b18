"""What the annotation page saves, keeps, refuses and shows to whom."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from annotator import queue
from annotator.models import (
    Annotation,
    Membership,
    Project,
)
from tests.browser.desk import (
    BASEL,
    FORBIDDEN_STORAGE,
    FULL_STORAGE,
    KARL,
    Desk,
    add_document,
    answer_questions,
    suggest,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_offline_edits_wait_and_arrive_in_order(desk: Desk, project: Project) -> None:
    desk.open(add_document(project))
    desk.page.context.set_offline(True)
    desk.drag(*KARL).press("1").double_click(*BASEL).press("2")
    state = desk.page.locator("#save-state")
    state.get_by_text("Offline · 2 unsaved").wait_for()
    assert not Annotation.objects.exists()
    desk.page.context.set_offline(False)
    assert desk.spans == [(*KARL, "PER"), (*BASEL, "LOC")]
    assert desk.annotation.version == 2


def test_edits_survive_a_crash_of_the_page(desk: Desk, project: Project) -> None:
    document = add_document(project)
    desk.open(document)
    desk.page.route("**/edits", lambda route: route.abort())
    desk.drag(*KARL).press("1").double_click(*BASEL).press("2")
    desk.page.locator('#save-state[data-phase="offline"]').wait_for()
    crashed = desk.page
    desk.page = crashed.context.new_page()
    crashed.close(run_before_unload=False)
    desk.open(document)
    assert desk.spans == [(*KARL, "PER"), (*BASEL, "LOC")]
    assert desk.shown == ["Karl Marx", "Basel"]


def test_closing_with_unsaved_edits_warns(desk: Desk, project: Project) -> None:
    desk.open(add_document(project))
    desk.page.route("**/edits", lambda route: route.abort())
    desk.drag(*KARL).press("1")
    desk.page.locator('#save-state[data-phase="offline"]').wait_for()
    questions = answer_questions(desk.page, "accept")
    desk.page.goto(f"/projects/{desk.document.project_id}/annotate/")
    assert questions == ["beforeunload"]


@pytest.mark.parametrize("choice", ["mine", "theirs"])
def test_two_tabs_conflict_and_nothing_is_lost(
    desk: Desk, project: Project, choice: str
) -> None:
    document = add_document(project)
    desk.open(document)
    other = Desk(desk.page.context.new_page()).open(document)
    other.drag(*KARL).press("1").wait_saved()
    desk.page.bring_to_front()
    desk.double_click(*BASEL).press("2")
    dialog = desk.page.locator("#conflict[open]")
    dialog.wait_for()
    assert "Basel" in desk.page.text_content("#conflict-mine")
    assert "Karl Marx" in desk.page.text_content("#conflict-theirs")
    desk.press("Escape")
    assert dialog.is_visible()
    dialog.locator(f"button[value={choice}]").click()
    kept = {"mine": [(*BASEL, "LOC")], "theirs": [(*KARL, "PER")]}
    assert desk.spans == kept[choice]
    if choice == "theirs":
        desk.press("Control+z")
        assert desk.spans == kept["mine"]
    revisions = desk.annotation.revisions.order_by("version")
    assert [*KARL, "PER"] in revisions.first().added


def test_what_the_other_version_rejected_is_in_the_history(
    desk: Desk, project: Project
) -> None:
    document = add_document(project)
    suggest(document, (*KARL, "PER", 0.4))
    desk.open(document)
    other = Desk(desk.page.context.new_page()).open(document)
    other.press("Tab", "x").wait_saved()
    desk.page.bring_to_front()
    desk.double_click(*BASEL).press("2")
    desk.page.locator("#conflict[open] button[value=mine]").click()
    desk.page.get_by_text("The other one is in the history.").wait_for()
    assert desk.spans == [(*BASEL, "LOC")]
    assert not desk.annotation.rejections.exists()
    desk.page.get_by_role("link", name="History of your edits").click()
    newest, older = desk.page.locator("article").all_inner_texts()
    assert newest.split("\n")[-4:] == [
        *("Added", "LOC Basel"),
        *("Rejection taken back", "PER Karl Marx"),
    ]
    assert older.split("\n")[-2:] == ["Rejected", "PER Karl Marx"]


def crash_behind(desk: Desk, project: Project) -> None:
    """Crash with an edit unsaved; meanwhile another tab moves the version on."""
    document = add_document(project)
    desk.open(document)
    other = Desk(desk.page.context.new_page()).open(document)
    desk.page.bring_to_front()
    desk.page.route("**/edits", lambda route: route.abort())
    desk.double_click(*BASEL).press("2")
    desk.page.locator('#save-state[data-phase="offline"]').wait_for()
    desk.page.close(run_before_unload=False)
    desk.page = other.page
    other.drag(*KARL).press("1").wait_saved()


@pytest.mark.parametrize("choice", ["mine", "theirs"])
def test_edits_survive_a_crash_while_the_conflict_is_open(
    desk: Desk, project: Project, choice: str
) -> None:
    crash_behind(desk, project)
    dialog = desk.page.locator("#conflict[open]")
    for _ in range(2):
        desk.page.reload()
        dialog.wait_for()
        assert "Basel" in desk.page.text_content("#conflict-mine")
    dialog.locator(f"button[value={choice}]").click()
    desk.page.locator("#toast.is-shown").wait_for()
    both = [(*KARL, "PER"), (*BASEL, "LOC")]  # what waited is made on the newer version
    kept = {"mine": both, "theirs": both[:1]}
    assert desk.spans == kept[choice]
    desk.page.reload()
    desk.page.wait_for_selector("#desk.is-ready")
    desk.page.wait_for_timeout(200)
    assert not dialog.is_visible()
    assert desk.spans == kept[choice]


def test_a_left_behind_edit_that_no_longer_fits_is_said(
    desk: Desk, project: Project
) -> None:
    crash_behind(desk, project)
    project.labels.filter(name="LOC").delete()
    desk.page.reload()
    toast = desk.page.locator("#toast.is-shown")
    toast.get_by_text("1 unsaved edit does not fit").wait_for()
    assert "LOC “Basel”" in toast.text_content()
    assert desk.shown == ["Karl Marx"]


def test_edits_behind_a_refused_one_that_do_not_fit_are_named(
    desk: Desk, project: Project
) -> None:
    desk.open(add_document(project)).page.context.set_offline(True)
    desk.drag(*KARL).press("3", "]").double_click(*BASEL).press("2")
    desk.page.get_by_text("Offline · 3 unsaved").wait_for()
    project.labels.filter(name="ORG").delete()
    desk.page.context.set_offline(False)
    toast = desk.page.locator("#toast.is-shown")
    toast.get_by_text("The project has no label “ORG”. 1 unsaved edit").wait_for()
    assert "ORG “Karl Marx in”" in toast.text_content()
    assert desk.spans == [(*BASEL, "LOC")]


def test_a_server_that_goes_away_behind_a_refusal_stops_no_saving(
    desk: Desk, project: Project
) -> None:
    desk.open(add_document(project))
    project.labels.filter(name="ORG").delete()
    desk.page.route("**/annotation", lambda route: route.abort())
    desk.drag(*KARL).press("3")
    toast = desk.page.locator("#toast.is-shown")
    toast.get_by_text("The project has no label “ORG”. The server cannot").wait_for()
    desk.page.get_by_text("Offline · 1 unsaved").wait_for()
    desk.double_click(*BASEL).press("2")
    desk.page.get_by_text("Offline · 2 unsaved").wait_for()
    desk.page.unroute("**/annotation")
    assert desk.spans == [(*BASEL, "LOC")]
    assert desk.shown == ["Basel"]


def test_what_was_refused_does_not_stand_in_the_way_of_undo(
    desk: Desk, project: Project
) -> None:
    desk.open(add_document(project)).double_click(*BASEL).press("2").wait_saved()
    project.labels.filter(name="ORG").delete()
    desk.drag(*KARL).press("3")
    desk.page.get_by_text("The project has no label “ORG”.").wait_for()
    assert desk.spans == [(*BASEL, "LOC")]
    undo, redo = desk.page.locator("#undo"), desk.page.locator("#redo")
    assert desk.press("Control+z").spans == []
    expect(undo).to_be_disabled()
    expect(redo).to_be_enabled()
    assert desk.press("Control+Shift+z").spans == [(*BASEL, "LOC")]


def test_where_all_was_refused_there_is_nothing_to_undo(
    desk: Desk, project: Project
) -> None:
    desk.open(add_document(project))
    project.labels.filter(name="ORG").delete()
    desk.drag(*KARL).press("3")
    desk.page.get_by_text("The project has no label “ORG”.").wait_for()
    expect(desk.page.locator("#undo")).to_be_disabled()


@pytest.mark.parametrize("storage", [FULL_STORAGE, FORBIDDEN_STORAGE])
def test_edits_that_the_browser_cannot_keep_are_said_to_be_only_here(
    desk: Desk, project: Project, storage: str
) -> None:
    desk.page.add_init_script(storage)
    desk.open(add_document(project)).drag(*KARL).press("1")
    assert desk.spans == [(*KARL, "PER")]
    desk.page.route("**/edits", lambda route: route.abort())
    desk.double_click(*BASEL).press("2")
    desk.page.get_by_text("Offline · 1 unsaved, only in this tab").wait_for()
    desk.page.get_by_text("This browser cannot keep your unsaved edits").wait_for()
    questions = answer_questions(desk.page, "dismiss")
    desk.page.close(run_before_unload=True)
    desk.page.wait_for_timeout(200)
    assert questions == ["beforeunload"]
    desk.page.unroute("**/edits")
    assert desk.spans == [(*KARL, "PER"), (*BASEL, "LOC")]
    assert desk.page.text_content("#save-state").strip() == "Saved"


def test_keys_belong_to_the_input_method_while_it_composes(
    desk: Desk, project: Project
) -> None:
    desk.open(add_document(project)).drag(*KARL)
    session = desk.page.context.new_cdp_session(desk.page)
    for key in ("1", "x", "s"):
        event = {"type": "keyDown", "key": key, "windowsVirtualKeyCode": 229}
        session.send("Input.dispatchKeyEvent", event)
    desk.page.evaluate(
        """() => document.getElementById("text").dispatchEvent(new KeyboardEvent(
            "keydown", {key: "1", bubbles: true, isComposing: true}))"""
    )
    desk.page.wait_for_timeout(100)
    assert not Annotation.objects.exists()
    desk.press("1")
    assert desk.spans == [(*KARL, "PER")]


def test_a_chinese_label_is_searched_with_an_input_method(
    desk: Desk, project: Project
) -> None:
    """Enter ends the composition first; only the next one chooses the label."""
    project.ensure_labels([*(f"L{number}" for number in range(9)), "地名", "人名"])
    desk.open(add_document(project)).drag(*KARL).press("/")
    session = desk.page.context.new_cdp_session(desk.page)

    def compose(text: str) -> None:
        place = {"selectionStart": len(text), "selectionEnd": len(text)}
        session.send("Input.imeSetComposition", {"text": text, **place})

    for text in ("r", "re", "ren"):
        compose(text)
    for key in ("Enter", "Escape", "1"):
        event = {"type": "keyDown", "key": key, "windowsVirtualKeyCode": 229}
        session.send("Input.dispatchKeyEvent", event)
    desk.page.wait_for_timeout(50)
    assert desk.page.locator("#popover").is_visible()
    assert not Annotation.objects.exists()
    session.send("Input.insertText", {"text": "人"})
    assert desk.page.input_value("#popover-search") == "人"
    desk.press("Enter")
    assert desk.spans == [(*KARL, "人名")]


def test_keys_belong_to_a_field_while_somebody_types(
    desk: Desk, project: Project
) -> None:
    project.ensure_labels([f"L{number}" for number in range(12)])
    desk.open(add_document(project)).drag(*KARL).press("/")
    desk.page.keyboard.type("l11")
    assert desk.page.input_value("#popover-search") == "l11"
    assert not Annotation.objects.exists()
    desk.press("Enter")
    assert desk.spans == [(*KARL, "L11")]


def test_script_in_text_label_guideline_and_metadata_is_shown(
    desk: Desk, project: Project
) -> None:
    attack = "<script>window.hacked = 1</script><img src=x onerror='window.hacked=2'>"
    project.guideline = attack + "\n\n[x](javascript:window.hacked=3) **bold**"
    project.save()
    project.labels.filter(name="PER").update(name="<b>PER</b>", note=attack)
    document = add_document(project, f"{attack} Basel", metadata={attack: attack})
    suggest(document, (0, 8, "LOC", 0.5))
    desk.open(document).press("ArrowRight", "1")
    assert desk.page.text_content("#text") == document.text
    assert attack in desk.page.text_content(".metadata")
    assert attack[:34] in desk.page.text_content(".guideline")
    assert desk.page.locator(".guideline strong").text_content() == "bold"
    assert desk.page.locator(".guideline a[href^=javascript]").count() == 0
    assert desk.page.evaluate("window.hacked") is None


def test_a_viewer_reads_and_has_no_edit_controls(
    page: Any, project: Project, log_in: Callable[[Any, User], None]
) -> None:
    charlie = User.objects.create_user("charlie")
    Membership.objects.create(project=project, user=charlie, role="viewer")
    log_in(page, charlie)
    desk = Desk(page).open(add_document(project)).double_click(*BASEL).press("2")
    assert page.locator("#save-state, [data-command=submit], #popover").count() == 0
    assert desk.shown == []
    assert not Annotation.objects.exists()


def test_what_somebody_else_has_open_is_read_only(
    desk: Desk, project: Project, alice: User
) -> None:
    document = add_document(project)
    queue.lease(document, alice)
    desk.open(document)
    assert "open at alice's" in desk.page.text_content(".notice")
    assert desk.page.locator("[data-command=submit]").count() == 0


def test_an_edit_the_server_refuses_is_said_and_undone(
    desk: Desk, project: Project
) -> None:
    desk.open(add_document(project))
    project.labels.filter(name="ORG").delete()
    desk.drag(*KARL).press("3")
    desk.page.locator("#toast.is-shown").wait_for()
    assert desk.page.text_content("#toast-text") == "The project has no label “ORG”."
    assert desk.shown == []
    desk.double_click(*BASEL).press("2")
    assert desk.spans == [(*BASEL, "LOC")]


def test_logged_out_edits_wait_for_the_log_in(
    desk: Desk, project: Project, bob: User, log_in: Callable[[Any, User], None]
) -> None:
    desk.open(add_document(project))
    desk.page.context.clear_cookies(name="sessionid")
    desk.drag(*KARL).press("1")
    desk.page.get_by_text("You are logged out").wait_for()
    log_in(desk.page, bob)
    assert desk.spans == [(*KARL, "PER")]


def test_a_small_edit_is_a_small_request(desk: Desk, project: Project) -> None:
    desk.open(add_document(project))
    bodies: list[str] = []
    desk.page.on(
        "request", lambda r: bodies.append(r.post_data) if r.method == "POST" else None
    )
    desk.drag(*KARL).press("1").wait_saved()
    (body,) = bodies
    assert len(body) < 2000
    assert json.loads(body)["add"][0]["surface"] == "Karl Marx"
