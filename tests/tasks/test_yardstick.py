"""A project's strategy and the random order, played over its own answers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from annotator import yardstick
from annotator.models import Annotation, Document, Project
from modeling import simulation, training
from tasks.results import Results
from tasks.yardstick import Snapshot, measure, measure_yardstick

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.VAR_DIR = tmp_path
    settings.TRAINING_MIN_STEPS = settings.TRAINING_MAX_STEPS = 2
    monkeypatch.setattr(yardstick, "FEWEST_DOCUMENTS", 12)
    monkeypatch.setattr(yardstick, "SEEDS", (0, 1))
    monkeypatch.setattr(yardstick, "ROUNDS", 2)


@pytest.fixture
def answered(
    project: Project,
    add_documents: Callable[..., list[Document]],
    annotate: Callable[..., Annotation],
) -> Project:
    project.encoder, project.query_strategy = "scratch", "mnlp"
    project.save()
    for document in add_documents(12) + add_documents(3, "evaluation", offset=20):
        annotate(document)
    return project


def test_both_orders_have_a_curve_over_the_tokens_they_share(
    answered: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    select = Mock(wraps=simulation.select_batch)
    monkeypatch.setattr(simulation, "select_batch", select)
    answered.exploration = 0.25
    measure(answered)
    assert {call.kwargs["exploration"] for call in select.call_args_list} == {0.25}
    answered.refresh_from_db()
    assert answered.yardstick is not None
    assert set(answered.yardstick) == {"mnlp", "random"}
    for rows in answered.yardstick.values():
        tokens = [row[0] for row in rows]
        assert tokens == sorted(tokens) and tokens[0] < tokens[-1]
        assert all(0 <= low <= mean <= high <= 1 for _, mean, low, high in rows)
    assert not yardstick.folder(answered).exists()


def test_a_task_plays_one_round_and_queues_the_next(
    answered: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = Mock()
    monkeypatch.setattr(measure_yardstick, "delay", queued)
    measure_yardstick(answered.pk)
    queued.assert_called_once_with(answered.pk, goes_on=True)
    assert yardstick.measuring(answered) == yardstick.Measuring(played=1, total=8)
    answered.refresh_from_db()
    assert answered.yardstick is None


def test_task_after_task_finds_the_same_as_one_go(
    answered: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure(answered)
    whole = answered.yardstick
    answered.yardstick = None
    answered.save()
    monkeypatch.setattr(measure_yardstick, "delay", measure_yardstick)
    measure_yardstick(answered.pk)
    answered.refresh_from_db()
    assert answered.yardstick == whole


def test_a_button_pressed_twice_measures_once(
    answered: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "train", Mock(side_effect=AssertionError))
    measure_yardstick(answered.pk, goes_on=True)
    assert not yardstick.folder(answered).exists()


def test_while_one_process_plays_another_neither_waits_nor_goes_on(
    answered: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = Mock()
    monkeypatch.setattr(measure_yardstick, "delay", queued)

    def press_again(row: Any) -> None:
        measure_yardstick(answered.pk)
        with pytest.raises(CommandError, match="“News” is being compared already"):
            call_command("simulate", project=answered.name)

    measure(answered, press_again)
    queued.assert_not_called()


def test_answers_that_come_meanwhile_change_nothing(
    answered: Project,
    add_documents: Callable[..., list[Document]],
    annotate: Callable[..., Annotation],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(measure_yardstick, "delay", Mock())
    measure_yardstick(answered.pk)
    snapshot = Snapshot(yardstick.folder(answered) / "answers.json")
    before = snapshot.read()
    annotate(add_documents(1, offset=30)[0])
    measure_yardstick(answered.pk)
    assert snapshot.read() == before
    assert [len(part) for part in before] == [12, 3]


@pytest.mark.parametrize(
    "changed",
    [{"recipe": {"epochs": 3}}, {"exploration": 0.5}, {"query_strategy": "margin"}],
)
def test_another_way_to_serve_or_to_learn_begins_anew(
    answered: Project, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any]
) -> None:
    monkeypatch.setattr(measure_yardstick, "delay", Mock())
    for _ in range(3):
        measure_yardstick(answered.pk)
    Project.objects.filter(pk=answered.pk).update(**changed)
    measure_yardstick(answered.pk)
    progress = yardstick.measuring(answered)
    assert progress is not None and progress.played == 1
    strategy = changed.get("query_strategy", "mnlp")
    rows = Results(yardstick.table(answered)).rows()
    assert {row["strategy"] for row in rows} == {strategy}


def test_too_few_answers_measure_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "train", Mock(side_effect=AssertionError))
    assert "needs at least 12 answered documents" in yardstick.obstacle(project)
    measure_yardstick(project.pk)
    with pytest.raises(CommandError, match="needs at least 12 answered documents"):
        call_command("simulate", project=project.name)


def test_without_answers_to_measure_on_there_is_a_sentence(
    project: Project,
    add_documents: Callable[..., list[Document]],
    annotate: Callable[..., Annotation],
) -> None:
    for document in add_documents(12):
        annotate(document)
    assert "evaluation slice" in yardstick.obstacle(project)


def test_a_project_in_random_order_is_compared_with_the_default(
    project: Project,
) -> None:
    project.query_strategy = "random"
    assert yardstick.strategies(project) == ("lowest_marginal", "random")


def test_the_command_keeps_the_curves_too(answered: Project, capsys: Any) -> None:
    call_command("simulate", project=answered.name)
    answered.refresh_from_db()
    assert answered.yardstick is not None and "random" in answered.yardstick
