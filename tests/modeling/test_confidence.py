import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.confidence import (
    CERTAIN,
    Confidence,
    Evidence,
    bald,
    effort_uncertainty,
    entity_uncertainty,
    margin,
    mean_marginal,
    measure,
    min_marginal,
    min_span_posterior,
    mnlp,
    shrink,
    shrunk_mean,
    summed_uncertainty,
    token_entropy,
)

MARGINALS = st.lists(st.floats(0, 1), min_size=1, max_size=40)
CONFIDENCES = st.builds(
    Confidence,
    *(st.floats(0, 1), st.floats(0, 1), st.floats(-5, 0), st.floats(0, 30)),
    margin=st.floats(0, 1),
    bald=st.floats(0, 2),
)
LOG_2 = math.log(2)
AGREED = np.array([[[0.5, 0.5]], [[0.5, 0.5]]])
DISAGREED = np.array([[[1.0, 0.0]], [[0.0, 1.0]]])


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (mean_marginal([0.5, 1.0, 0.75, 0.75]), 0.75),
        (mean_marginal([]), 1.0),
        (min_marginal([0.5, 1.0, 0.75]), 0.5),
        (min_marginal([]), 1.0),
        (mnlp(math.log(0.25), 4), math.log(0.25) / 4),
        (mnlp(0.0, 0), 0.0),
        (summed_uncertainty([0.5, 1.0, 0.75]), 0.75),
        (summed_uncertainty([]), 0.0),
        (min_span_posterior([0.9, 0.3, 0.8], math.log(0.2)), 0.3),
        (min_span_posterior([], math.log(0.2)), 0.2),
        (token_entropy([0.0, 1.0, 0.5]), 0.5),
        (token_entropy([]), 0.0),
        (margin(math.log(0.6), math.log(3)), 0.4),
        (margin(math.log(0.6), 0.0), 0.0),
        (margin(0.0, math.inf), 1.0),
        (bald(AGREED), 0.0),
        (bald(DISAGREED), LOG_2),
        (bald(np.concatenate([AGREED, DISAGREED], axis=1)), LOG_2 / 2),
        (bald(np.zeros((2, 0, 3))), 0.0),
        (entity_uncertainty([0.5, 1.0], [1.0, 0.0]), 0.25),
        (entity_uncertainty([0.5, 0.5], [0.5, 0.5]), 0.25),
        (entity_uncertainty([], []), 0.0),
        (effort_uncertainty([0.5] * 33), 0.25),
        (effort_uncertainty([]), 0.0),
    ],
)
def test_every_measure_is_its_formula(found, expected):
    assert found == pytest.approx(expected)


def test_measures_of_a_document():
    evidence = Evidence(
        marginals=[0.5, 1.0, 0.75, 0.75],
        log_probability=math.log(0.25),
        posteriors=[0.4],
        entropies=[0.2, 0.0, 0.1, 0.1],
        in_entity=[1.0, 0.0, 0.0, 0.0],
        gap=LOG_2,
        samples=np.repeat(DISAGREED, 4, axis=1),
    )
    assert measure(evidence) == Confidence(
        mean_marginal=0.75,
        min_marginal=0.5,
        mnlp=pytest.approx(math.log(0.25) / 4),
        summed_uncertainty=1.0,
        min_span_posterior=0.4,
        token_entropy=pytest.approx(0.1),
        entity_uncertainty=0.25,
        effort_uncertainty=pytest.approx(1 / 37),
        margin=pytest.approx(0.125),
        bald=pytest.approx(LOG_2),
    )


def test_what_was_not_asked_for_is_not_measured():
    measured = measure(Evidence([0.5], -1.0))
    assert measured.margin is None and measured.bald is None


def test_a_document_without_tokens_is_certain():
    assert measure(Evidence([], 0.0), corpus_mean=0.3) == CERTAIN


def test_a_short_document_is_pulled_towards_the_corpus():
    assert shrunk_mean(0.5, 5, 0.9) == pytest.approx((5 * 0.5 + 15 * 0.9) / 20)
    assert shrunk_mean(0.5, 5, None) == 0.5
    assert shrunk_mean(0.5, 20, 0.9) == 0.5
    assert measure(Evidence([0.5] * 5, -1.0), 0.9).mean_marginal == pytest.approx(0.8)


@given(MARGINALS, st.floats(-50, 0), st.floats(0, 1))
def test_measures_stay_in_their_ranges(marginals, log_probability, corpus_mean):
    samples = np.random.default_rng(0).dirichlet([0.3] * 4, (5, len(marginals)))
    gap = -log_probability / 2
    evidence = Evidence(
        marginals, log_probability, marginals, marginals, marginals, gap, samples
    )
    measured = measure(evidence, corpus_mean)

    assert 0 <= measured.mean_marginal <= 1 + 1e-12
    assert measured.min_marginal == min(marginals)
    assert measured.mnlp <= 0
    assert 0 <= measured.summed_uncertainty <= len(marginals)
    assert measured.min_span_posterior == min(marginals)
    assert 0 <= measured.entity_uncertainty <= 1
    assert 0 <= measured.effort_uncertainty < 1
    assert 0 <= measured.margin <= 1
    assert 0 <= measured.bald <= math.log(5)


@given(st.lists(st.tuples(CONFIDENCES, st.integers(0, 40)), max_size=12))
def test_shrinking_keeps_the_corpus_mean_between_the_documents(documents):
    confidences = [confidence for confidence, _ in documents]
    shrunk = shrink(confidences, [tokens for _, tokens in documents])

    means = [c.mean_marginal for c, tokens in documents if tokens]
    for before, after, (_, tokens) in zip(confidences, shrunk, documents, strict=True):
        if tokens == 0 or tokens >= 20:
            assert after == before
        else:
            assert min(means) - 1e-9 <= after.mean_marginal <= max(means) + 1e-9
            assert after.min_marginal == before.min_marginal
