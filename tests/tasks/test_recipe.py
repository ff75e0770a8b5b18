"""A project's training options, and projects that learn together."""

from collections.abc import Callable
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from annotator.models import Annotation, Document, Edit, Project, TrainingRun
from annotator.models.edits import SpanEdit
from annotator.models.jobs import RunState
from annotator.models.training import Trigger
from modeling.checkpoints import load
from modeling.reports import TrainingError
from tasks import training
from tasks.prediction import preannotate_project
from tasks.recipe import config_of, initial_of

pytestmark = pytest.mark.django_db
Add = Callable[..., list[Document]]
Submit = Callable[..., Annotation]


@pytest.fixture(autouse=True)
def quick_recipe(settings: Settings) -> None:
    settings.TRAINING_MIN_STEPS = settings.TRAINING_MAX_STEPS = 6


@pytest.fixture
def labelled(project: Project, add_documents: Add, annotate: Submit) -> Project:
    project.encoder = "scratch"
    project.save()
    for document in add_documents(8):
        annotate(document)
    return project


@pytest.fixture
def diary(bob: User) -> Project:
    """Another project, with a label of its own and four answered documents."""
    diary = Project.objects.create(name="Diary", encoder="scratch")
    diary.ensure_labels(["DAY"])
    for day in ("Monday", "Tuesday", "Friday", "Sunday"):
        document = Document.new(diary, f"It rained on {day} .")
        document.save()
        span = SpanEdit(13, 13 + len(day), "DAY", day)
        annotation = Annotation.objects.create(document=document, user=bob)
        annotation.apply(Edit(version=0, add=[span], state="submitted"), by=bob)
    return diary


def run_now(project: Project) -> TrainingRun:
    run, _ = TrainingRun.request(project, Trigger.BUTTON)
    with patch.object(preannotate_project, "delay"):
        training.retrain(run.pk)
    run.refresh_from_db()
    return run


def test_partners_learn_together_and_each_keeps_its_own_labels(
    labelled: Project, diary: Project
) -> None:
    labelled.partners.add(diary)
    run = run_now(labelled)

    assert run.state == RunState.SUCCEEDED, run.error
    assert "Together with partner 1: 4 documents." in run.log
    assert "Diary" not in run.log
    checkpoint = labelled.active_checkpoint
    assert checkpoint is not None
    assert load(checkpoint.path).labels == ("PER", "LOC", "ORG")
    partner = {"project": diary.pk, "name": "Diary", "labels": ["DAY"], "documents": 4}
    assert checkpoint.metrics["partners"] == [partner]
    kept = [path for path in checkpoint.path.rglob("*") if path.is_file()]
    assert not any(b"Diary" in path.read_bytes() for path in kept)
    # The encoder saw the diary: a “u” is only in its texts.
    vocabulary = load(checkpoint.path).sub_tokenizer.tokenizer.get_vocab()
    own = "".join(labelled.documents.values_list("text", flat=True))
    assert "u" not in own
    assert "u" in vocabulary
    assert diary.active_checkpoint is None
    assert run_now(diary).state == RunState.SUCCEEDED
    assert diary.active_checkpoint is not None
    assert load(diary.active_checkpoint.path).labels == ("DAY",)


def test_a_partner_without_answers_is_left_out(
    labelled: Project, diary: Project
) -> None:
    diary.documents.all().delete()
    labelled.partners.add(diary)
    run = run_now(labelled)
    assert run.state == RunState.SUCCEEDED, run.error
    assert "Together" not in run.log


def test_the_options_of_a_project_are_those_of_its_run(labelled: Project) -> None:
    labelled.recipe = {"max_steps": 3, "frozen_layers": 2, "auxiliary": "boundary"}
    labelled.save()
    config = config_of(labelled)
    assert (config.min_steps, config.max_steps) == (3, 3)
    assert (config.frozen_layers, config.auxiliary) == (2, "boundary")
    assert config.schedule == "linear"
    run = run_now(labelled)
    assert run.state == RunState.SUCCEEDED, run.error
    assert run.total_steps == 3
    assert run.metrics["start"] == "encoder"


def test_a_run_notes_where_training_was_to_start(labelled: Project) -> None:
    labelled.recipe = {"start": "checkpoint"}
    labelled.save()
    assert run_now(labelled).metrics["start"] == "checkpoint"


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        ({"momentum": 1}, "no training option 'momentum'"),
        ({"schedule": "cosine"}, "schedule is 'cosine', not one of linear, slanted"),
        ({"epochs": 0}, "epochs is 0, not a number from 1 to 1000"),
        ({"epochs": True}, "epochs is True, not a number"),
        ({"layer_decay": "0.9"}, "layer_decay is '0.9', not a number"),
    ],
)
def test_an_option_that_makes_no_sense_ends_the_run_with_a_sentence(
    labelled: Project, recipe: dict[str, object], sentence: str
) -> None:
    labelled.recipe = recipe
    with pytest.raises(TrainingError, match=sentence):
        config_of(labelled)


def test_an_option_that_the_encoder_cannot_take_is_the_runs_error(
    labelled: Project,
) -> None:
    labelled.recipe = {"frozen_layers": 50}
    labelled.save()
    run = run_now(labelled)
    assert run.state == RunState.FAILED
    assert "frozen_layers is 50, but the encoder has only" in run.error


def test_training_starts_where_the_recipe_says(labelled: Project) -> None:
    labelled.recipe = {"start": "checkpoint"}
    labelled.save()
    assert initial_of(labelled) is None  # there is none yet
    run_now(labelled)
    checkpoint = labelled.active_checkpoint
    assert checkpoint is not None
    initial = initial_of(labelled)
    assert initial is not None
    assert initial.head.weight.equal(load(checkpoint.path).head.weight)

    labelled.encoder = "bundled"  # another encoder begins anew
    assert initial_of(labelled) is None
    labelled.recipe = {"start": "encoder"}
    assert initial_of(labelled) is None
    labelled.recipe = {"start": "nowhere"}
    with pytest.raises(TrainingError, match="start is 'nowhere'"):
        initial_of(labelled)
