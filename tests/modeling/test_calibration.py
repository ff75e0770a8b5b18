import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.calibration import (
    IDENTITY,
    auroc,
    bend,
    calibration_error,
    expected_error_if_calibrated,
    fit_curve,
    fit_temperature,
    golden_section,
    log_loss,
    reliability,
)

PAIRS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def logistic(x):
    return 1 / (1 + np.exp(-x))


def drawn(count, temperature, seed=0):
    """Logits that are too sure by a factor, with answers."""
    generator = np.random.default_rng(seed)
    true = generator.normal(1.0, 2.0, count)
    answers = generator.random(count) < logistic(true)
    return true * temperature, answers.astype(int)


def test_the_log_loss_of_a_hand_made_case():
    expected = -(math.log(0.8) + math.log(1 - 0.3)) / 2
    assert log_loss([0.8, 0.3], [1, 0]) == pytest.approx(expected)


def test_certainty_in_error_costs_much_but_not_infinitely():
    assert 10 < log_loss([1.0], [0]) < 20


def test_the_error_is_the_weighted_gap_of_the_bins():
    confidences, right = [0.15, 0.15, 0.85, 0.85, 0.85, 0.95], [0, 1, 1, 1, 0, 1]
    by_width = (2 * abs(0.15 - 0.5) + 3 * abs(0.85 - 2 / 3) + abs(0.95 - 1)) / 6
    assert calibration_error(confidences, right, 10, "width") == pytest.approx(by_width)
    by_mass = (
        abs(0.15 - 0.5) * 2 + abs(0.85 - 1.0) * 2 + abs((0.85 + 0.95) / 2 - 0.5) * 2
    ) / 6
    assert calibration_error(confidences, right, 3, "mass") == pytest.approx(by_mass)


def test_bins_of_equal_width_lie_where_they_say():
    rows = reliability([0.0, 0.05, 0.1, 1.0], [0, 1, 1, 1], 10, "width")
    assert [row[:2] for row in rows] == [[0.0, 0.1], [0.1, 0.2], [0.9, 1.0]]
    assert [row[4] for row in rows] == [2, 1, 1]
    assert rows[0][2:4] == [pytest.approx(0.025), 0.5]


@given(PAIRS, st.integers(1, 20), st.sampled_from(["mass", "width"]))
def test_bins_hold_every_confidence_once_in_order(pairs, bins, kind):
    confidences, right = zip(*pairs, strict=True)
    rows = reliability(confidences, right, bins, kind)

    assert sum(row[4] for row in rows) == len(pairs)
    assert len(rows) <= bins
    for low, high, mean, share, count in rows:
        assert count >= 1 and 0 <= share <= 1
        assert low - 1e-12 <= mean <= high + 1e-12
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert sum(row[3] * row[4] for row in rows) == pytest.approx(sum(right))
    assert 0 <= calibration_error(confidences, right, bins, kind) <= 1


@given(PAIRS)
def test_auroc_is_the_share_of_pairs_in_the_right_order(pairs):
    right = [p for p, is_right in pairs if is_right]
    wrong = [p for p, is_right in pairs if not is_right]
    found = auroc(*zip(*pairs, strict=True))
    if not right or not wrong:
        assert math.isnan(found)
        return
    wins = [(a > b) + 0.5 * (a == b) for a in right for b in wrong]
    assert found == pytest.approx(sum(wins) / len(wins))


def test_chance_alone_leaves_an_error_that_shrinks_with_the_number():
    generator = np.random.default_rng(3)
    few, many = generator.random(100), generator.random(5000)
    assert expected_error_if_calibrated(few) > 3 * expected_error_if_calibrated(many)
    answers = generator.random(5000) < many
    measured = calibration_error(many, answers)
    assert measured < 2 * expected_error_if_calibrated(many)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.25, 3.0])
def test_the_fitted_temperature_undoes_too_much_certainty(temperature):
    logits, right = drawn(20_000, temperature)
    found = fit_temperature(lambda t: log_loss(logistic(logits / t), right), len(right))
    assert found == pytest.approx(temperature, rel=0.05)


def test_few_spans_leave_the_temperature_near_one():
    logits, right = drawn(20_000, 3.0)
    found = [
        fit_temperature(lambda t, n=n: log_loss(logistic(logits / t), right), n)
        for n in (0, 1, 5, 20, 200, 20_000)
    ]
    assert found[0] == 1.0
    assert found == sorted(found)
    assert found[1] < 1.5 and found[-1] > 2.8


@given(st.lists(st.floats(0, 1), max_size=20))
def test_the_identity_bends_nothing(confidences):
    assert bend(confidences, IDENTITY).tolist() == confidences
    almost = bend(confidences, (1.0, 1.0, 1e-12))
    assert almost == pytest.approx(confidences, abs=1e-6)


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=20),
    st.tuples(st.floats(0, 4), st.floats(0, 4), st.floats(-3, 3)),
)
def test_a_bent_scale_keeps_its_order_and_its_range(confidences, curve):
    bent = bend(sorted(confidences), curve)
    assert np.all(np.diff(bent) >= -1e-12)
    assert np.all((bent >= 0) & (bent <= 1))


@pytest.mark.parametrize("curve", [(1.0, 1.0, 0.0), (1.6, 0.7, -0.4), (0.5, 2.0, 0.3)])
def test_the_fitted_curve_is_the_one_that_made_the_answers(curve):
    generator = np.random.default_rng(1)
    confidences = generator.uniform(0.02, 0.99, 60_000)
    right = generator.random(60_000) < bend(confidences, curve)
    assert fit_curve(confidences, right) == pytest.approx(curve, abs=0.1)


def test_few_answers_bend_little_and_none_nothing():
    assert fit_curve([], []) == IDENTITY
    generator = np.random.default_rng(2)
    confidences = generator.uniform(0.02, 0.99, 10_000)
    right = generator.random(10_000) < bend(confidences, (1.0, 1.0, -2.0))
    shifts = [fit_curve(confidences[:n], right[:n])[2] for n in (3, 10_000)]
    assert abs(shifts[0]) < 0.8 * abs(shifts[1])


def test_an_order_is_never_turned_round():
    confidences = np.linspace(0.05, 0.95, 400)
    a, b, _ = fit_curve(confidences, confidences < 0.5)
    assert a >= 0 and b >= 0


@given(st.floats(-5, 5))
def test_the_bottom_of_a_valley_is_found(bottom):
    assert golden_section(lambda x: abs(x - bottom), -6, 6) == pytest.approx(
        bottom, abs=0.02
    )


@pytest.mark.parametrize(
    ("confidences", "right"),
    [([], []), ([0.5], [0, 1]), ([1.5], [1]), ([0.5], [2]), ([math.nan], [1])],
)
@pytest.mark.parametrize("measure", [log_loss, calibration_error, auroc, reliability])
def test_what_is_no_probability_is_refused(measure, confidences, right):
    with pytest.raises(ValueError, match="confidences"):
        measure(confidences, right)


def test_unknown_bins_are_refused():
    with pytest.raises(ValueError, match="in 0 bins"):
        reliability([0.5], [1], 0)
    with pytest.raises(ValueError, match="equal 'size'"):
        calibration_error([0.5], [1], 5, "size")


@pytest.mark.parametrize("sure", [1.0, 1 - 1e-6, 1e-9])
def test_a_curve_for_sure_spans_that_are_right_by_chance_stays_in_its_valley(sure):
    right = np.arange(200) % 2
    curve = fit_curve(np.full(200, sure), right)
    assert np.abs(curve).max() < 10
    assert bend(sure, curve) == pytest.approx(0.5, abs=0.02)
