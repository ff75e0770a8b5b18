from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.acquisition import STRATEGIES, rank
from modeling.confidence import CERTAIN, Confidence, Evidence, measure
from tests.modeling.test_confidence import CONFIDENCES


@given(
    st.lists(CONFIDENCES, max_size=12), st.sampled_from(list(STRATEGIES)), st.integers()
)
def test_a_rank_is_a_permutation_in_the_order_of_its_key(confidences, strategy, seed):
    order = rank(confidences, strategy, seed)

    assert sorted(order) == list(range(len(confidences)))
    keys = [STRATEGIES[strategy](confidences[index]) for index in order]
    assert keys == sorted(keys)
    assert order == rank(confidences, strategy, seed)


# The first of three documents is what each strategy should serve.
@pytest.mark.parametrize(
    ("strategy", "field", "values"),
    [
        ("lowest_marginal", "mean_marginal", (0.6, 0.9, 0.8)),
        ("lowest_min_marginal", "min_marginal", (0.1, 0.5, 0.4)),
        ("mnlp", "mnlp", (-0.9, -0.3, -0.2)),
        ("summed_uncertainty", "summed_uncertainty", (3.0, 2.0, 1.0)),
        ("lowest_span_posterior", "min_span_posterior", (0.1, 0.5, 0.4)),
        ("token_entropy", "token_entropy", (0.5, 0.1, 0.2)),
        ("margin", "margin", (0.1, 0.5, 0.4)),
        ("bald", "bald", (0.5, 0.1, 0.2)),
        ("entity_uncertainty", "entity_uncertainty", (0.5, 0.1, 0.2)),
        ("effort_uncertainty", "effort_uncertainty", (0.5, 0.1, 0.2)),
    ],
)
def test_each_strategy_serves_what_it_says_first(strategy, field, values):
    confidences = [replace(CERTAIN, **{field: value}) for value in values]
    assert rank(confidences, strategy)[0] == 0
    assert rank(confidences[::-1], strategy)[0] == 2


def test_random_and_ties_are_decided_by_the_seed():
    confidences = [Confidence(m / 30, 0.1, -1.0, 1.0) for m in range(30)]
    shuffles = {tuple(rank(confidences, "random", seed)) for seed in range(5)}
    equal = {tuple(rank([CERTAIN] * 30, "mnlp", seed)) for seed in range(5)}

    assert len(shuffles) == len(equal) == 5
    assert tuple(range(30)) not in shuffles


def test_an_unknown_strategy_is_named():
    with pytest.raises(ValueError, match="'bogus'.*lowest_marginal"):
        rank([], "bogus")


@pytest.mark.parametrize("strategy", ["margin", "bald"])
def test_a_measure_that_was_not_asked_for_orders_nothing(strategy):
    measured = measure(Evidence([0.5], -1.0))
    with pytest.raises(ValueError, match=f"'{strategy}' was not asked for"):
        rank([measured], strategy)


def test_every_strategy_can_order_a_certain_document():
    assert all(rank([CERTAIN], strategy) == [0] for strategy in STRATEGIES)
