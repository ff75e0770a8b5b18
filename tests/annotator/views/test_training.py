"""The training page: the button, progress, cancelling, versions."""

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from annotator.models import Document, Project, TrainingRun, Worker
from tasks.prediction import preannotate_project
from tasks.training import retrain
from tests.annotator.views.conftest import annotate, finished_run


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Mock]]:
    """What was sent to the workers, by task."""
    found = {"retrain": Mock(), "preannotate": Mock()}
    monkeypatch.setattr(retrain, "delay", found["retrain"])
    monkeypatch.setattr(preannotate_project, "delay", found["preannotate"])
    yield found


@pytest.fixture
def enough(
    project: Project, add_document: Callable[..., Document], alice: User
) -> None:
    for text in ("Ada met Babbage.", "Ada left."):
        annotate(add_document(text), alice, (0, 3, "PER"), state="submitted")


@pytest.fixture
def page(as_alice: Client, project: Project) -> Callable[[], str]:
    address = reverse("training", args=[project.pk])
    return lambda: as_alice.get(address).content.decode()


@pytest.fixture
def post(
    as_alice: Client,
    project: Project,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> Callable[..., str]:
    def send(name: str, *args: int) -> str:
        with django_capture_on_commit_callbacks(execute=True):
            address = reverse(name, args=[project.pk, *args])
            return as_alice.post(address, follow=True).content.decode()

    return send


def run_now(project: Project, **fields: Any) -> TrainingRun:
    now = timezone.now()
    fields = {"state": "running", "phase": "training", "heartbeat_at": now} | fields
    return TrainingRun.objects.create(project=project, started_at=now, **fields)


@pytest.mark.usefixtures("enough")
def test_the_button_queues_one_run_however_often_it_is_pressed(
    post: Callable[..., str], project: Project, sent: dict[str, Mock], alice: User
) -> None:
    assert "A training run is queued." in post("training-retrain")
    for _press in range(4):
        assert "A training run was queued already." in post("training-retrain")
    run = project.training_runs.get()
    assert (run.state, run.trigger, run.requested_by) == ("queued", "button", alice)
    sent["retrain"].assert_called_once_with(run.pk)


def test_the_button_says_why_it_is_not_to_be_pressed(
    page: Callable[[], str], post: Callable[..., str], project: Project
) -> None:
    sentence = "Training needs at least 2 submitted documents of the pool"
    assert sentence in page()
    assert "button--large disabled" in page().replace('"', "")
    assert sentence in post("training-retrain")
    assert not project.training_runs.exists()


def test_documents_without_spans_teach_nothing(
    page: Callable[[], str], add_document: Callable[..., Document], alice: User
) -> None:
    for text in ("one", "two"):
        annotate(add_document(text), alice, state="submitted")
    assert "No submitted document has a span to learn from." in page()


def test_a_running_run_shows_phase_step_time_and_curves(
    page: Callable[[], str], project: Project
) -> None:
    history = [
        {"step": 1, "loss": 9.0},
        {"step": 6, "loss": 4.0},
        {"step": 6, "loss": 6.5, "epoch": 0, "dev_f1": 0.25},
        {"step": 11, "loss": 3.0},
        {"step": 12, "loss": 3.5, "epoch": 1, "dev_f1": 0.5},
    ]
    run_now(project, step=64, total_steps=180, eta_seconds=74.2, history=history)
    text = page()
    assert "step 64 of 180" in text
    assert "about 74 seconds left" in text
    assert 'hx-trigger="every 1s"' in text
    assert 'aria-label="Loss by step"' in text
    assert 'aria-label="F1 on held-out documents by step"' in text


def test_a_run_without_a_worker_says_so(
    page: Callable[[], str], project: Project
) -> None:
    TrainingRun.request(project, "button")
    assert "No worker is listening. The run waits" in page()
    Worker.objects.create(name="gpu@host", seen_at=timezone.now())
    assert "The run waits" not in page()


def test_a_failed_run_shows_its_sentence_and_its_log(
    page: Callable[[], str], project: Project
) -> None:
    error = "The encoder “nowhere/bert” <b>is not there</b>."
    run_now(project, state="failed", error=error, log="12:00:00 Attempt 1.\n")
    assert "The encoder “nowhere/bert” &lt;b&gt;is not there" in page()
    assert "12:00:00 Attempt 1." in page()


def test_a_queued_run_is_cancelled_at_once(
    post: Callable[..., str], project: Project
) -> None:
    run, _ = TrainingRun.request(project, "button")
    assert "The run is told to stop." in post("training-cancel", run.pk)
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert "The run had ended already." in post("training-cancel", run.pk)


def test_a_running_run_is_asked_to_stop(
    post: Callable[..., str], project: Project
) -> None:
    run = run_now(project)
    assert "Stopping…" in post("training-cancel", run.pk)
    run.refresh_from_db()
    assert run.cancel_requested


def test_the_fragment_moves_while_the_run_does_and_reloads_when_it_ends(
    as_alice: Client, project: Project
) -> None:
    run = run_now(project, step=1, total_steps=10)
    address = reverse("training-progress", args=[project.pk])
    shown = {"shown": f"{run.pk}-running"}
    response = as_alice.get(address, shown)
    assert b"step 1 of 10" in response.content
    assert b"<html" not in response.content
    run.succeed({})
    response = as_alice.get(address, shown)
    assert response["HX-Refresh"] == "true"


def test_the_serving_version_is_measured_for_each_label(
    page: Callable[[], str], project: Project
) -> None:
    finished_run(project).activate()
    text = page()
    assert "Version" in text
    assert "95% interval 0.400–0.600" in text
    assert (
        '<th scope="row">PER</th><td class="number">0.750</td>'
        '<td class="number">0.600</td><td class="number">0.667</td>'
    ) in text


def test_the_measures_of_all_runs_are_not_loaded_to_draw_a_curve(
    page: Callable[[], str], project: Project
) -> None:
    *_, newest = (finished_run(project, trained_documents=n) for n in (771, 772, 773))
    newest.activate()
    with CaptureQueriesContext(connection) as done:
        text = page()
    assert all(f">{n}</td>" in text for n in (771, 772, 773))
    for table in ("annotator_trainingrun", "annotator_checkpoint"):
        whole = [q["sql"] for q in done if f', "{table}"."metrics"' in q["sql"]]
        assert whole
        assert all(sql.endswith("LIMIT 1") for sql in whole)


def test_a_version_that_was_not_measured_says_how_to(
    page: Callable[[], str], project: Project
) -> None:
    finished_run(project, f1=None).activate()
    assert "Not measured: submit documents of the evaluation slice" in page()


def test_rolling_back_takes_one_click_and_reads_the_pool_again(
    post: Callable[..., str], project: Project, sent: dict[str, Mock]
) -> None:
    old, new = finished_run(project), finished_run(project)
    new.activate()
    assert f"Version {old.pk} is in use now" in post("checkpoint-activate", old.pk)
    assert project.active_checkpoint == old
    sent["preannotate"].assert_called_once_with(project.pk)


def test_a_version_whose_weights_are_gone_cannot_come_back(
    page: Callable[[], str], post: Callable[..., str], project: Project
) -> None:
    old, new = finished_run(project), finished_run(project)
    new.activate()
    type(old).objects.filter(pk=old.pk).update(folder="")
    assert "weights not kept" in page()
    answer = post("checkpoint-activate", old.pk)
    assert "The weights of this version are no longer kept." in answer
    assert project.active_checkpoint == new


def test_pre_annotation_shows_how_many_documents_were_read(
    page: Callable[[], str], project: Project, add_document: Callable[..., Document]
) -> None:
    checkpoint = finished_run(project)
    checkpoint.activate()
    add_document("Ada.", checkpoint=checkpoint)
    add_document("Rome.")
    add_document("Oslo.", split="evaluation")
    assert "<span>1 / 2</span>" in page()


def test_a_run_of_another_project_is_not_found(
    as_alice: Client, project: Project
) -> None:
    other = Project.objects.create(name="Letters")
    run, _ = TrainingRun.request(other, "button")
    address = reverse("training-cancel", args=[project.pk, run.pk])
    assert as_alice.post(address).status_code == 404
    run.refresh_from_db()
    assert run.state == "queued"
