from dataclasses import replace

import pytest
import torch

from modeling.configuration import TrainingConfig
from modeling.optimization import (
    BestWeights,
    build_optimizer,
    default_learning_rate,
    parameter_groups,
)

CONFIG = TrainingConfig(
    encoder_learning_rate=1e-3, head_factor=20, crf_factor=100, layer_decay=0.5
)


def rates(tagger, config=CONFIG):
    """Give (rate, decay) of every parameter by its name."""
    names = {id(p): name for name, p in tagger.named_parameters()}
    return {
        names[id(parameter)]: (group["lr"], group["weight_decay"])
        for group in parameter_groups(tagger, config, 48)
        for parameter in group["params"]
    }


def test_every_parameter_is_in_one_group(small_tagger):
    groups = parameter_groups(small_tagger, CONFIG, 48)
    grouped = [id(p) for group in groups for p in group["params"]]

    assert sorted(grouped) == sorted(id(p) for p in small_tagger.parameters())


def test_lower_layers_learn_slower_and_the_head_faster(small_tagger):
    rate = {name: rate for name, (rate, _) in rates(small_tagger).items()}

    layer = "encoder.encoder.layer.{}.output.dense.weight"
    assert rate[layer.format(1)] == pytest.approx(1e-3)
    assert rate[layer.format(0)] == pytest.approx(5e-4)
    assert rate["encoder.embeddings.word_embeddings.weight"] == pytest.approx(2.5e-4)
    assert rate["head.weight"] == pytest.approx(2e-2)
    assert rate["crf.transitions"] == pytest.approx(1e-1)


def test_biases_norms_and_the_crf_do_not_decay(small_tagger):
    for name, (_, decay) in rates(small_tagger).items():
        is_matrix = name.endswith(".weight") and "LayerNorm" not in name
        assert decay == (CONFIG.weight_decay if is_matrix else 0.0), name


def test_the_rate_follows_the_encoders_size(small_tagger):
    sizes = [48, 384, 768, 1024]
    chosen = [default_learning_rate(size) for size in sizes]

    assert chosen == sorted(chosen, reverse=True)
    assert chosen[1:3] == [2e-4, 3e-5]
    config = TrainingConfig(layer_decay=1.0, head_factor=1.0, crf_factor=1.0)
    assert {rate for rate, _ in rates(small_tagger, config).values()} == {chosen[0]}


def test_the_rate_rises_for_a_tenth_and_falls_to_nothing(small_tagger):
    optimizer, scheduler = build_optimizer(small_tagger, CONFIG, 50, 48)
    base = max(group["initial_lr"] for group in optimizer.param_groups)
    seen = []
    for _ in range(50):
        seen.append(max(group["lr"] for group in optimizer.param_groups) / base)
        optimizer.step()
        scheduler.step()

    assert 0 < seen[0] < seen[4] < seen[5] == 1.0
    assert seen[5:] == sorted(seen[5:], reverse=True)
    assert 0 < seen[-1] < 0.05


def test_the_slanted_rate_is_a_triangle_on_a_32nd(small_tagger):
    config = replace(CONFIG, schedule="slanted", warmup=0.2)
    optimizer, scheduler = build_optimizer(small_tagger, config, 50, 48)
    base = max(group["initial_lr"] for group in optimizer.param_groups)
    seen = []
    for _ in range(50):
        seen.append(max(group["lr"] for group in optimizer.param_groups) / base)
        optimizer.step()
        scheduler.step()

    # Howard & Ruder (2018), equation 3: cut = 10, p = t / 10, then 1 - (t - 10) / 40.
    expected = [t / 10 if t < 10 else 1 - (t - 10) / 40 for t in range(50)]
    assert seen == pytest.approx([(1 + p * 31) / 32 for p in expected])


def test_the_constant_rate_only_rises(small_tagger):
    config = replace(CONFIG, schedule="constant", warmup=0.08)
    _, scheduler = build_optimizer(small_tagger, config, 50, 48)
    factor = scheduler.lr_lambdas[0]
    assert [factor(step) for step in range(5)] == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert factor(49) == 1.0
    _, scheduler = build_optimizer(small_tagger, replace(config, warmup=0.0), 50, 48)
    assert {scheduler.lr_lambdas[0](step) for step in range(50)} == {1.0}


def test_what_wants_no_gradient_is_left_out(small_tagger):
    small_tagger.encoder.requires_grad_(False)
    learning = {name.split(".")[0] for name in rates(small_tagger)}
    assert learning == {"head", "crf"}


def test_the_best_weights_come_back_and_a_tie_goes_to_the_later(small_tagger):
    best = BestWeights(patience=2)
    bias = small_tagger.head.bias
    seen = []
    for value, f1 in enumerate([0.1, 0.5, 0.5, 0.3]):
        with torch.no_grad():
            bias.fill_(value)
        seen.append(best.offer(small_tagger, f1, is_counted=True))
    best.restore(small_tagger)

    assert seen == [False, False, False, True]
    assert bias.tolist() == [2.0] * len(bias)


def test_patience_counts_only_what_is_counted(small_tagger):
    best = BestWeights(patience=1)
    assert not best.offer(small_tagger, 0.5, is_counted=False)
    assert not best.offer(small_tagger, 0.4, is_counted=False)
    assert best.offer(small_tagger, 0.4, is_counted=True)
