"""BERT, RoBERTa, XLM-R, DeBERTa and ModernBERT, each read as it wants to be read."""

import re
import socket
from dataclasses import replace

import numpy as np
import pytest
import torch

from modeling.alignment import SubTokenizer, encode_document
from modeling.checkpoints import load, save
from modeling.configuration import TrainingConfig
from modeling.encoders import load_encoder, max_positions
from modeling.inference import predict
from modeling.optimization import parameter_groups
from modeling.tagger import Tagger
from modeling.tokens import tokenize
from modeling.training import evaluate, train
from tests.modeling.families import FAMILIES, POSITIONS, save_family

TEXTS = [
    "Hooker sent 12 boxes  from\nKew (London) in May 1849.",
    "中国人民银行在北京。",
    "naïve café, 😀 ok!",
    " Kew",
]
QUICK = TrainingConfig(
    epochs=1,
    min_steps=60,
    max_steps=60,
    tokens_per_batch=256,
    encoder_learning_rate=5e-3,
    dropout=0.0,
    device="cpu",
)


@pytest.fixture(scope="module", params=FAMILIES)
def family(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def folder(family, tmp_path_factory):
    place = tmp_path_factory.mktemp(family)
    save_family(family, place)
    return place


@pytest.fixture(scope="module")
def loaded(folder):
    return load_encoder(str(folder))


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def plain(text: str) -> str:
    """Drop what tokenizers add to words or leave out."""
    return re.sub(r"[\s▁]|##", "", text).lower().replace("ï", "i").replace("é", "e")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("mode", ["unicode-words", "characters"])
def test_the_sub_tokens_from_one_token_to_the_next_spell_it(loaded, text, mode):
    _, tokenizer = loaded
    sub_tokenizer = SubTokenizer(tokenizer)
    tokens = tokenize(text, mode)
    document = encode_document(sub_tokenizer, text, tokens)

    (window,) = document.windows
    firsts = document.token_positions
    assert (np.diff(firsts) > 0).all()
    ends = [*firsts[1:], len(window) - len(sub_tokenizer.suffix)]
    for (start, end), first, last in zip(tokens, firsts, ends, strict=True):
        spelt = tokenizer.decode(window[first:last].tolist())
        assert plain(spelt) == plain(text[start:end])


def test_the_window_is_what_the_family_was_trained_on(loaded):
    """Prefix spaces and special tokens are those of the tokenizer itself."""
    _, tokenizer = loaded
    text = "Hooker sent 12 boxes from Kew"
    document = encode_document(SubTokenizer(tokenizer), text, tokenize(text))
    assert document.windows[0].tolist() == tokenizer(text)["input_ids"]


def test_a_first_sub_token_is_not_the_space_before_it(loaded):
    _, tokenizer = loaded
    text = "Kew  zzz \u3000 Kew"
    document = encode_document(SubTokenizer(tokenizer), text, tokenize(text))
    (window,) = document.windows
    pieces = tokenizer.convert_ids_to_tokens(window[document.token_positions].tolist())
    assert not {"Ġ", "▁"} & set(pieces)


@pytest.mark.parametrize(
    "text", ["a \u200b Kew", "\u200bKew", "\x00 Kew \ufeff", "\ud83d"]
)
def test_a_token_that_a_tokenizer_leaves_out_has_its_place(loaded, text):
    encoder, tokenizer = loaded
    tokens = [(m.start(), m.end()) for m in re.finditer(r"\S", text)]
    tagger = Tagger(encoder, tokenizer, ["PER"])
    ((_, prediction),) = predict(tagger, [(text, tokens)])
    assert len(prediction.token_confidences) == len(tokens)


def test_the_longest_window_is_known_and_can_be_read(family, loaded):
    encoder, tokenizer = loaded
    assert max_positions(encoder) == POSITIONS[family]
    tagger = Tagger(encoder, tokenizer, ["PER"], max_length=100, context=8).eval()
    assert tagger.max_length == min(100, POSITIONS[family])
    text = "Kew met Ada " * 200
    (document,) = tagger.align([(text, tokenize(text))])
    # A padded batch and one without padding, each with windows as long as can be.
    short = tagger.align([("Kew", [(0, 3)])])
    with torch.inference_mode():
        alone, _ = tagger.emissions([document])
        together, _ = tagger.emissions([document, *short])
    assert alone.shape == (1, 600, 3)
    torch.testing.assert_close(alone[0], together[0], atol=1e-5, rtol=1e-4)


def test_what_it_learnt_survives_a_checkpoint(folder, annotated, tmp_path):
    examples = [
        annotated("[Ada|PER] wrote to [Babbage|PER] from [Kew|LOC]."),
        annotated("[Hooker|PER] sent boxes to [London|LOC] (in May)."),
        annotated("[中国人民银行|LOC]在北京。"),
    ]
    config = replace(QUICK, encoder=str(folder))
    tagger = train(examples, ["PER", "LOC"], config).tagger
    assert evaluate(tagger, examples).score.micro.f1 == 1.0
    save(tagger, tmp_path / "one")
    again = load(tmp_path / "one", device="cpu")

    given = [(example.text, example.tokens) for example in examples]
    assert list(predict(again, given)) == list(predict(tagger, given))


def test_lower_layers_learn_slower(loaded):
    encoder, tokenizer = loaded
    tagger = Tagger(encoder, tokenizer, ["PER"])
    config = TrainingConfig(encoder_learning_rate=1.0, layer_decay=0.5)
    groups = parameter_groups(tagger, config, tagger.head.in_features)
    rates = {
        id(parameter): group["lr"] for group in groups for parameter in group["params"]
    }
    seen = set()
    for name, parameter in encoder.named_parameters():
        layer = re.search(r"layers?\.(\d)\.", name)
        if layer:
            assert rates[id(parameter)] == 0.5 ** (2 - int(layer[1])), name
            seen.add(int(layer[1]))
        elif "embed" in name:
            assert rates[id(parameter)] == 0.125, name
    assert seen == {0, 1, 2}
