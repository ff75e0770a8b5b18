"""What became of each gold span."""

from collections import Counter
from itertools import product

import pytest

from modeling.confusion import BOUNDARIES, KINDS, Finding, findings, tally
from modeling.spans import Span

A = Span(10, 20, "PER")


@pytest.mark.parametrize(
    ("predicted", "kind"),
    [
        ([(10, 20, "PER")], "right"),
        ([(10, 20, "LOC")], "label"),
        ([(8, 20, "PER")], "longer_left"),
        ([(10, 21, "LOC")], "longer_right"),
        ([(9, 21, "PER")], "longer_both"),
        ([(11, 20, "PER")], "shorter_left"),
        ([(10, 19, "PER")], "shorter_right"),
        ([(11, 19, "PER")], "shorter_both"),
        ([(8, 19, "PER")], "shifted"),
        ([(19, 40, "PER")], "shifted"),
        ([(10, 14, "PER"), (15, 20, "PER")], "split"),
        ([(5, 14, "PER"), (15, 30, "PER")], "split"),
        ([], "missed"),
        ([(0, 10, "PER"), (20, 30, "PER")], "missed"),
    ],
)
def test_each_way_to_miss_has_its_name(
    predicted: list[tuple[int, int, str]], kind: str
) -> None:
    first = next(findings([A], [Span(*row) for row in predicted]))
    assert (first.kind, first.gold) == (kind, A)


def test_a_prediction_over_two_spans_merges_both() -> None:
    second, wide = Span(21, 25, "LOC"), Span(12, 23, "LOC")
    assert list(findings([second, A], [wide])) == [
        Finding("merged", A, wide),
        Finding("merged", second, wide),
    ]


def test_a_split_span_is_counted_with_the_larger_part() -> None:
    parts = [Span(10, 12, "LOC"), Span(13, 20, "ORG")]
    assert [found.cell for found in findings([A], parts)] == [("split", "PER", "ORG")]


def test_what_touches_nothing_is_spurious() -> None:
    stray = Span(20, 22, "LOC")
    found = list(findings([A], [A, stray]))
    assert [f.kind for f in found] == ["right", "spurious"]
    assert found[1].cell == ("spurious", "", "LOC")


def flat_sets(length: int) -> list[list[Span]]:
    """All sets of flat spans of a text with one label."""
    if length == 0:
        return [[]]
    found = list(flat_sets(length - 1))
    for start in range(length):
        span = Span(start, length, "PER")
        found += [[*before, span] for before in flat_sets(start)]
    return found


def test_every_span_is_accounted_for_once() -> None:
    everything = flat_sets(4)
    for gold, predicted in product(everything, everything):
        found = list(findings(gold, predicted))
        assert [f.gold for f in found if f.gold] == gold
        rights = {f.gold for f in found if f.kind == "right"}
        assert rights == set(gold) & set(predicted)
        strays = [f.predicted for f in found if f.kind == "spurious"]
        covered = {i for span in gold for i in range(span.start, span.end)}
        assert strays == [
            p for p in predicted if not covered & set(range(p.start, p.end))
        ]
        assert {f.kind for f in found} <= set(KINDS)
        for one in found:
            is_boundary = one.kind in BOUNDARIES
            assert is_boundary == bool(
                one.gold
                and one.predicted
                and (one.gold.start, one.gold.end)
                != (one.predicted.start, one.predicted.end)
            )


def test_documents_are_added_up() -> None:
    counts = tally([[A], [A], []], [[A], [], [A]])
    assert counts == Counter(
        {
            ("right", "PER", "PER"): 1,
            ("missed", "PER", ""): 1,
            ("spurious", "", "PER"): 1,
        }
    )
    with pytest.raises(ValueError, match="argument"):
        tally([[A]], [])
