import numpy as np
import pytest
import torch

from modeling.configuration import TrainingConfig
from modeling.examples import Example
from modeling.shape_encoder import REACH, ShapeEncoder
from modeling.shapes import NO_WORD, word_shapes
from modeling.spans import Span
from modeling.tokens import tokenize
from modeling.training import evaluate, train


def stirred(hidden_size=6):
    torch.manual_seed(0)
    encoder = ShapeEncoder(hidden_size)
    torch.nn.init.normal_(encoder.output.weight)
    return encoder


def shapes(text):
    return np.array(word_shapes(text, tokenize(text)), dtype=np.int64)


def one_token(encoder, document, index):
    """What is added to one token, written out place by place."""
    places = range(index - REACH, index + REACH + 1)
    near = [document[p] if 0 <= p < len(document) else NO_WORD for p in places]
    vectors = encoder.embedding.weight[near]  # shape: (places, size)
    features = encoder.convolution.bias + torch.stack(
        [(vectors.t() * kernel).sum() for kernel in encoder.convolution.weight]
    )
    return encoder.output.weight @ features.relu()


def test_each_token_hears_of_itself_and_of_two_neighbours_of_its_own_document():
    encoder = stirred()
    documents = [shapes("Ada met Bob."), shapes("a"), shapes("The IBM 704 in NY")]
    added = encoder(documents)
    expected = [one_token(encoder, d, i) for d in documents for i in range(len(d))]
    torch.testing.assert_close(added, torch.stack(expected))


def test_nothing_is_added_before_training():
    assert not ShapeEncoder(6)([shapes("Ada met Bob.")]).any()


def named(words):
    """A text in which every capitalised word is a name."""
    text = " ".join(words)
    tokens = tokenize(text)
    spans = tuple(Span(s, e, "PER") for s, e in tokens if text[s].isupper())
    return Example(text, tokens, spans)


@pytest.mark.slow
def test_an_uncased_encoder_learns_what_only_capitals_tell():
    words = ["will", "mark", "grant", "rose", "bill", "may"]
    random = np.random.default_rng(0)
    examples = [
        named(
            [
                w.title() if random.random() < 0.3 else w
                for w in random.permutation(words)
            ]
        )
        for _ in range(60)
    ]
    found = {}
    for has_word_shapes in (True, False):
        recipe = TrainingConfig(
            min_steps=40,
            max_steps=40,
            tokens_per_batch=128,
            frozen_layers=5,
            has_word_shapes=has_word_shapes,
        )
        tagger = train(examples[:40], ["PER"], recipe).tagger
        found[has_word_shapes] = evaluate(tagger, examples[40:]).score.micro.f1
    assert found[True] > 0.95
    assert found[False] < 0.7
