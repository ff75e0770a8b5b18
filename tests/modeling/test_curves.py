import pytest

from modeling.curves import (
    band,
    cost_of,
    curve,
    mean_height,
    mean_ratio,
    shared_range,
    value_at,
)

LINE = [(100.0, 0.4), (200.0, 0.6), (400.0, 0.5), (800.0, 0.9)]


def test_a_curve_is_ordered_by_cost():
    assert curve([(3, 0.3), (1, 0.1), (3, 0.4)]) == [(1, 0.1), (3, 0.4)]


@pytest.mark.parametrize(
    ("cost", "value"), [(100, 0.4), (150, 0.5), (200, 0.6), (300, 0.55), (800, 0.9)]
)
def test_a_value_is_read_between_two_points(cost, value):
    assert value_at(LINE, cost) == pytest.approx(value)


@pytest.mark.parametrize("cost", [99, 801])
def test_nothing_is_claimed_outside_of_the_points(cost):
    assert value_at(LINE, cost) is None


@pytest.mark.parametrize(
    ("value", "cost"),
    [
        (0.3, 100),  # the first point is high enough
        (0.5, 150),  # the first of the three times
        (0.6, 200),
        (0.7, 600),  # half-way from .5 to .9
        (0.9, 800),
        (0.91, None),
    ],
)
def test_the_cost_of_a_value_is_where_the_curve_first_has_it(value, cost):
    assert cost_of(LINE, value) == (None if cost is None else pytest.approx(cost))


def test_a_curve_of_nothing_has_neither():
    assert (value_at([], 1), cost_of([], 0.1)) == (None, None)
    assert value_at([(5, 0.5)], 5) == 0.5


def test_the_mean_height_is_the_area_by_the_width():
    """50 of mean .45, then 50 of .55 up to 200, then 200 of .55: from 100 to 400."""
    assert mean_height(LINE, 100, 400) == pytest.approx((100 * 0.5 + 200 * 0.55) / 300)
    assert mean_height(LINE, 150, 200) == pytest.approx(0.55)
    with pytest.raises(ValueError, match="does not cover"):
        mean_height(LINE, 50, 200)


def test_curves_share_the_costs_that_all_cover():
    assert shared_range([LINE, [(150, 0.1), (900, 0.2)]]) == (150, 800)
    assert shared_range([LINE, [(900, 0.1), (950, 0.2)]]) is None
    assert shared_range([]) is None


def test_a_curve_that_costs_half_has_the_ratio_of_a_half():
    half = [(cost / 2, value) for cost, value in LINE]
    assert mean_ratio(half, LINE) == pytest.approx(0.5)
    assert mean_ratio(LINE, half) == pytest.approx(2)
    assert mean_ratio(LINE, [(1, 0.95), (2, 0.99)]) is None


def test_a_band_is_the_mean_the_lowest_and_the_highest():
    rows = band([[(0, 0.0), (10, 1.0)], [(5, 0.5), (15, 0.7)]], steps=4)
    assert len(rows) == 5
    assert rows[0] == pytest.approx((5, 0.5, 0.5, 0.5))
    assert rows[-1] == pytest.approx((10, 0.8, 0.6, 1.0))


def test_curves_without_a_common_cost_have_no_band():
    assert band([[(0, 0.0), (1, 1.0)], [(2, 0.5), (3, 0.7)]]) == []
