"""The training page's comparison with random order."""

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import Mock

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from annotator import yardstick
from annotator.models import Project
from tasks.yardstick import measure_yardstick
from tests.annotator.views.conftest import finished_run


@pytest.fixture(autouse=True)
def queued(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Any
) -> Iterator[Mock]:
    settings.VAR_DIR = tmp_path
    sent = Mock()
    monkeypatch.setattr(measure_yardstick, "delay", sent)
    yield sent


@pytest.fixture
def page(as_alice: Client, project: Project) -> Callable[[], str]:
    finished_run(project).activate()
    address = reverse("training", args=[project.pk])
    return lambda: as_alice.get(address).content.decode()


@pytest.fixture
def press(
    project: Project, django_capture_on_commit_callbacks: Callable[..., Any]
) -> Callable[[Client], Any]:
    def post(client: Client) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            address = reverse("yardstick-start", args=[project.pk])
            return client.post(address, follow=True)

    return post


def test_the_page_says_why_nothing_can_be_compared_yet(page: Any) -> None:
    text = page()
    assert "needs at least 100 answered documents of the pool; there are 0." in text
    assert "Nobody has measured yet" in text


def test_the_button_queues_a_comparison(
    as_alice: Client,
    press: Any,
    project: Project,
    queued: Mock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(yardstick, "obstacle", lambda project: "")
    assert "is queued" in press(as_alice).content.decode()
    queued.assert_called_once_with(project.pk)


def test_the_button_does_nothing_where_nothing_can_be_measured(
    as_alice: Client, press: Any, queued: Mock
) -> None:
    assert "needs at least 100" in press(as_alice).content.decode()
    queued.assert_not_called()


def test_only_an_admin_may_press_it(as_bob: Client, press: Any, queued: Mock) -> None:
    assert press(as_bob).status_code == 403
    queued.assert_not_called()


def test_a_comparison_under_way_says_how_far_it_is(page: Any, project: Project) -> None:
    table = yardstick.table(project)
    table.parent.mkdir(parents=True)
    table.write_text("head\n" + "row\n" * 7)
    assert "7 of 30 rounds are played." in page()


def test_what_was_measured_is_drawn_beside_the_runs(
    page: Any, project: Project
) -> None:
    project.yardstick = {"random": [[100, 0.4, 0.3, 0.5], [200, 0.6, 0.5, 0.7]]}
    project.save()
    assert "both curves stand beside" in page()
