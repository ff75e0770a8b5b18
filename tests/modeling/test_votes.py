import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.spans import Span, first_overlap, outermost
from modeling.votes import consensus, undisputed

PER, LOC = Span(0, 3, "PER"), Span(10, 14, "LOC")


def test_one_person_is_believed():
    found = consensus([[PER, LOC]], 20)
    assert found.spans == (PER, LOC)
    assert found.known is None


def test_where_two_agree_all_is_known():
    assert consensus([[PER], [PER]], 20).known is None
    assert consensus([[], []], 20).known is None
    assert consensus([[], []], 0).known is None


def test_what_only_one_of_two_has_is_unknown():
    found = consensus([[PER, LOC], [PER]], 20)
    assert found.spans == (PER,)
    assert found.known == ((0, 10), (14, 20))


@pytest.mark.parametrize("other", [Span(0, 3, "ORG"), Span(0, 5, "PER")])
def test_two_readings_of_one_place_make_it_unknown(other):
    found = consensus([[PER], [other]], 20)
    assert found.spans == ()
    assert found.known == ((other.end, 20),)


def test_two_of_three_are_a_majority():
    assert consensus([[PER, LOC], [PER, LOC], [PER]], 20).spans == (PER, LOC)
    assert consensus([[PER, LOC], [PER, LOC], [PER]], 20).known is None
    outvoted = consensus([[PER, LOC], [PER], [PER]], 20)
    assert outvoted.spans == (PER,)
    assert outvoted.known is None


def test_three_readings_leave_only_what_two_of_them_share():
    found = consensus([[Span(2, 8, "X")], [Span(2, 5, "X")], []], 20)
    assert found.spans == ()
    assert found.known == ((0, 2), (5, 20))


def test_half_of_four_is_no_majority():
    found = consensus([[PER], [PER], [], []], 20)
    assert found.spans == ()
    assert found.known == ((3, 20),)


def people(size):
    span = st.builds(
        lambda start, length, label: Span(start, start + length, label),
        st.integers(0, 20),
        st.integers(1, 6),
        st.sampled_from("XY"),
    )
    answer = st.lists(span, max_size=5).map(lambda spans: outermost(spans)[0])
    return st.lists(answer, min_size=size, max_size=5)


@given(people(1))
def test_every_code_point_is_known_just_where_most_people_say_the_same(answers):
    def reading(spans, place):
        over = [span for span in spans if span.start <= place < span.end]
        return over[0] if over else None

    found = consensus(answers, 26)
    assert first_overlap(found.spans) is None
    regions = [(0, 26)] if found.known is None else found.known
    known = {place for start, end in regions for place in range(start, end)}
    for place in range(26):
        readings = [reading(spans, place) for spans in answers]
        shared = [r for r in readings if 2 * readings.count(r) > len(readings)]
        assert (place in known) == bool(shared)
        if shared:
            assert reading(found.spans, place) == shared[0]


@given(people(1))
def test_unfinished_answers_give_the_spans_that_no_other_overlaps(answers):
    everything = {span for spans in answers for span in spans}
    expected = sorted(
        span
        for span in everything
        if not any(
            one != span and one.start < span.end and span.start < one.end
            for one in everything
        )
    )
    assert undisputed(answers) == expected
