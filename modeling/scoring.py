"""Exact-match precision, recall and F1 of spans, with bootstrap over documents."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from statistics import stdev

from modeling.spans import Span


@dataclass(frozen=True, slots=True)
class Counts:
    """Spans found, predicted and wanted; a measure that is undefined is 0.0."""

    true_positives: int = 0
    predicted: int = 0
    gold: int = 0

    @property
    def precision(self) -> float:
        """Share of the predicted spans that are right."""
        return self.true_positives / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Share of the gold spans that were predicted."""
        return self.true_positives / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        spans = self.predicted + self.gold
        return 2 * self.true_positives / spans if spans else 0.0


@dataclass(frozen=True, slots=True)
class Score:
    """Counts over all spans, and of each label that is gold or predicted, by name."""

    micro: Counts
    labels: dict[str, Counts]


def score(
    gold: Iterable[Collection[Span]], predicted: Iterable[Collection[Span]]
) -> Score:
    """Count exact matches: a span is right if start, end and label are.

    Equals conlleval and seqeval on the spans that `modeling.tagging.decode` reads.

    Args:
        gold: Spans of each document.
        predicted: Spans of the same documents in the same order.

    Raises:
        ValueError: The numbers of documents differ.
    """
    matched: Counter[str] = Counter()
    guessed: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    for gold_spans, predicted_spans in zip(gold, predicted, strict=True):
        truth, guess = set(gold_spans), set(predicted_spans)
        matched.update(span.label for span in truth & guess)
        guessed.update(span.label for span in guess)
        wanted.update(span.label for span in truth)
    return Score(
        Counts(matched.total(), guessed.total(), wanted.total()),
        {
            label: Counts(matched[label], guessed[label], wanted[label])
            for label in sorted(wanted | guessed)
        },
    )


def bootstrap_f1_difference(
    gold: Sequence[Collection[Span]],
    first: Sequence[Collection[Span]],
    second: Sequence[Collection[Span]],
    *,
    samples: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Compare two predictions of the same documents by a paired bootstrap.

    Both are scored on the same resampled documents (Efron & Tibshirani 1993, ch. 6;
    Koehn 2004 for paired samples).

    Args:
        gold: Spans of each document.
        first: One prediction of each document.
        second: Another prediction of each document.
        samples: Number of resamples, at least 2.
        seed: Seed of the resampling.

    Returns:
        Micro F1 of first minus that of second, and the standard error of it.

    Raises:
        ValueError: There are no documents or their numbers differ.
    """
    of_first, of_second = _by_document(gold, first), _by_document(gold, second)
    differences = [
        _total(of_first, drawn).f1 - _total(of_second, drawn).f1
        for drawn in _resamples(len(gold), samples, seed)
    ]
    everything = range(len(gold))
    difference = _total(of_first, everything).f1 - _total(of_second, everything).f1
    return difference, stdev(differences)


def _by_document(
    gold: Sequence[Collection[Span]], predicted: Sequence[Collection[Span]]
) -> list[Counts]:
    """Count each document on its own."""
    pairs = zip(gold, predicted, strict=True)
    return [score([truth], [guess]).micro for truth, guess in pairs]


def _resamples(documents: int, samples: int, seed: int) -> Iterable[list[int]]:
    """Draw documents with replacement, as many as there are, so many times."""
    if not documents:
        raise ValueError("a bootstrap needs at least one document")
    random = Random(seed)
    return (random.choices(range(documents), k=documents) for _ in range(samples))


def _total(documents: Sequence[Counts], drawn: Iterable[int]) -> Counts:
    """Add the counts of the drawn documents."""
    chosen = [documents[index] for index in drawn]
    return Counts(
        sum(counts.true_positives for counts in chosen),
        sum(counts.predicted for counts in chosen),
        sum(counts.gold for counts in chosen),
    )
