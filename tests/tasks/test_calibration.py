"""A run fits a temperature and says how honest the model's confidences are."""

from collections.abc import Callable

import pytest
import torch
from pytest_django import Settings

from annotator.models import Annotation, Document, Project, TrainingRun
from annotator.models.jobs import RunState
from annotator.models.training import Trigger
from modeling import checkpoints
from modeling.encoders import build_scratch_encoder
from modeling.examples import Example
from modeling.inference import predict
from modeling.spans import Span
from modeling.tagger import Tagger
from modeling.tokens import tokenize
from tasks import training
from tasks.calibration import calibrate

TEXTS = [f"Ada went to Bern {number} times and on" for number in range(40)]


@pytest.fixture
def tagger() -> Tagger:
    """Random weights large enough that spans are found."""
    torch.manual_seed(3)
    encoder, tokenizer = build_scratch_encoder(TEXTS, hidden_size=48, layers=1)
    tagger = Tagger(encoder, tokenizer, ["PER", "LOC"], dropout=0.0).eval()
    with torch.no_grad():
        tagger.head.weight.normal_(std=2.0)
    return tagger


def answered(tagger: Tagger, texts: list[str], right_every: int) -> list[Example]:
    """Documents of which every so many-th has just the proposals for its answer."""
    inputs = [(text, tuple(tokenize(text))) for text in texts]
    found = dict(predict(tagger, inputs))
    answers = [
        tuple(Span(s.start, s.end, s.label) for s in found[index].spans)
        for index in range(len(texts))
    ]
    return [
        Example(*text, () if index % right_every else spans)
        for index, (text, spans) in enumerate(zip(inputs, answers, strict=True))
    ]


def test_a_model_that_is_too_sure_is_cooled_down(tagger: Tagger) -> None:
    metrics = calibrate(
        tagger, answered(tagger, TEXTS[:20], 9), answered(tagger, TEXTS[20:], 9)
    )
    assert metrics["temperature"] == pytest.approx(tagger.temperature, abs=1e-4)
    assert tagger.temperature > 1.2
    assert metrics["ece"] < metrics["ece_unscaled"]
    bins = metrics["reliability"]
    assert sum(row[4] for row in bins) < metrics["calibration_spans"]
    for low, high, mean, share, count in bins:
        assert 0 <= low <= mean <= high <= 1 and 0 <= share <= 1 and count >= 1


def test_without_an_evaluation_slice_only_the_temperature_is_known(
    tagger: Tagger,
) -> None:
    metrics = calibrate(tagger, answered(tagger, TEXTS[:5], 9), [])
    assert metrics["temperature"] > 1 and metrics["calibration_is_thin"]
    assert metrics["ece"] is metrics["auroc"] is None
    assert metrics["reliability"] == []


def test_without_any_document_nothing_is_scaled(tagger: Tagger) -> None:
    metrics = calibrate(tagger, [], [])
    assert (tagger.temperature, metrics["calibration_spans"]) == (1.0, 0)


def test_when_all_is_right_there_is_no_order_to_judge(tagger: Tagger) -> None:
    metrics = calibrate(tagger, [], answered(tagger, TEXTS, 1))
    assert metrics["auroc"] is None and metrics["ece"] is not None


@pytest.mark.django_db
def test_a_run_keeps_the_temperature_with_the_checkpoint(
    project: Project,
    add_documents: Callable[..., list[Document]],
    annotate: Callable[..., Annotation],
    settings: Settings,
) -> None:
    settings.TRAINING_MIN_STEPS = settings.TRAINING_MAX_STEPS = 12
    project.encoder = "scratch"
    project.save()
    for document in [*add_documents(10), *add_documents(12, "evaluation", 100)]:
        annotate(document)
    run, _ = TrainingRun.request(project, Trigger.BUTTON)
    training.retrain(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.SUCCEEDED, run.error
    checkpoint = project.active_checkpoint
    assert checkpoint is not None
    kept = checkpoints.load(checkpoint.path, device="cpu").temperature
    assert kept == pytest.approx(checkpoint.metrics["temperature"], abs=1e-4)
    assert "reliability" in checkpoint.metrics
