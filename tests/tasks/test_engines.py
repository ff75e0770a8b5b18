"""Which engine encodes in pre-annotation: the one asked for, or what pays."""

import pytest
import torch
from pytest_django import Settings

from annotator.models import Checkpoint, Document, Project, TrainingRun
from annotator.models.training import Trigger
from modeling import checkpoints
from modeling.encoders import build_scratch_encoder, build_word_encoder
from modeling.onnx_encoder import OnnxEncoder
from modeling.tagger import Tagger
from tasks import prediction

pytestmark = pytest.mark.django_db
TEXTS = ["Ada wrote to Kew.", "Kew wrote to Ada.", "Nobody wrote."]


@pytest.fixture
def project() -> Project:
    project = Project.objects.create(name="letters")
    project.ensure_labels(["PER"])
    Document.objects.bulk_create(Document.new(project, text) for text in TEXTS)
    return project


@pytest.fixture
def checkpoint(project: Project, settings: Settings, tmp_path) -> Checkpoint:
    torch.manual_seed(0)
    encoder, tokenizer = build_scratch_encoder(TEXTS * 2, hidden_size=48, layers=1)
    return stored(Tagger(encoder, tokenizer, ["PER"]), project, settings, tmp_path)


def stored(tagger: Tagger, project: Project, settings: Settings, folder) -> Checkpoint:
    settings.CHECKPOINT_DIR, settings.DEVICE = folder, "cpu"
    run, _ = TrainingRun.request(project, Trigger.BUTTON)
    run.claim("worker")
    run.succeed({})
    checkpoint = Checkpoint.objects.create(
        project=project,
        training_run=run,
        folder="run",
        encoder="scratch",
        labels=dict(project.labels.values_list("name", "pk")),
    )
    checkpoints.save(tagger, checkpoint.path)
    checkpoint.activate()
    return checkpoint


def test_few_documents_are_not_worth_an_export(checkpoint, settings) -> None:
    settings.INFERENCE_ENGINE = "auto"
    tagger = prediction.load_annotator(checkpoint)
    assert not isinstance(tagger.encoder, OnnxEncoder)
    assert not list(checkpoint.path.glob("*.onnx"))


def test_many_documents_are_and_go_on_with_it(
    checkpoint, settings, monkeypatch
) -> None:
    settings.INFERENCE_ENGINE = "auto"
    monkeypatch.setattr(prediction, "EXPORTED_FROM", len(TEXTS))
    tagger = prediction.load_annotator(checkpoint)
    assert isinstance(tagger.encoder, OnnxEncoder)
    keys = list(Document.objects.values_list("pk", flat=True))
    prediction.preannotate_chunk(checkpoint.pk, keys)
    assert not checkpoint.unread_documents().exists()
    assert prediction.load_annotator(checkpoint) is tagger


def test_an_encoder_that_cannot_be_exported_stays_with_torch(
    project, settings, tmp_path, caplog
) -> None:
    encoder, tokenizer = build_word_encoder("bilstm", " ".join(TEXTS).split())
    tagger = Tagger(encoder, tokenizer, ["PER"])
    checkpoint = stored(tagger, project, settings, tmp_path)
    settings.INFERENCE_ENGINE = "onnx-int8"
    with caplog.at_level("INFO", logger="tasks.prediction"):
        loaded = prediction.load_annotator(checkpoint)
    assert not isinstance(loaded.encoder, OnnxEncoder)
    (record,) = caplog.records
    assert record.message.startswith("torch goes on encoding for run: ")
    assert record.message.endswith(" is not a Hugging Face encoder.")
