"""The training page in a browser: from a number to the documents behind it."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from annotator.models import Assessment, Checkpoint, Document, Project
from tests.annotator.views.conftest import finished_run

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LogIn = Callable[[Page, User], None]
BINS = [[0.5, 0.6, 0.55, 0.5, 2], [0.9, 1.0, 0.97, 1.0, 9]]
CONFUSION = [
    ["missed", "LOC", "", 1],
    ["right", "PER", "PER", 1],
    ["longer_right", "PER", "PER", 1],
]


@pytest.fixture
def version(project: Project) -> Checkpoint:
    rows = [[100, 0.4, 0.3, 0.5], [200, 0.6, 0.5, 0.7]]
    Project.objects.update(yardstick={"random": rows, "lowest_marginal": rows})
    found = finished_run(
        project, confusion=CONFUSION, reliability=BINS, trained_tokens=150
    )
    found.activate()
    document = Document.new(project, "Ada met Bo in Kew.", split="evaluation")
    document.save()
    Assessment.objects.create(
        checkpoint=found,
        document=document,
        gold=[[0, 3, "PER"], [8, 10, "PER"], [14, 17, "LOC"]],
        predicted=[[0, 3, "PER"], [8, 13, "PER"]],
    )
    return found


def test_one_click_on_a_number_shows_people_and_model_side_by_side(
    page: Page, log_in: LogIn, bob: User, project: Project, version: Checkpoint
) -> None:
    log_in(page, bob)
    page.goto(f"/projects/{project.pk}/training/")
    for picture in (
        "Share of right spans by confidence",
        "F1 by tokens trained on, beside simulated strategies",
    ):
        expect(page.get_by_role("img", name=picture)).to_be_visible()
    labels = page.get_by_role("table", name="Labels")
    labels.get_by_role("row", name="LOC").get_by_role("link", name="1").click()
    expect(page.get_by_role("heading", name="LOC: missed")).to_be_visible()
    people, model = page.locator(".judged dd").all()
    assert people.locator("mark").count() == 3
    assert model.locator("mark").count() == 2
    # The label's own colour came through, without a style in the markup.
    shadow = "mark => getComputedStyle(mark).getPropertyValue('--label-color')"
    color = project.labels.get(name="LOC").color
    assert people.locator("mark").last.evaluate(shadow).strip() == color
    page.get_by_role("link", name="Back to training").click()
    page.get_by_role("link", name="Model card").click()
    expect(page.get_by_role("heading", name="What is not known")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 1920])
def test_no_part_of_the_page_is_wider_than_the_window(
    page: Page,
    log_in: LogIn,
    alice: User,
    project: Project,
    version: Checkpoint,
    width: int,
) -> None:
    newer = finished_run(project, f1=0.7)
    log_in(page, alice)
    page.set_viewport_size({"width": width, "height": 800})
    base = f"/projects/{project.pk}"
    for path in (
        f"{base}/training/",
        f"{base}/checkpoints/{version.pk}/",
        f"{base}/checkpoints/{version.pk}/mistakes/",
        f"{base}/checkpoints/compare/?first={version.pk}&second={newer.pk}",
    ):
        page.goto(path)
        root = "document.documentElement"
        assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"), path
