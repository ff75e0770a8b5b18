"""The health address and the banner about workers."""

from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotator.models import Project, TrainingRun, Worker


def listen(seconds_ago: float = 0) -> None:
    seen = timezone.now() - timedelta(seconds=seconds_ago)
    Worker.objects.update_or_create(name="gpu@host", defaults={"seen_at": seen})


def test_health_needs_no_login_and_fails_without_a_worker(
    client: Client, db: None
) -> None:
    response = client.get(reverse("health"))
    assert response.status_code == 503
    assert response.json()["database"] is True
    assert response.json()["workers"] == 0


def test_health_is_well_with_a_worker_and_counts_the_queue(
    client: Client, project: Project
) -> None:
    listen()
    TrainingRun.request(project, "button")
    response = client.get(reverse("health"))
    assert response.status_code == 200
    assert response.json() == {
        "ok": True,
        "database": True,
        "workers": 1,
        "queued_runs": 1,
        "running_runs": 0,
    }


def test_health_says_that_the_database_does_not_answer_and_keeps_its_words_private(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Mock(side_effect=OperationalError("the disk is full"))
    monkeypatch.setattr(Worker, "listening", failing)
    response = client.get(reverse("health"))
    assert response.status_code == 503
    assert response.json()["database"] is False
    assert "the disk is full" not in response.content.decode()


def test_every_project_page_says_that_no_worker_is_listening(
    as_alice: Client, project: Project
) -> None:
    page = reverse("project-detail", args=[project.pk])
    assert b"No worker is listening" in as_alice.get(page).content
    listen()
    assert b"1 worker listening" in as_alice.get(page).content


def test_the_banner_is_sent_again_only_when_it_changed(as_alice: Client) -> None:
    address = reverse("worker-status")
    assert as_alice.get(address, {"shown": "0"}).status_code == 204
    listen()
    response = as_alice.get(address, {"shown": "0"})
    assert b"1 worker listening" in response.content
    listen(seconds_ago=5)
    response = as_alice.get(address, {"shown": "1"})
    assert b"No worker is listening" in response.content
