"""Encoders guess masked words of unlabelled texts before they are trained."""

import copy
import math
from dataclasses import replace

import pytest
import torch

from modeling.adaptation import AdaptationConfig, adapt, can_adapt
from modeling.encoders import (
    EncoderError,
    build_scratch_encoder,
    load_encoder,
    save_encoder,
)
from modeling.reports import TrainingCancelled, TrainingError
from tests.modeling.families import CORPUS, FAMILIES, save_family

QUICK = AdaptationConfig(
    sub_tokens=6_000, learning_rate=5e-3, batch_tokens=256, device="cpu"
)


@pytest.fixture(scope="module", params=FAMILIES)
def folder(request, tmp_path_factory):
    place = tmp_path_factory.mktemp(request.param)
    save_family(request.param, place)
    return place


@pytest.fixture
def bert(tmp_path):
    save_family("bert", tmp_path / "bert")
    return load_encoder(str(tmp_path / "bert"))


def weights(encoder):
    return {name: value.clone() for name, value in encoder.state_dict().items()}


def test_every_family_learns_to_guess_and_loads_again(folder, tmp_path):
    encoder, tokenizer = load_encoder(str(folder))
    done = adapt(encoder, tokenizer, CORPUS, QUICK)
    assert done.loss_after < done.loss_before - 0.2
    assert done.texts == len(CORPUS)
    assert done.passes * done.sub_tokens >= QUICK.sub_tokens
    save_encoder(encoder, tokenizer, tmp_path / "adapted")
    again, _ = load_encoder(str(tmp_path / "adapted"))
    for name, value in weights(encoder).items():
        torch.testing.assert_close(again.state_dict()[name], value)


def test_the_embeddings_stay_and_the_layers_learn(bert):
    encoder, tokenizer = bert
    before = weights(encoder)
    adapt(encoder, tokenizer, CORPUS, QUICK)
    changed = {
        name
        for name, value in encoder.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert "embeddings.word_embeddings.weight" not in changed
    assert any(name.startswith("encoder.layer.0") for name in changed)
    assert not encoder.training
    assert all(parameter.requires_grad for parameter in encoder.parameters())


def test_the_same_seed_gives_the_same_weights_and_leaves_chance_alone(bert):
    encoder, tokenizer = bert
    other = copy.deepcopy(encoder)
    torch.manual_seed(3)
    adapt(encoder, tokenizer, CORPUS, QUICK)
    drawn = torch.rand(1)
    adapt(other, tokenizer, CORPUS, QUICK)
    torch.manual_seed(3)
    assert torch.equal(drawn, torch.rand(1))
    for name, value in weights(encoder).items():
        assert torch.equal(other.state_dict()[name], value), name


def test_long_texts_are_cut_into_windows_the_encoder_takes(bert):
    encoder, tokenizer = bert
    done = adapt(encoder, tokenizer, [" ".join(CORPUS) * 5, "", "  "], QUICK)
    assert done.texts == 1
    assert math.isfinite(done.loss_after)


def test_steps_are_told_and_can_be_stopped(bert):
    encoder, tokenizer = bert
    told = []
    adapt(encoder, tokenizer, CORPUS, QUICK, on_step=told.append)
    assert [report.step for report in told] == list(range(1, len(told) + 1))
    assert {report.total_steps for report in told} == {len(told)}
    with pytest.raises(TrainingCancelled, match="after 0 steps"):
        adapt(encoder, tokenizer, CORPUS, QUICK, should_stop=lambda: True)


def test_what_cannot_be_adapted_is_refused(bert):
    encoder, tokenizer = bert
    with pytest.raises(TrainingError, match="no text"):
        adapt(encoder, tokenizer, ["", " "], QUICK)
    with pytest.raises(ValueError, match="not 0"):
        AdaptationConfig(sub_tokens=0)
    scratch, characters = build_scratch_encoder(CORPUS, hidden_size=48, layers=1)
    assert not can_adapt(scratch, characters)
    with pytest.raises(EncoderError, match="no mask"):
        adapt(scratch, characters, CORPUS, QUICK)


def test_no_more_texts_are_taken_than_can_be_read(bert, monkeypatch):
    monkeypatch.setattr("modeling.adaptation._TEXTS_AT_ONCE", 2)
    taken = []

    def texts():
        for number in range(1000):
            taken.append(number)
            yield CORPUS[number % len(CORPUS)]

    encoder, tokenizer = bert
    done = adapt(encoder, tokenizer, texts(), replace(QUICK, sub_tokens=100))
    assert done.texts == len(taken) < 20
    assert done.passes <= 1


def test_a_step_that_masks_nothing_teaches_nothing(bert):
    encoder, tokenizer = bert
    done = adapt(encoder, tokenizer, CORPUS, replace(QUICK, masked=1e-9))
    assert done.loss_before == done.loss_after == 0.0
