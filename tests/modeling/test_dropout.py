"""Marginals under dropout masks, against all paths under masks drawn here."""

import itertools
import math

import numpy as np
import pytest
import torch

from modeling.confidence import bald
from modeling.dropout import sampled_marginals
from modeling.inference import predict
from modeling.tokens import tokenize

SEED, RATE, MASKS = 2016, 0.1, 8
TEXTS = ("Ada met Kew", "Rome")


@pytest.fixture
def tagger(small_tagger):
    torch.manual_seed(3)
    with torch.no_grad():
        small_tagger.head.weight.normal_(std=1.0)
        small_tagger.crf.transitions.normal_(std=0.5)
    small_tagger.temperature = 1.7
    return small_tagger.eval()


def enumerated(tagger, states):
    """Marginals of one document's tags from the scores of every path."""
    start, end, moves = (scores.tolist() for scores in tagger.crf.potentials())
    scores = tagger.head(states).tolist()
    tags = range(len(tagger.tag_names))
    sums = np.zeros((len(scores), len(tags)))
    for path in itertools.product(tags, repeat=len(scores)):
        total = start[path[0]] + end[path[-1]]
        total += sum(row[tag] for row, tag in zip(scores, path, strict=True))
        total += sum(moves[a][b] for a, b in itertools.pairwise(path))
        for index, tag in enumerate(path):
            sums[index, tag] += math.exp(total / tagger.temperature)
    return sums / sums.sum(1, keepdims=True)


@torch.inference_mode()
def test_each_mask_gives_the_marginals_of_all_paths_at_the_temperature(tagger):
    documents = [(text, tokenize(text)) for text in TEXTS]
    states = tagger.first_states(tagger.align(documents))
    generator = torch.Generator().manual_seed(SEED)
    kept = torch.rand(MASKS, states.shape[1], generator=generator) >= RATE
    lengths = [len(tokens) for _, tokens in documents]
    found = sampled_marginals(tagger, states, lengths).numpy()

    starts = [0, *itertools.accumulate(lengths)]
    for at, (first, last) in enumerate(itertools.pairwise(starts)):
        for number, mask in enumerate(kept):
            masked = states[first:last] * mask / (1 - RATE)
            exact = enumerated(tagger, masked)
            np.testing.assert_allclose(
                found[at, number, : last - first], exact, atol=1e-5
            )
    assert np.ptp(found[0], axis=0).max() > 0.01  # the masks do not agree


@torch.inference_mode()
def test_what_is_measured_of_a_document_is_the_bald_of_its_masks(tagger):
    documents = [(text, tokenize(text)) for text in TEXTS]
    states = tagger.first_states(tagger.align(documents))
    lengths = [len(tokens) for _, tokens in documents]
    samples = sampled_marginals(tagger, states, lengths).numpy().astype(np.float64)
    for index, prediction in predict(tagger, documents, also={"bald"}):
        exact = bald(samples[index][:, : lengths[index]])
        assert prediction.measures.bald == pytest.approx(exact, abs=1e-5)


def test_a_higher_rate_of_the_tagger_is_taken_and_a_lower_is_not(tagger):
    states = torch.ones(1, tagger.encoder.config.hidden_size)
    by_rate = {}
    for rate in (0.0, 0.1, 0.5):
        tagger.dropout.p = rate
        by_rate[rate] = sampled_marginals(tagger, states, [1])
    assert torch.equal(by_rate[0.0], by_rate[0.1])
    assert not torch.allclose(by_rate[0.1], by_rate[0.5])
