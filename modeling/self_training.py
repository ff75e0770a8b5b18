"""Learning from what a model is sure of in documents that nobody has read."""

from collections.abc import Iterator, Sequence
from typing import Final

from modeling.examples import Example
from modeling.inference import Prediction, ScoredSpan
from modeling.spans import Span
from modeling.tokens import Token

THRESHOLD: Final = 0.98


def confident_example(
    text: str,
    tokens: Sequence[Token],
    prediction: Prediction,
    threshold: float = THRESHOLD,
) -> Example | None:
    """Keep what is surely right of a prediction; all the rest is unknown.

    A decoded span is kept if its confidence reaches the threshold, a token outside of
    the decoded spans if the marginal of its O does (self-training after Yarowsky 1995,
    on parts of a document as Tomanek & Hahn 2009, "Semi-supervised active learning for
    sequence labeling", annotate the rest by hand). The known regions cover both, so
    that a token in a doubtful span is no O.

    Args:
        text: The document.
        tokens: Its tokens, half-open code points.
        prediction: What a tagger says about it.
        threshold: A probability.

    Returns:
        The example, None if nothing is sure.
    """
    spans = [span for span in prediction.spans if span.confidence >= threshold]
    known = tuple(_known_regions(tokens, prediction, spans, threshold))
    if not known:
        return None
    kept = tuple(Span(span.start, span.end, span.label) for span in spans)
    return Example(text, tuple(tokens), kept, known)


def _known_regions(
    tokens: Sequence[Token],
    prediction: Prediction,
    kept: Sequence[ScoredSpan],
    threshold: float,
) -> Iterator[tuple[int, int]]:
    """Join neighbouring tokens that are known into regions of the text."""
    is_known = [
        confidence >= threshold
        and not _covers(prediction.spans, token)
        or _covers(kept, token)
        for token, confidence in zip(tokens, prediction.token_confidences, strict=True)
    ]
    start: int | None = None
    for index, (token, known) in enumerate(zip(tokens, is_known, strict=True)):
        if known and start is None:
            start = token[0]
        is_end = index + 1 == len(tokens) or not is_known[index + 1]
        if start is not None and is_end:
            yield start, token[1]
            start = None


def _covers(spans: Sequence[ScoredSpan], token: Token) -> bool:
    """Say whether a token lies in one of some spans."""
    return any(span.start <= token[0] < span.end for span in spans)
