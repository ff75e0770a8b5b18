from dataclasses import replace

import pytest
import torch
from transformers import (
    DebertaV2Config,
    DebertaV2Model,
    ModernBertConfig,
    ModernBertModel,
    RobertaConfig,
    RobertaModel,
)

from modeling.encoders import build_scratch_encoder, encoder_from_config
from modeling.freezing import Freezing, LayerCache, find_layers
from modeling.reports import TrainingError
from modeling.training import TrainingConfig, train

SIZES = {
    "vocab_size": 60,
    "hidden_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 96,
    "max_position_embeddings": 66,
}
QUICK = TrainingConfig(
    encoder="scratch",
    epochs=1,
    min_steps=6,
    max_steps=6,
    tokens_per_batch=128,
    device="cpu",
)


def bert():
    return build_scratch_encoder(["abc" * 9], hidden_size=48, layers=3)[0]


def roberta():
    return RobertaModel(RobertaConfig(**SIZES), add_pooling_layer=False)


def modern_bert():
    return ModernBertModel(ModernBertConfig(**SIZES, pad_token_id=0))


def deberta():
    disentangled = {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]}
    config = DebertaV2Config(**SIZES, **disentangled)
    return DebertaV2Model(config)


KINDS = pytest.mark.parametrize("build", [bert, roberta, modern_bert, deberta])


def batch():
    """Two windows of 4 and 6 sub-tokens."""
    windows = [torch.arange(1, 5).numpy(), torch.arange(2, 8).numpy() % 6 + 1]
    ids = torch.zeros(2, 6, dtype=torch.long)
    mask = torch.zeros(2, 6, dtype=torch.bool)
    for row, window in enumerate(windows):
        ids[row, : len(window)] = torch.from_numpy(window)
        mask[row, : len(window)] = True
    return windows, ids, mask


@KINDS
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_what_is_kept_is_what_the_encoder_would_give(build, layers):
    torch.manual_seed(0)
    encoder = build().eval()
    windows, ids, mask = batch()
    cache = LayerCache(encoder, layers, memory=10**6)
    expected = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    for _ in range(2):  # computed, then kept
        states = cache(windows, ids, mask)
        torch.testing.assert_close(states[mask], expected[mask])
    # In another batch, beside windows that were never seen.
    fresh = [windows[1], windows[0][:3]]
    ids, mask = ids[[1, 0]].clone(), mask[[1, 0]].clone()
    ids[1, 3:], mask[1, 3:] = 0, False
    expected = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    torch.testing.assert_close(cache(fresh, ids, mask)[mask], expected[mask])


@KINDS
def test_layers_above_get_the_same_gradients_and_those_below_none(build):
    torch.manual_seed(0)
    encoder = build().eval()
    windows, ids, mask = batch()
    _, layers = find_layers(encoder)
    top = dict(layers[2].named_parameters())
    whole = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    whole[mask].square().sum().backward()
    expected = {name: p.grad.clone() for name, p in top.items()}
    encoder.zero_grad()
    LayerCache(encoder, 2, memory=10**6)(windows, ids, mask)[
        mask
    ].square().sum().backward()

    for name, parameter in top.items():
        torch.testing.assert_close(parameter.grad, expected[name], msg=name)
    below = [p.grad for layer in layers[:2] for p in layer.parameters()]
    assert all(grad is None for grad in below)


def test_a_window_is_computed_once_while_there_is_room():
    encoder = bert().eval()
    windows, ids, mask = batch()
    seen = []
    encoder.encoder.layer[0].register_forward_hook(
        lambda module, args, output: seen.append(len(output))
    )
    of_first = 4 * 48 * 4  # sub-tokens, states, bytes
    cache = LayerCache(encoder, 1, memory=of_first)
    for _ in range(3):
        cache(windows, ids, mask)

    assert seen == [2, 1, 1]


def locked(encoder):
    """Say which parts have no learning weight, from below."""
    parts = [encoder.embeddings, *encoder.encoder.layer]
    return [not any(p.requires_grad for p in part.parameters()) for part in parts]


@pytest.mark.parametrize("frozen", [0, 1, 2, 4])
def test_the_lowest_parts_are_locked_and_without_dropout(frozen):
    encoder = bert().train()
    freezing = Freezing(encoder, frozen, is_gradual=False, steps=9)
    freezing.begin_step(0)
    parts = [encoder.embeddings, *encoder.encoder.layer]

    assert locked(encoder) == [index < frozen for index in range(4)]
    for index, part in enumerate(parts):
        assert all(m.training == (index >= frozen) for m in part.modules())
    assert (freezing.cache is not None) == (frozen > 1)
    freezing.end()
    assert not any(locked(encoder))


def test_by_default_only_embeddings_that_were_learnt_elsewhere_are_frozen():
    def default(encoder):
        Freezing(encoder, None, is_gradual=False, steps=9)
        return locked(encoder)

    scratch = bert()
    reloaded = encoder_from_config(scratch.config.to_dict())
    assert default(scratch) == default(reloaded) == [False] * 4
    assert default(roberta()) == [True, False, False, False]


def test_gradual_unfreezing_goes_down_from_the_top():
    encoder = bert()
    freezing = Freezing(encoder, 1, is_gradual=True, steps=9)
    depths = []
    for step in range(9):
        freezing.begin_step(step)
        depths.append(sum(locked(encoder)))

    assert depths == [3, 3, 3, 2, 2, 2, 1, 1, 1]
    assert locked(encoder) == [True, False, False, False]


def parts_that_changed(letters, **changes):
    config = replace(QUICK, weight_decay=0.0, **changes)
    torch.manual_seed(0)
    start = train(letters, ["PER"], replace(config, max_steps=1, min_steps=1)).tagger
    result = train(letters, ["PER"], config, initial=start).tagger
    parts = [
        (old, new)
        for old, new in zip(
            [start.encoder.embeddings, *start.encoder.encoder.layer, start.head],
            [result.encoder.embeddings, *result.encoder.encoder.layer, result.head],
            strict=True,
        )
    ]
    assert all(p.requires_grad for p in result.parameters())
    assert result.layer_cache is None
    return [
        any(
            not torch.equal(a, b)
            for a, b in zip(old.parameters(), new.parameters(), strict=True)
        )
        for old, new in parts
    ]


@pytest.fixture
def letters(annotated):
    marked = ["[Ada|PER] wrote.", "[Hooker|PER] sent boxes to Kew.", "It rained."]
    return [annotated(text) for text in marked]


@pytest.mark.parametrize("frozen", [0, 3, 5])
def test_a_run_changes_what_learns_and_nothing_else(letters, frozen):
    expected = [index >= frozen for index in range(5)] + [True]
    assert parts_that_changed(letters, frozen_layers=frozen) == expected


def test_gradual_unfreezing_reaches_every_part(letters):
    assert all(parts_that_changed(letters, unfreezing="gradual"))


def test_states_that_are_kept_change_no_weight(letters, monkeypatch):
    config = replace(QUICK, frozen_layers=3, tokens_per_batch=40)
    kept = train(letters, ["PER"], config).tagger.state_dict()
    monkeypatch.setattr("modeling.freezing.CACHE_BYTES", 0)
    computed = train(letters, ["PER"], config).tagger.state_dict()

    for name, value in kept.items():
        torch.testing.assert_close(value, computed[name], atol=1e-4, rtol=1e-3)


def test_more_frozen_layers_than_there_are_is_refused(letters):
    with pytest.raises(TrainingError, match="frozen_layers is 6.*only its"):
        train(letters, ["PER"], replace(QUICK, frozen_layers=6))
