"""A document of 5,000 sub-tokens is learnt from and read to its last entity."""

import re
from dataclasses import replace
from functools import partial

import pytest
import torch

from modeling import encoders, starting
from modeling.encoders import build_scratch_encoder, build_word_encoder
from modeling.examples import Example
from modeling.inference import predict
from modeling.spans import Span
from modeling.tagger import Tagger
from modeling.tokens import tokenize
from modeling.training import TrainingConfig, train

NAME = "Kew"
SENTENCE = f"so it went on and on for it was as long as it was dull in {NAME} "
QUICK = TrainingConfig(
    epochs=1,
    min_steps=10,
    max_steps=10,
    tokens_per_batch=2048,
    max_length=512,
    encoder_learning_rate=1e-2,
    dropout=0.0,
    device="cpu",
)
SMALL = {
    "scratch": partial(build_scratch_encoder, hidden_size=48, layers=1),
    "bilstm": partial(build_word_encoder, "bilstm", hidden_size=32, dropout=0.0),
    "idcnn": partial(build_word_encoder, "idcnn", hidden_size=32, dropout=0.0),
}
# A character is a sub-token of "scratch", a word one of the others.
REPEATS = {"scratch": 112, "bilstm": 320, "idcnn": 320}


@pytest.fixture(params=SMALL)
def kind(request, monkeypatch) -> str:
    """An encoder so small that its long document is read in seconds."""

    def load(name, *, texts, words):
        return SMALL[name](texts if name == "scratch" else words)

    monkeypatch.setattr(starting, "load_encoder", load)
    return request.param


@pytest.fixture
def document(kind) -> Example:
    """A long text with a name in every sentence; its last word is one."""
    text = (SENTENCE * REPEATS[kind]).strip()
    spans = tuple(Span(*m.span(), "LOC") for m in re.finditer(NAME, text))
    return Example(text, tuple(tokenize(text)), spans)


def test_its_last_entity_is_learnt_and_suggested(kind, document):
    result = train([document], ["LOC"], replace(QUICK, encoder=kind))
    (aligned,) = result.tagger.align([(document.text, document.tokens)])
    assert aligned.sub_tokens > 5000
    assert len(aligned.windows) > 10
    ((_, prediction),) = predict(result.tagger, [(document.text, document.tokens)])

    assert len(prediction.token_confidences) == len(document.tokens)
    last = prediction.spans[-1]
    assert Span(last.start, last.end, last.label) == document.spans[-1]
    assert last.end == len(document.text)
    assert last.confidence > 0.5


def test_its_last_entity_moves_the_weights(kind, document):
    """The loss of the last token alone reaches the first layer of the encoder."""
    words = [document.text[start:end] for start, end in document.tokens]
    torch.manual_seed(0)
    encoder, tokenizer = SMALL[kind]([document.text] if kind == "scratch" else words)
    tagger = Tagger(encoder, tokenizer, ["LOC"]).train()
    (aligned,) = tagger.align([(document.text, document.tokens)])
    emissions, _ = tagger.emissions([aligned], tokens_per_batch=2048)
    emissions[0, -1].sum().backward()

    name = "embeddings.words" if kind != "scratch" else "embeddings.word_embeddings"
    table = tagger.encoder.get_submodule(name).weight.grad
    assert table.abs().sum() > 0


def test_any_encoder_by_name_takes_texts_and_words():
    """What the tests above put in the place of `load_encoder` is called like it."""
    for name in SMALL:
        encoder, _ = encoders.load_encoder(name, texts=["Kew"], words=["Kew"])
        assert encoder.config.hidden_size > 0
