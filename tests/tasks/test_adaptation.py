"""Runs whose encoder reads the texts of the pool before it is trained."""

from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from annotator.models import Annotation, Document, Project, TrainingRun
from annotator.models.jobs import RunState
from annotator.models.training import Trigger
from modeling.encoders import load_encoder
from tasks import training
from tasks.adaptation import facts_of, with_known_encoder
from tasks.prediction import preannotate_project
from tasks.recipe import config_of
from tasks.simulation import Settings as SimulationSettings
from tests.modeling.families import save_family

pytestmark = pytest.mark.django_db
Add = Callable[..., list[Document]]
Submit = Callable[..., Annotation]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of random weights that knows a mask."""
    folder = tmp_path_factory.mktemp("tiny")
    save_family("bert", folder)
    return folder


@pytest.fixture
def labelled(
    project: Project,
    add_documents: Add,
    annotate: Submit,
    settings: Settings,
    tiny: Path,
) -> Project:
    settings.TRAINING_MIN_STEPS = settings.TRAINING_MAX_STEPS = 4
    settings.ADAPTATION_SUB_TOKENS = 400
    project.encoder = str(tiny)
    project.recipe = {"adaptation": "texts"}
    project.save()
    for document in add_documents(8):
        annotate(document)
    return project


def run_now(project: Project) -> TrainingRun:
    run, _ = TrainingRun.request(project, Trigger.BUTTON)
    with patch.object(preannotate_project, "delay"):
        training.retrain(run.pk)
    run.refresh_from_db()
    return run


def adapted_folders(settings: Settings) -> list[Path]:
    return list(Path(settings.CHECKPOINT_DIR).glob("project-*/encoder-*"))


def test_the_texts_of_the_pool_are_read_once_for_all_runs(
    labelled: Project, settings: Settings
) -> None:
    evaluated = labelled.documents.filter(split="evaluation").count()
    run = run_now(labelled)
    assert run.state == RunState.SUCCEEDED, run.error
    assert "The encoder reads the texts of the pool." in run.log
    [folder] = adapted_folders(settings)
    facts = facts_of(folder)
    assert facts is not None
    assert facts["documents"] == labelled.documents.count() - evaluated
    checkpoint = labelled.checkpoints.get(training_run=run)
    assert checkpoint.metrics["adaptation"] == facts
    assert checkpoint.encoder == labelled.encoder

    again = run_now(labelled)
    assert again.state == RunState.SUCCEEDED, again.error
    assert "The encoder reads" not in again.log
    assert "Encoder adapted to" in again.log
    assert adapted_folders(settings) == [folder]


def test_twice_as_many_documents_are_read_anew(
    labelled: Project, add_documents: Add, settings: Settings
) -> None:
    run_now(labelled)
    [folder] = adapted_folders(settings)
    before = facts_of(folder)
    add_documents(30, offset=8)
    run = run_now(labelled)
    assert "The encoder reads" in run.log
    after = facts_of(folder)
    assert before is not None
    assert after is not None
    assert after["documents"] > before["documents"]
    assert adapted_folders(settings) == [folder]


def test_who_asks_no_more_for_it_keeps_no_encoder_on_the_disk(
    labelled: Project, settings: Settings
) -> None:
    run_now(labelled)
    assert len(adapted_folders(settings)) == 1
    labelled.recipe = {}
    labelled.save()
    assert run_now(labelled).state == RunState.SUCCEEDED
    assert adapted_folders(settings) == []


def test_simulations_of_the_project_use_the_encoder_that_is_there(
    labelled: Project, settings: Settings
) -> None:
    plain = with_known_encoder(labelled, config_of(labelled))
    assert (plain.encoder, plain.adaptation) == (labelled.encoder, "none")
    run_now(labelled)
    known = with_known_encoder(labelled, config_of(labelled))
    assert known.encoder == str(adapted_folders(settings)[0])
    with pytest.raises(ValueError, match="adapt_encoder"):
        SimulationSettings(recipe={"adaptation": "texts"}).config()


def test_encoders_that_train_from_nothing_are_left_alone(
    labelled: Project, settings: Settings
) -> None:
    labelled.encoder = "scratch"
    labelled.save()
    run = run_now(labelled)
    assert run.state == RunState.SUCCEEDED, run.error
    assert "What trains from nothing is not adapted first." in run.log
    assert adapted_folders(settings) == []


def test_a_cancel_while_it_reads_leaves_nothing_behind(
    labelled: Project, settings: Settings
) -> None:
    run, _ = TrainingRun.request(labelled, Trigger.BUTTON)
    with patch("tasks.heartbeat.Heartbeat.should_stop", return_value=True):
        training.retrain(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert adapted_folders(settings) == []


def test_the_command_adapts_to_files(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("Ada wrote to Mr. Babbage.\nHooker sent 12 boxes to Kew.\n")
    output = tmp_path / "adapted"
    given = {"encoder": str(tiny), "output": output, "sub_tokens": 200}
    call_command("adapt_encoder", texts, **given)
    assert "2 texts" in capsys.readouterr().out
    load_encoder(str(output))
    with pytest.raises(CommandError, match="already"):
        call_command("adapt_encoder", texts, **given)
    with pytest.raises(CommandError, match="no file"):
        call_command("adapt_encoder", "gone.txt", output=tmp_path / "other")
    with pytest.raises(CommandError, match="not 0"):
        given |= {"output": tmp_path / "other", "sub_tokens": 0}
        call_command("adapt_encoder", texts, **given)
