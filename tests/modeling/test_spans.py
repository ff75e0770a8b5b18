import json
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.spans import Span, first_overlap, first_repeat, outermost, overlaps

CASES = json.loads(
    (Path(__file__).parents[1] / "data" / "span_overlap_cases.json").read_text("utf-8")
)


@st.composite
def span_lists(draw, end=20):
    starts = draw(st.lists(st.integers(0, end), max_size=12))
    return [
        Span(start, start + draw(st.integers(1, 6)), draw(st.sampled_from("ABC")))
        for start in starts
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_shared_case(case):
    spans = [Span(*fields) for fields in case["spans"]]
    expected = case["first_overlap"]
    assert first_overlap(spans) == (expected and tuple(Span(*s) for s in expected))
    expected = case["first_repeat"]
    assert first_repeat(spans) == (expected and tuple(Span(*s) for s in expected))
    kept, dropped = outermost(spans)
    assert kept == [Span(*fields) for fields in case["kept"]]
    assert dropped == [Span(*fields) for fields in case["dropped"]]


@pytest.mark.parametrize(("start", "end"), [(0, 0), (3, 2), (-1, 2)])
def test_a_span_covers_at_least_one_code_point(start, end):
    with pytest.raises(ValueError, match=rf"\[{start}, {end}\)"):
        Span(start, end, "PER")


def test_spans_sort_in_the_order_of_the_text():
    spans = [Span(5, 6, "A"), Span(0, 9, "A"), Span(0, 2, "B"), Span(0, 2, "A")]
    assert sorted(spans) == spans[::-1]


@given(span_lists(), span_lists())
def test_overlap_means_a_shared_code_point(first, second):
    for a in first:
        for b in second:
            shared = set(range(a.start, a.end)) & set(range(b.start, b.end))
            assert overlaps(a, b) is overlaps(b, a) is bool(shared)


@given(span_lists())
def test_a_repeat_is_found_exactly_when_a_set_holds_fewer(spans):
    found = first_repeat(spans)
    assert (found is not None) == (len(set(spans)) < len(spans))
    assert found is None or spans.count(found[0]) > 1


@given(span_lists())
def test_first_overlap_is_found_exactly_when_some_pair_overlaps(spans):
    found = first_overlap(spans)
    pairs = combinations(spans, 2)
    assert (found is not None) == any(overlaps(a, b) for a, b in pairs)
    assert found is None or overlaps(*found)


@given(span_lists())
def test_outermost_loses_nothing_and_keeps_what_the_naive_rule_keeps(spans):
    kept, dropped = outermost(spans)
    assert sorted(kept + dropped) == sorted(spans)
    naive = []
    for span in sorted(spans, key=lambda s: (-(s.end - s.start), s.start)):
        if not any(overlaps(span, other) for other in naive):
            naive.append(span)
    assert kept == sorted(naive, key=lambda s: s.start)
    assert [(s.start, s.end) for s in dropped] == sorted(
        (s.start, s.end) for s in dropped
    )
