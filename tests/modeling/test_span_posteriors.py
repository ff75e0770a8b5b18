"""Posteriors of spans against enumeration, and what follows from their sums."""

import math

import pytest
import torch

from tests.modeling.crfs import (
    probabilities,
    random_batch,
    random_crf,
    scores_of_all_paths,
)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("lengths", [(1, 1), (5, 4, 1)])
def test_span_posteriors_equal_enumeration(lengths, constrained):
    """All spans and labels: at the start, at the end, next to each other, nested."""
    crf = random_crf(constrained=constrained)
    emissions, mask = random_batch(lengths)
    spans = [
        (row, first, behind, label)
        for row, length in enumerate(lengths)
        for first in range(length)
        for behind in range(first + 1, length + 1)
        for label in range(2)
    ]
    output = crf.infer(emissions, mask)
    found = crf.span_posteriors(output, torch.tensor(spans))
    shares = [
        probabilities(scores_of_all_paths(crf, emissions[row, :length]))
        for row, length in enumerate(lengths)
    ]
    for span, posterior in zip(spans, found.tolist(), strict=True):
        row, first, behind, label = span
        begin = 2 * label + 1
        wanted = (begin, *[begin + 1] * (behind - first - 1))
        expected = math.fsum(
            share
            for path, share in shares[row].items()
            if path[first:behind] == wanted
            and path[behind : behind + 1] != (begin + 1,)
        )
        assert posterior == pytest.approx(expected, abs=1e-6)


def test_span_posteriors_of_a_constrained_crf_are_the_marginals_of_spans():
    """Over all spans, those that cover a token with a label sum to its marginal."""
    crf = random_crf(constrained=True)
    emissions, mask = random_batch((6,))
    output = crf.infer(emissions, mask)
    for token in range(6):
        spans = [(0, i, j, 0) for i in range(token + 1) for j in range(token + 1, 7)]
        total = crf.span_posteriors(output, torch.tensor(spans)).sum()
        expected = output.marginals[0, token, 1:3].sum()
        torch.testing.assert_close(total, expected)
