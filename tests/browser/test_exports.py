"""Exporting in the browser: a download that begins by itself and is kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from annotator.models import Export, Project
from tests.annotator.test_exports import annotate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCRIPT = "<script>window.ran = 1</script>"


@pytest.fixture
def page_of_alice(
    page: Page,
    alice: User,
    project: Project,
    log_in: Callable[[Any, User], None],
    settings: Any,
    tmp_path: Path,
) -> Page:
    settings.MEDIA_ROOT = tmp_path / "media"
    log_in(page, alice)
    page.goto(f"/projects/{project.pk}/export/")
    return page


def test_a_download_begins_by_itself_and_stays_on_the_page(
    page_of_alice: Page, project: Project, tmp_path: Path
) -> None:
    for number in range(40):
        annotate(project, f"Ada {number} {SCRIPT}", (0, 3, "PER"))
    page = page_of_alice
    page.get_by_label("Format", exact=True).select_option("hugging-face")
    page.get_by_label("Split into train, dev and test").fill("80/10/10")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    path = tmp_path / "sent.zip"
    download.value.save_as(path)
    with ZipFile(path) as archive:
        assert {"README.md", "train.jsonl", "report.json"} <= {*archive.namelist()}
    expect(page.get_by_text("The export is made and kept.")).to_be_visible()
    with page.expect_download() as again:
        page.get_by_role("link", name="Receipt", exact=True).click()
    assert again.value.suggested_filename == "news.zip.report.json"
    page.get_by_role("link", name="All exports").click()
    row = page.get_by_role("row").filter(has_text="news.zip")
    expect(row).to_contain_text("Hugging Face dataset · train")
    row.get_by_role("link", name="news.zip", exact=True).click()
    page.get_by_role("link", name="Delete…").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The export “news.zip” is deleted.")).to_be_visible()
    assert not Export.objects.exists()
    assert page.evaluate("window.ran") is None


def test_a_choice_that_cannot_be_is_said_beside_its_field(page_of_alice: Page) -> None:
    page = page_of_alice
    page.get_by_label("Split into train, dev and test").fill("most")
    page.get_by_role("button", name="Download").click()
    expect(page.get_by_text("The split “most” is not whole numbers")).to_be_visible()
    assert not Export.objects.exists()
