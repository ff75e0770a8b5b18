"""The pages in a browser: what reloads by itself, what is switched, what fits."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from playwright.sync_api import Page, expect

from annotator import uploads
from annotator.models import Document, ImportJob, Project, TrainingRun, Worker
from annotator.progress import Progress
from tasks.imports import import_upload
from tests.browser.desk import FORBIDDEN_STORAGE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LogIn = Callable[[Page, User], None]
SECONDS = 1000


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def desk(page: Page, log_in: LogIn, alice: User, project: Project) -> Page:
    """A page on which alice is logged in."""
    log_in(page, alice)
    return page


def add(project: Project, text: str, **fields: Any) -> Document:
    document = Document.new(project, text, **fields)
    document.save()
    return document


def test_alice_logs_in_by_hand_and_out_again(
    page: Page, alice: User, project: Project
) -> None:
    page.goto("/")
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("alice's password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    page.get_by_role("link", name="News").click()
    expect(page.get_by_role("heading", name="No documents yet")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_the_list_follows_the_typing(desk: Page, project: Project) -> None:
    add(project, "Ada met Babbage.")
    add(project, "Rome fell.", confidence=0.25)
    desk.goto(f"/projects/{project.pk}/documents/")
    expect(desk.locator("tbody tr")).to_have_count(2)
    desk.get_by_label("Search").press_sequentially("rome")
    expect(desk.locator("tbody tr")).to_have_count(1)
    expect(desk.get_by_text("Rome fell.")).to_be_visible()
    assert "q=rome" in desk.url
    desk.reload()
    expect(desk.locator("tbody tr")).to_have_count(1)
    desk.get_by_label("Search").fill("")
    desk.get_by_label("State").select_option("submitted")
    expect(desk.get_by_role("heading", name="No document fits")).to_be_visible()


def test_the_theme_is_kept_and_there_before_the_first_paint(desk: Page) -> None:
    desk.emulate_media(color_scheme="light")
    desk.goto("/")
    root, switch = desk.locator("html"), desk.locator("[data-theme-switch]")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = desk.evaluate(paper)
    switch.click()
    expect(root).to_have_attribute("data-theme", "light")
    switch.click()
    expect(root).to_have_attribute("data-theme", "dark")
    dark = desk.evaluate(paper)
    assert dark != light
    desk.reload(wait_until="commit")
    expect(root).to_have_attribute("data-theme", "dark")
    assert desk.evaluate(paper) == dark
    expect(switch).to_have_attribute("aria-label", "Theme: dark")
    switch.click()
    desk.emulate_media(color_scheme="dark")
    assert desk.evaluate(paper) == dark


def test_the_theme_is_switched_where_the_browser_keeps_nothing(desk: Page) -> None:
    desk.add_init_script(FORBIDDEN_STORAGE)
    desk.goto("/")
    root, switch = desk.locator("html"), desk.locator("[data-theme-switch]")
    for theme in ("light", "dark"):
        switch.click()
        expect(root).to_have_attribute("data-theme", theme)


def test_the_language_is_switched_where_one_is(desk: Page, project: Project) -> None:
    address = f"/projects/{project.pk}/members/"
    desk.goto(address)
    desk.get_by_role("button", name="中文").click()
    expect(desk.get_by_role("heading", name="成员", exact=True)).to_be_visible()
    assert desk.url.endswith(address)
    desk.get_by_role("button", name="English").click()
    expect(desk.get_by_role("heading", name="Members", exact=True)).to_be_visible()


def test_the_banner_follows_the_worker_within_five_seconds(
    desk: Page, project: Project, settings: Any
) -> None:
    desk.goto(f"/projects/{project.pk}/")
    banner = desk.locator(".worker-status")
    expect(banner).to_have_text("No worker is listening")
    desk.evaluate("window.isTheSamePage = true")
    worker = Worker.objects.create(name="gpu@host", seen_at=timezone.now())
    expect(banner).to_have_text("1 worker listening", timeout=3 * SECONDS)
    Worker.objects.filter(pk=worker.pk).update(seen_at=timezone.now())
    expect(banner).to_have_text("No worker is listening", timeout=5.5 * SECONDS)
    assert desk.evaluate("window.isTheSamePage")


def test_progress_moves_by_itself_and_the_end_shows_the_outcome(
    desk: Page, project: Project
) -> None:
    now = timezone.now()
    run = TrainingRun.objects.create(
        project=project,
        state="running",
        phase="training",
        attempt=1,
        started_at=now - timedelta(seconds=9),
        heartbeat_at=now,
        step=1,
        total_steps=50,
    )
    desk.goto(f"/projects/{project.pk}/training/")
    expect(desk.get_by_text("step 1 of 50")).to_be_visible()
    history = [{"step": 1, "loss": 9.0}, {"step": 7, "loss": 4.0}]
    run.beat(step=7, eta_seconds=12.0, history=history)
    expect(desk.get_by_text("step 7 of 50")).to_be_visible()
    expect(desk.get_by_role("img", name="Loss by step")).to_be_visible()
    run.fail("The encoder “nowhere/bert” is not there.")
    alert = desk.get_by_role("alert")
    expect(alert).to_have_text("The encoder “nowhere/bert” is not there.")


def test_a_file_is_chosen_previewed_in_colour_and_imported(
    desk: Page, project: Project, tmp_path: Path
) -> None:
    file = tmp_path / "news.conll"
    file.write_text("Ada B-PER\nmet O\nBabbage B-PER\n")
    desk.goto(f"/projects/{project.pk}/import/")
    expect(desk.get_by_label("How many")).to_be_hidden()
    desk.get_by_label("A document is").select_option("blank-lines")
    expect(desk.get_by_label("How many")).to_be_visible()
    desk.get_by_label("Choose files").set_input_files(file)
    expect(desk.locator("[data-file-list]")).to_have_text("news.conll")
    desk.get_by_role("button", name="Preview").click()
    expect(desk.get_by_role("heading", name="1 document recognised")).to_be_visible()
    mention = desk.locator("mark").first
    color = project.labels.get(name="PER").color
    # Colours come with a script.
    expect(mention).to_have_attribute("style", re.compile(f"--label-color: ?{color}"))
    desk.get_by_role("button", name="Import", exact=True).click()
    expect(desk.get_by_text("No worker is listening. The import waits")).to_be_visible()
    import_upload(project.import_jobs.get().pk)  # as a worker that was started does
    expect(desk.get_by_text("imported", exact=True)).to_be_visible()
    assert project.documents.get().text == "Ada met Babbage"


def test_the_bar_of_an_import_grows_and_it_can_be_cancelled(
    desk: Page, project: Project
) -> None:
    options = {"format": "auto", "annotated_by": ""}
    kept = uploads.keep([SimpleUploadedFile("a.txt", b"Ada.")], project.pk, options)
    job, _ = ImportJob.request(project, kept.key, names=["a.txt"], options=options)
    desk.goto(f"/projects/{project.pk}/import/jobs/{job.pk}/")
    job.claim("worker")
    for share in (0.25, 0.75):
        kept.note_progress(Progress("storing", int(4000 * share), share))
        bar = desk.get_by_role("img", name=f"{share} / 1")
        expect(bar).to_be_visible()
        widths = [bar.locator(f".progress__{part}") for part in ("done", "track")]
        done, track = (part.bounding_box()["width"] for part in widths)
        assert abs(done / track - share) < 0.01
    expect(desk.get_by_text("3,000 documents")).to_be_visible()
    desk.get_by_role("button", name="Cancel the import").click()
    expect(desk.get_by_role("button", name="Stopping…")).to_be_disabled()
    job.stop_cancelled()
    expect(desk.get_by_text("Cancelled: nothing was stored.")).to_be_visible()


def test_files_can_be_dropped(desk: Page, project: Project) -> None:
    desk.goto(f"/projects/{project.pk}/import/")
    transfer = desk.evaluate_handle(
        """() => {
          const transfer = new DataTransfer();
          transfer.items.add(new File(["Ada."], "dropped.txt"));
          return transfer;
        }"""
    )
    desk.dispatch_event("[data-dropzone]", "drop", {"dataTransfer": transfer})
    expect(desk.locator("[data-file-list]")).to_have_text("dropped.txt")
    desk.get_by_role("button", name="Preview").click()
    expect(desk.get_by_role("heading", name="dropped.txt")).to_be_visible()


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(
    desk: Page, project: Project, settings: Any, tmp_path: Path
) -> None:
    settings.UPLOAD_MAX_BYTES = 1024
    file = tmp_path / "big.txt"
    file.write_text("x" * 2000)
    desk.goto(f"/projects/{project.pk}/import/")
    desk.get_by_label("Choose files").set_input_files(file)
    expect(desk.get_by_role("alert")).to_contain_text("larger than 1.0\xa0KB")
    desk.get_by_role("button", name="Preview").click()
    expect(desk.get_by_role("alert")).to_be_visible()
    assert desk.url.endswith("/import/")


def test_two_labels_swap_their_keys(desk: Page, project: Project) -> None:
    desk.goto(f"/projects/{project.pk}/settings/")
    keys = desk.locator(".label-table [name$=shortcut]")
    first, second = keys.nth(0).input_value(), keys.nth(1).input_value()
    keys.nth(0).fill(second)
    keys.nth(1).fill(first)
    desk.get_by_role("button", name="Save the labels").click()
    expect(desk.get_by_text("The labels are saved.")).to_be_visible()
    found = dict(project.labels.values_list("name", "shortcut"))
    assert (found["PER"], found["LOC"]) == (second, first)


PAGES = [
    "",
    "annotate/",
    "documents/",
    "import/",
    "training/",
    "export/",
    "members/",
    "settings/",
]


@pytest.mark.parametrize(
    ("name", "action", "heading"),
    [
        ("documents/", "Import documents", "Import"),
        ("annotate/", "Import documents", "Import"),
        ("training/", "Annotate", "There is no document yet"),
        ("export/", "Annotate", "There is no document yet"),
    ],
)
def test_an_empty_page_leads_to_the_next_step(
    desk: Page, project: Project, name: str, action: str, heading: str
) -> None:
    desk.goto(f"/projects/{project.pk}/{name}")
    desk.locator("#content").get_by_role("link", name=action).click()
    expect(desk.get_by_role("heading", name=heading, exact=True)).to_be_visible()


def test_on_a_tablet_every_section_can_be_seen(desk: Page, project: Project) -> None:
    desk.set_viewport_size({"width": 820, "height": 1180})
    desk.goto(f"/projects/{project.pk}/")
    links = desk.locator(".site-nav a")
    for index in range(links.count()):
        expect(links.nth(index)).to_be_in_viewport(ratio=1)


def test_on_a_very_wide_screen_the_text_grows(desk: Page, project: Project) -> None:
    desk.goto(f"/projects/{project.pk}/")
    size = "Number.parseFloat(getComputedStyle(document.documentElement).fontSize)"
    for width, expected in ((1280, 16), (1920, 16), (2560, 20), (3840, 24)):
        desk.set_viewport_size({"width": width, "height": 1080})
        assert desk.evaluate(size) == expected


@pytest.mark.parametrize("width", [820, 1280, 1920, 3840])
def test_no_page_scrolls_sideways_or_shifts(
    desk: Page, project: Project, width: int
) -> None:
    add(project, "A_very_long_word_" * 30, external_id="x" * 60, confidence=0.25)
    desk.set_viewport_size({"width": width, "height": 900})
    desk.add_init_script(
        """window.shift = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) window.shift += entry.value;
        }).observe({type: "layout-shift", buffered: true});"""
    )
    for page in PAGES:
        desk.goto(f"/projects/{project.pk}/{page}")
        desk.wait_for_timeout(300)
        root = "document.documentElement"
        assert desk.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"), page
        assert desk.evaluate("window.shift") < 0.01, page
