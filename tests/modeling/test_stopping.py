import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from modeling.spans import Span
from modeling.stopping import Gain, is_stable, predict_gain, span_agreement

ADA, KEW = Span(0, 3, "PER"), Span(10, 13, "LOC")


def height(n, a, b, c):
    """A learning curve that has lost b of its ceiling a after 100 documents."""
    return a - b * (np.asarray(n, float) / 100) ** -c


# The gain


@given(
    a=st.floats(0.6, 0.95),
    b=st.floats(0.1, 0.5),
    c=st.floats(0.3, 1.2),
    rounds=st.integers(6, 15),
)
@settings(max_examples=40, deadline=None)
def test_the_gain_of_a_known_curve_is_recovered(a, b, c, rounds):
    documents = 100 * np.arange(1, rounds + 1)
    gain = predict_gain(documents, height(documents, a, b, c), 100)
    latest, ahead = height([documents[-1], documents[-1] + 100], a, b, c)
    assert gain.expected == pytest.approx(ahead - latest, abs=0.004)
    assert gain.next_low <= ahead <= gain.next_high


@pytest.mark.parametrize("noise", [0.003, 0.01])
@pytest.mark.parametrize("rounds", [5, 12])
def test_intervals_hold_what_comes_about_as_often_as_they_say(noise, rounds):
    random = np.random.default_rng(7)
    documents = 100 * np.arange(1, rounds + 1)
    held_rise = held_next = 0
    for _ in range(100):
        curve = (random.uniform(0.6, 0.9), random.uniform(0.1, 0.4))
        curve = (*curve, random.uniform(0.3, 1.0))
        measured = height(documents, *curve) + noise * random.standard_normal(rounds)
        gain = predict_gain(documents, measured, 100)
        latest, ahead = height([documents[-1], documents[-1] + 100], *curve)
        held_rise += gain.low <= ahead - latest <= gain.high
        new = ahead + noise * random.standard_normal()
        held_next += gain.next_low <= new <= gain.next_high
    assert held_rise >= 90
    assert held_next >= 90


@given(
    points=st.lists(
        st.tuples(st.integers(1, 5000), st.floats(0, 1)),
        min_size=4,
        max_size=10,
        unique_by=lambda point: point[0],
    ),
    extra=st.integers(1, 1000),
)
@settings(max_examples=40, deadline=None)
def test_any_measurements_give_an_ordered_answer(points, extra):
    documents, f1 = zip(*points, strict=True)
    gain = predict_gain(documents, f1, extra)
    assert 0 <= gain.low <= gain.expected <= gain.high <= 1
    assert 0 <= gain.next_low <= gain.next_high <= 1
    backwards = predict_gain(documents[::-1], f1[::-1], extra)
    assert backwards == gain


def test_more_documents_gain_more_and_a_lower_level_narrows_the_bounds():
    documents = [100, 200, 300, 400, 500]
    f1 = height(documents, 0.8, 0.3, 0.5)
    few, many = predict_gain(documents, f1, 50), predict_gain(documents, f1, 500)
    assert few.expected < many.expected
    narrow = predict_gain(documents, f1, 50, level=0.5)
    assert few.low <= narrow.low <= narrow.high <= few.high
    assert few.next_low < narrow.next_low < narrow.next_high < few.next_high


def test_a_flat_curve_gains_nothing():
    gain = predict_gain([100, 200, 300, 400, 500, 600], [0.8] * 6)
    assert gain.expected == pytest.approx(0, abs=1e-9)
    assert gain.high < 0.01


def test_too_few_sizes_give_no_answer():
    assert predict_gain([100, 200, 300], [0.5, 0.6, 0.65]) is None
    assert predict_gain([100, 100, 200, 200, 300], [0.5] * 5) is None
    assert predict_gain([], []) is None


@pytest.mark.parametrize(
    ("documents", "f1", "options", "message"),
    [
        ([1, 2], [0.1], {}, "2 sizes do not fit 1"),
        ([0, 2], [0.1, 0.2], {}, "must be positive"),
        ([1, 2], [0.1, 0.2], {"extra": 0}, "must be positive"),
        ([1, 2], [0.1, 1.2], {}, "between 0 and 1"),
        ([1, 2], [0.1, float("nan")], {}, "between 0 and 1"),
        ([1, 2], [0.1, 0.2], {"level": 1}, "level must lie"),
    ],
)
def test_what_cannot_be_is_refused(documents, f1, options, message):
    with pytest.raises(ValueError, match=message):
        predict_gain(documents, f1, **options)


def test_an_answer_can_be_repeated():
    measurements = [100, 200, 300, 400], [0.5, 0.61, 0.65, 0.68]
    first = predict_gain(*measurements)
    assert isinstance(first, Gain)
    assert predict_gain(*measurements) == first
    assert predict_gain(*measurements, seed=1) != first


# Agreement


def test_agreement_is_the_f1_of_one_models_spans_against_the_others():
    assert span_agreement([[ADA, KEW]], [[ADA, KEW]]) == 1.0
    assert span_agreement([[ADA, KEW], []], [[ADA], []]) == pytest.approx(2 / 3)
    assert span_agreement([[ADA]], [[]]) == 0.0


def test_two_models_that_find_nothing_show_nothing():
    assert span_agreement([[], []], [[], []]) is None


spans = st.lists(
    st.lists(st.sampled_from([ADA, KEW, Span(0, 3, "LOC")]), unique=True),
    min_size=1,
    max_size=4,
)


@given(spans, spans)
def test_agreement_is_mutual(first, second):
    assume(len(first) == len(second))
    assert span_agreement(first, second) == span_agreement(second, first)


@pytest.mark.parametrize(
    ("agreements", "expected"),
    [
        ([0.99, 0.995, 1.0], True),
        ([0.2, 0.99, 0.99, 0.99], True),
        ([0.99, 0.99, 0.9899], False),
        ([0.99, 0.99], False),
        ([0.99, None, 0.99], False),
        ([], False),
    ],
)
def test_models_are_stable_when_three_in_a_row_agree(agreements, expected):
    assert is_stable(agreements) is expected
