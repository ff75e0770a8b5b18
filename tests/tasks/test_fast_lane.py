"""A handful of answers re-orders the queue without a training."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock, patch

import pytest
import torch
from django.contrib.auth.models import User
from django.core.management import CommandError
from django.utils import timezone
from pytest_django import Settings

from annotator import queue
from annotator.models import (
    Annotation,
    Checkpoint,
    Document,
    Project,
    Span,
    TrainingRun,
)
from annotator.models.training import Trigger
from modeling import checkpoints
from modeling.encoders import build_scratch_encoder
from modeling.tagger import Tagger
from tasks import fast_lane
from tests.annotator.test_commands import as_json, run

pytestmark = pytest.mark.django_db
Add = Callable[..., list[Document]]
TEXTS = [f"Ada met Charles in London on day {number} ." for number in range(12)]


@pytest.fixture
def checkpoint(
    project: Project, add_documents: Add, settings: Settings, tmp_path: Path
) -> Checkpoint:
    """An active model of random weights that has read twelve documents."""
    settings.CHECKPOINT_DIR = str(tmp_path)
    settings.INFERENCE_ENGINE = "torch"
    torch.manual_seed(0)
    encoder, tokenizer = build_scratch_encoder(TEXTS, hidden_size=48, layers=1)
    labels = dict(project.labels.values_list("name", "pk"))
    checkpoints.save(Tagger(encoder, tokenizer, list(labels)), tmp_path / "run-1")
    run, _ = TrainingRun.request(project, Trigger.BUTTON)
    run.claim("worker")
    run.succeed({})
    checkpoint = Checkpoint.objects.create(
        project=project,
        training_run=run,
        folder="run-1",
        encoder="scratch",
        labels=labels,
    )
    checkpoint.activate()
    documents = add_documents(len(TEXTS))
    keys = [document.pk for document in documents]
    Document.objects.filter(pk__in=keys).update(checkpoint=checkpoint, confidence=0.5)
    return checkpoint


def submit(checkpoint: Checkpoint, user: User, count: int) -> list[int]:
    """Answer the next documents; gives their keys."""
    waiting = checkpoint.project.documents.filter(annotations=None, split="pool")
    documents = list(waiting.order_by("pk")[:count])
    for document in documents:
        annotation = Annotation.objects.create(document=document, user=user)
        annotation.submit(user)
    return [document.pk for document in documents]


def confidences(checkpoint: Checkpoint) -> dict[int, float | None]:
    return dict(checkpoint.project.documents.values_list("pk", "confidence"))


def test_a_handful_of_answers_changes_the_waiting_documents_only(
    checkpoint: Checkpoint, alice: User
) -> None:
    answered = submit(checkpoint, alice, fast_lane.HANDFUL)
    fast_lane.refit_if_due(checkpoint.project_id)
    after = confidences(checkpoint)
    assert all(after[key] == 0.5 for key in answered)
    assert all(value != 0.5 for key, value in after.items() if key not in answered)
    checkpoint.refresh_from_db()
    assert checkpoint.refit_at is not None
    assert checkpoint.refit_documents == len(answered)


def test_the_queue_follows_the_new_confidences(
    checkpoint: Checkpoint, alice: User
) -> None:
    submit(checkpoint, alice, fast_lane.HANDFUL)
    fast_lane.refit_if_due(checkpoint.project_id)
    waiting = queue.remaining(checkpoint.project).filter(split="pool")
    found = [document.confidence for document in waiting]
    assert found == sorted(found)


def test_the_command_does_not_wait_for_a_handful(
    checkpoint: Checkpoint, alice: User
) -> None:
    [answered] = submit(checkpoint, alice, 1)
    found = as_json("refit", "News")
    assert (found["checkpoint"], found["answers"]) == (checkpoint.pk, 1)
    after = confidences(checkpoint)
    assert found["documents"] == len(after) - 1
    assert [key for key, value in after.items() if value == 0.5] == [answered]
    checkpoint.refresh_from_db()
    assert (checkpoint.refit_at is None, checkpoint.refit_documents) == (False, 1)
    assert "11 documents of “News” are ordered anew after 1 ans" in run("refit", "News")


def test_the_command_says_why_nothing_can_be_refitted(checkpoint: Checkpoint) -> None:
    with pytest.raises(CommandError, match="“News” has no answers to learn from"):
        run("refit", "News")
    with (
        patch("annotator.management.commands.refit.refit_now", return_value=None),
        pytest.raises(CommandError, match="is being refitted already"),
    ):
        run("refit", "News")
    Checkpoint.objects.update(state="retired")
    with pytest.raises(CommandError, match="“News” has no model yet"):
        run("refit", "News")


def test_fewer_answers_wait(checkpoint: Checkpoint, alice: User) -> None:
    submit(checkpoint, alice, fast_lane.HANDFUL - 1)
    fast_lane.refit_if_due(checkpoint.project_id)
    assert set(confidences(checkpoint).values()) == {0.5}


def test_answers_count_once(checkpoint: Checkpoint, alice: User) -> None:
    submit(checkpoint, alice, fast_lane.HANDFUL)
    with patch.object(fast_lane, "reorder") as reorder:
        fast_lane.refit_if_due(checkpoint.project_id)
        fast_lane.refit_if_due(checkpoint.project_id)
        submit(checkpoint, alice, fast_lane.HANDFUL)
        fast_lane.refit_if_due(checkpoint.project_id)
    assert reorder.call_count == 2


def test_a_training_under_way_comes_first(checkpoint: Checkpoint, alice: User) -> None:
    submit(checkpoint, alice, fast_lane.HANDFUL)
    TrainingRun.request(checkpoint.project, Trigger.BUTTON)
    fast_lane.refit_if_due(checkpoint.project_id)
    assert set(confidences(checkpoint).values()) == {0.5}


def test_a_project_can_do_without(checkpoint: Checkpoint, alice: User) -> None:
    Project.objects.update(has_fast_lane=False)
    submit(checkpoint, alice, fast_lane.HANDFUL)
    fast_lane.refit_if_due(checkpoint.project_id)
    assert set(confidences(checkpoint).values()) == {0.5}


def test_a_project_without_a_model_is_left_alone(project: Project) -> None:
    fast_lane.refit_if_due(project.pk)
    assert not project.checkpoints.exists()


def test_a_checkpoint_that_was_replaced_meanwhile_writes_nothing(
    checkpoint: Checkpoint, alice: User
) -> None:
    submit(checkpoint, alice, fast_lane.HANDFUL)
    Checkpoint.objects.update(state="retired")
    fast_lane.reorder(checkpoint)
    assert set(confidences(checkpoint).values()) == {0.5}


def test_answers_before_the_model_began_to_learn_do_not_count(
    checkpoint: Checkpoint, alice: User
) -> None:
    submit(checkpoint, alice, fast_lane.HANDFUL)
    later = timezone.now() + timedelta(seconds=1)
    TrainingRun.objects.update(started_at=later)
    checkpoint.refresh_from_db()
    assert not fast_lane.is_due(checkpoint.project, checkpoint)


def test_the_states_of_a_retired_encoder_are_dropped(
    checkpoint: Checkpoint, alice: User, tmp_path: Path
) -> None:
    old = tmp_path / "run-0" / "features-torch"
    old.mkdir(parents=True)
    submit(checkpoint, alice, fast_lane.HANDFUL)
    fast_lane.refit_if_due(checkpoint.project_id)
    assert not old.exists()
    assert list((tmp_path / "run-1" / "features-torch").iterdir())


def test_a_label_with_another_name_is_learned_under_its_old_one(
    checkpoint: Checkpoint, alice: User
) -> None:
    label = checkpoint.project.labels.get(name="PER")
    [key, *_] = submit(checkpoint, alice, fast_lane.HANDFUL)
    annotation = Annotation.objects.get(document=key)
    Span.objects.create(annotation=annotation, start=0, end=3, label=label)
    label.name = "PERSON"
    label.save()
    refit = Mock(side_effect=ValueError)
    with patch("modeling.fast_lane.refit", refit), pytest.raises(ValueError):
        fast_lane.reorder(checkpoint)
    [learned] = [span for one in refit.call_args.args[2] for span in one.spans]
    assert learned.label == "PER"


def test_a_label_newer_than_the_model_says_nothing_of_its_place(
    checkpoint: Checkpoint, alice: User
) -> None:
    label = checkpoint.project.ensure_labels(["DAY"])["DAY"]
    [key, *_] = submit(checkpoint, alice, fast_lane.HANDFUL)
    annotation = Annotation.objects.get(document=key)
    text = annotation.document.text
    start = text.index("day")
    Span.objects.create(annotation=annotation, start=start, end=start + 3, label=label)
    refit = Mock(side_effect=ValueError)
    with patch("modeling.fast_lane.refit", refit), pytest.raises(ValueError):
        fast_lane.reorder(checkpoint)
    learned = {example.text: example for example in refit.call_args.args[2]}
    assert learned[text].spans == ()
    assert learned[text].known == ((0, start), (start + 3, len(text)))
    assert all(one.known is None for other, one in learned.items() if other != text)


def test_the_states_in_memory_are_bounded_as_those_on_disk_are(
    checkpoint: Checkpoint, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(checkpoint, alice, fast_lane.HANDFUL)
    tokens = len(TEXTS[0].split())
    # Half of them for two answers, half for two documents that wait.
    megabytes = 2 * 2 * tokens * 48 * 2 / 2**20
    monkeypatch.setattr("django.conf.settings.FAST_LANE_MEGABYTES", megabytes)
    done = fast_lane.reorder(checkpoint)
    assert (done["answers"], done["documents"]) == (2, 2)
    before = set(confidences(checkpoint).values())
    monkeypatch.setattr("django.conf.settings.FAST_LANE_MEGABYTES", 0)
    assert fast_lane.reorder(checkpoint)["documents"] == 0
    assert set(confidences(checkpoint).values()) == before
