import numpy as np
import pytest

from modeling.coverage import badge_order

AXES = np.eye(6)


def test_one_of_each_kind_comes_before_a_second():
    """Six directions, ten equal documents of each."""
    vectors = [AXES[number % 6] for number in range(60)]
    for seed in range(5):
        order = badge_order(vectors, [1.0] * 60, 6, seed)
        assert {index % 6 for index in order[:6]} == set(range(6))


def test_what_is_certain_is_hardly_ever_drawn():
    vectors = [AXES[number % 6] for number in range(60)]
    uncertainties = [1.0 if number < 6 else 1e-6 for number in range(60)]
    for seed in range(5):
        order = badge_order(vectors, uncertainties, 6, seed)
        assert set(order[:6]) == set(range(6))


def test_the_first_is_drawn_in_proportion_to_its_squared_uncertainty():
    vectors = [AXES[0], AXES[1]]
    firsts = [badge_order(vectors, [1.0, 2.0], 1, seed)[0] for seed in range(2000)]
    assert np.mean(firsts) == pytest.approx(0.8, abs=0.04)


def test_the_others_follow_by_uncertainty():
    order = badge_order([AXES[0]] * 4, [0.1, 0.4, 0.3, 0.2], 0)
    assert order == [1, 2, 3, 0]


def test_an_order_is_a_permutation_and_repeats_with_its_seed():
    generator = np.random.default_rng(0)
    vectors = [*generator.normal(size=(20, 5)), None, None]
    uncertainties = [*generator.random(20), 0.0, 0.5]
    orders = [badge_order(vectors, uncertainties, 30, seed) for seed in (1, 1, 2)]
    assert sorted(orders[0]) == list(range(22))
    assert orders[0] == orders[1] != orders[2]


def test_nothing_to_order():
    assert badge_order([], [], 5) == []
    assert badge_order([None, None], [0.0, 0.0], 5) == [0, 1]
    with pytest.raises(ValueError, match="1 vectors, 2 uncertainties"):
        badge_order([None], [0.0, 0.0], 5)
