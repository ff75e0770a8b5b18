import pytest

from modeling.confidence import CERTAIN
from modeling.inference import Prediction, ScoredSpan
from modeling.self_training import confident_example
from modeling.spans import Span
from modeling.tokens import tokenize

TEXT = "Ada met Bo Ray in rainy Kew ."
TOKENS = tuple(tokenize(TEXT))
ADA, BO_RAY, KEW = Span(0, 3, "PER"), Span(8, 14, "PER"), Span(24, 27, "LOC")


def predicted(confidences, posteriors):
    spans = tuple(
        ScoredSpan(span.start, span.end, span.label, posterior)
        for span, posterior in zip((ADA, BO_RAY, KEW), posteriors, strict=True)
    )
    return Prediction(spans, tuple(confidences), (), CERTAIN)


def found(confidences, posteriors, threshold=0.9):
    return confident_example(
        TEXT, TOKENS, predicted(confidences, posteriors), threshold
    )


def test_a_sure_document_is_known_from_end_to_end():
    example = found([0.99] * 8, [0.95] * 3)
    assert example.spans == (ADA, BO_RAY, KEW)
    assert example.known == ((0, len(TEXT)),)


def test_a_doubtful_span_is_neither_a_span_nor_o():
    """Its tokens are sure on their own, its borders are not: the posterior decides."""
    example = found([0.99] * 8, [0.95, 0.5, 0.95])
    assert example.spans == (ADA, KEW)
    assert [TEXT[start:end] for start, end in example.known] == [
        "Ada met",
        "in rainy Kew .",
    ]


def test_a_doubtful_o_is_unknown():
    example = found([0.99, 0.99, 0.99, 0.99, 0.99, 0.6, 0.99, 0.99], [0.95] * 3)
    assert example.spans == (ADA, BO_RAY, KEW)
    assert [TEXT[start:end] for start, end in example.known] == [
        "Ada met Bo Ray in",
        "Kew .",
    ]


def test_nothing_sure_is_no_example():
    assert found([0.5] * 8, [0.5] * 3) is None
    assert confident_example("", (), Prediction((), (), (), CERTAIN), 0.9) is None


@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.9, 1.0])
def test_every_kept_span_lies_in_a_known_region(threshold):
    confidences = [0.3, 0.6, 0.9, 1.0, 0.4, 0.95, 0.2, 0.7]
    example = found(confidences, [0.4, 0.8, 1.0], threshold)
    for span in example.spans:
        assert any(a <= span.start and span.end <= b for a, b in example.known)
