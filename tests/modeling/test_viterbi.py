"""The second best path; the best one is tested with the CRF."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.modeling.crfs import random_batch, random_crf, scores_of_all_paths


def gaps(crf, emissions, mask, temperature=1.0):
    output = crf.infer(emissions, mask, temperature=temperature)
    return crf.runner_up_gap(output).tolist()


@given(
    st.integers(0, 10_000),
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.booleans(),
    st.sampled_from([0.1, 1.0, 4.0]),
)
@settings(max_examples=40, deadline=None)
def test_the_second_best_path_is_that_of_all_paths_enumerated(
    seed, lengths, constrained, scale
):
    crf = random_crf(constrained=constrained, seed=seed)
    emissions, mask = random_batch(lengths, scale=scale, seed=seed)
    found = gaps(crf, emissions, mask)
    for row, length in enumerate(lengths):
        scores = scores_of_all_paths(crf, emissions[row, :length])
        best, second = sorted(scores.values(), reverse=True)[:2]
        assert found[row] == pytest.approx(best - second, abs=1e-3, rel=1e-5)


def test_the_gap_shrinks_with_the_temperature():
    crf = random_crf(constrained=True)
    emissions, mask = random_batch((5, 3))
    plain, warm = gaps(crf, emissions, mask), gaps(crf, emissions, mask, 2.0)
    assert warm == pytest.approx([gap / 2 for gap in plain], rel=1e-5)


def test_equal_paths_have_no_gap_and_a_single_path_has_no_rival():
    crf = random_crf(3, scale=0.0)
    assert gaps(crf, torch.zeros(1, 4, 3), None) == [0.0]
    alone = random_crf(1)
    assert gaps(alone, torch.randn(2, 3, 1), None) == [math.inf, math.inf]


def test_the_gap_of_a_long_document_is_that_of_its_doubtful_token():
    """Far beyond the steps after which running scores return to 0."""
    crf = random_crf(3, scale=0.0)
    emissions = torch.zeros(1, 4000, 3)
    emissions[..., 1] = 30.0
    emissions[0, 2500, 2] = 29.25
    assert gaps(crf, emissions, None) == pytest.approx([0.75], abs=1e-3)


def test_padding_changes_no_gap():
    crf = random_crf()
    emissions, mask = random_batch((6, 2, 1))
    together = gaps(crf, emissions, mask)
    alone = [
        gaps(crf, emissions[row : row + 1, :length], None)[0]
        for row, length in enumerate((6, 2, 1))
    ]
    assert together == pytest.approx(alone, abs=1e-4)
