"""A project with a BiLSTM or an IDCNN: trained, stored, and read with."""

from collections.abc import Callable
from unittest.mock import patch

import pytest
from pytest_django import Settings

from annotator.models import Annotation, Document, Project, TrainingRun
from annotator.models.jobs import RunState
from annotator.models.training import Trigger
from tasks import prediction, training

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("encoder", ["bilstm", "idcnn"])
def test_a_run_trains_a_model_that_suggests(
    project: Project,
    add_documents: Callable[..., list[Document]],
    annotate: Callable[..., Annotation],
    settings: Settings,
    encoder: str,
) -> None:
    settings.TRAINING_MIN_STEPS = settings.TRAINING_MAX_STEPS = 40
    project.encoder = encoder
    project.save()
    for document in add_documents(20):
        annotate(document)
    untouched = add_documents(5, "pool", 200)
    run, _ = TrainingRun.request(project, Trigger.BUTTON)
    with patch.object(prediction.preannotate_project, "delay"):
        training.retrain(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.SUCCEEDED, run.error
    checkpoint = project.active_checkpoint
    assert checkpoint is not None
    assert checkpoint.encoder == encoder
    assert (checkpoint.path / "tokenizer" / "vocabulary.json").is_file()

    chunks = prediction.preannotate_chunk
    with patch.object(chunks, "delay", chunks):
        prediction.preannotate_project(project.pk)
    for document in untouched:
        document.refresh_from_db()
        assert document.checkpoint == checkpoint
        assert document.confidence is not None
        assert document.suggestions.filter(checkpoint=checkpoint).exists()
