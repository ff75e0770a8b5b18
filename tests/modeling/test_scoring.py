import random
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import classification_report
from seqeval.scheme import IOB2

from modeling.bootstrap import intervals
from modeling.scoring import (
    Counts,
    bootstrap_f1_difference,
    score,
)
from modeling.spans import Span
from modeling.tagging import convert, decode

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-a-b", "I-a-b"]
sequences = st.lists(
    st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from(TAGS)), min_size=1),
    min_size=1,
    max_size=6,
)


def spans_of(tag_sequences):
    return [
        decode(tags, [(index, index + 1) for index in range(len(tags))])
        for tags in tag_sequences
    ]


def seqeval_counts(gold, predicted, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return classification_report(
            gold, predicted, output_dict=True, zero_division=0, **options
        )


def assert_equal_to(report, result):
    rows = {**result.labels, "micro avg": result.micro}
    assert set(report) - {"macro avg", "weighted avg"} == set(rows)
    for name, counts in rows.items():
        assert counts.precision == pytest.approx(report[name]["precision"])
        assert counts.recall == pytest.approx(report[name]["recall"])
        assert counts.f1 == pytest.approx(report[name]["f1-score"])
        assert counts.gold == report[name]["support"]


@given(sequences)
def test_scores_equal_seqeval_on_any_tags(pairs):
    gold = [[tag for tag, _ in sequence] for sequence in pairs]
    predicted = [[tag for _, tag in sequence] for sequence in pairs]
    result = score(spans_of(gold), spans_of(predicted))
    if result.labels:
        assert_equal_to(seqeval_counts(gold, predicted), result)


@given(sequences)
def test_scores_equal_strict_seqeval_on_well_formed_tags(pairs):
    gold = [convert([tag for tag, _ in sequence], "iob2") for sequence in pairs]
    predicted = [convert([tag for _, tag in sequence], "iob2") for sequence in pairs]
    result = score(spans_of(gold), spans_of(predicted))
    if result.micro.gold and result.micro.predicted:
        report = seqeval_counts(gold, predicted, mode="strict", scheme=IOB2)
        assert_equal_to(report, result)


def test_an_example_counted_by_hand():
    gold = [[Span(0, 5, "PER"), Span(9, 12, "LOC")], [Span(3, 4, "LOC")], []]
    predicted = [[Span(0, 5, "PER"), Span(9, 12, "ORG")], [Span(3, 5, "LOC")], []]
    result = score(gold, predicted)
    assert result.micro == Counts(true_positives=1, predicted=3, gold=3)
    assert result.labels == {
        "LOC": Counts(0, 1, 2),
        "ORG": Counts(0, 1, 0),
        "PER": Counts(1, 1, 1),
    }
    assert result.micro.f1 == pytest.approx(1 / 3)


def test_the_same_span_in_another_document_is_wrong():
    span = Span(0, 5, "PER")
    assert score([[span], []], [[], [span]]).micro == Counts(0, 1, 1)


def test_nothing_to_find_scores_zero():
    nothing = score([], []).micro
    assert (nothing.precision, nothing.recall, nothing.f1) == (0.0, 0.0, 0.0)


def test_documents_must_match():
    with pytest.raises(ValueError, match="shorter"):
        score([[], []], [[]])


@pytest.fixture
def documents():
    """Gold spans of 200 documents, and predictions that find 9 and 7 of 10."""
    rng = random.Random(5)
    gold = [[Span(i, i + 1, "X") for i in range(10)] for _ in range(200)]
    good, poor = (
        [[span for span in spans if rng.random() < share] for spans in gold]
        for share in (0.9, 0.7)
    )
    return gold, good, poor


def test_bootstrap_difference(documents):
    gold, good, poor = documents
    difference, error = bootstrap_f1_difference(gold, good, poor)
    measured = score(gold, good).micro.f1 - score(gold, poor).micro.f1
    assert difference == pytest.approx(measured)
    assert 0.004 < error < 0.01
    assert bootstrap_f1_difference(gold, poor, good)[0] == pytest.approx(-difference)
    assert bootstrap_f1_difference(gold, good, good) == (0.0, 0.0)


def test_bootstrap_pairs_documents(documents):
    """Two predictions that fail on the same documents differ with little error."""
    gold, _, poor = documents
    fewer = [
        spans[:-1] if index % 50 == 0 else spans for index, spans in enumerate(poor)
    ]
    _, error = bootstrap_f1_difference(gold, poor, fewer)
    low, high = intervals(gold, poor)[0].f1
    assert error < (high - low) / 8


def test_bootstrap_needs_documents():
    with pytest.raises(ValueError, match="at least one document"):
        bootstrap_f1_difference([], [], [])
