"""Intervals of precision, recall and F1 for every label, documents resampled."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from modeling.scoring import Counts, score
from modeling.spans import Span

Interval = tuple[float, float]
_AT_ONCE: Final = 2_000_000  # weights of documents in memory


@dataclass(frozen=True, slots=True)
class Intervals:
    """The 95 % percentile intervals of one label's measures, each in [0, 1]."""

    precision: Interval
    recall: Interval
    f1: Interval


def intervals(
    gold: Sequence[Collection[Span]],
    predicted: Sequence[Collection[Span]],
    *,
    samples: int = 1000,
    seed: int = 0,
) -> tuple[Intervals, dict[str, Intervals]]:
    """Bound the measures of all labels together and of each by a bootstrap.

    Documents, not spans, are drawn with replacement, because the spans of a document
    depend on each other (Efron & Tibshirani 1993, ch. 13). A resample in which a
    measure is undefined does not count for it.

    Args:
        gold: Spans of each document.
        predicted: Spans of the same documents in the same order.
        samples: Number of resamples.
        seed: Seed of the resampling.

    Returns:
        The intervals over all spans, and of each label that is gold or predicted.

    Raises:
        ValueError: There are no documents or their numbers differ.
    """
    if not len(gold):
        raise ValueError("a bootstrap needs at least one document")
    total = score(gold, predicted)
    names = list(total.labels)
    counts = np.zeros((len(gold), 1 + len(names), 3))  # shape: (documents, labels, 3)
    for row, (truth, guess) in enumerate(zip(gold, predicted, strict=True)):
        one = score([truth], [guess])
        counts[row, 0] = _triple(one.micro)
        for name, found in one.labels.items():
            counts[row, 1 + names.index(name)] = _triple(found)
    bounds = _bounds(_resampled(counts, samples, seed))
    everything, *each = (Intervals(*map(_pair, measures)) for measures in bounds)
    return everything, dict(zip(names, each, strict=True))


def _triple(counts: Counts) -> tuple[int, int, int]:
    """Give what is added up over documents."""
    return counts.true_positives, counts.predicted, counts.gold


def _resampled(
    counts: NDArray[np.float64], samples: int, seed: int
) -> NDArray[np.float64]:
    """Add the counts of drawn documents up: (samples, labels, 3)."""
    random = np.random.default_rng(seed)
    documents = len(counts)
    flat = counts.reshape(documents, -1)  # shape: (documents, labels * 3)
    share = np.full(documents, 1 / documents)  # shape: (documents,)
    step = max(1, _AT_ONCE // documents)
    sums = [
        random.multinomial(documents, share, min(step, samples - start)) @ flat
        for start in range(0, samples, step)
    ]
    return np.concatenate(sums).reshape(samples, *counts.shape[1:])


def _bounds(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bound the measures of resampled counts: (labels, 3 measures, 2 bounds)."""
    right, predicted, gold = np.moveaxis(sums, 2, 0)  # each of shape: (samples, labels)
    tops = np.stack([right, right, 2 * right])  # shape: (3, samples, labels)
    bottoms = np.stack([predicted, gold, predicted + gold])
    bounds = np.zeros((sums.shape[1], 3, 2))
    for measure, (top, bottom) in enumerate(zip(tops, bottoms, strict=True)):
        for label in range(sums.shape[1]):
            is_defined = bottom[:, label] > 0
            if is_defined.any():
                values = top[is_defined, label] / bottom[is_defined, label]
                bounds[label, measure] = np.quantile(values, [0.025, 0.975])
    return bounds


def _pair(bounds: NDArray[np.float64]) -> Interval:
    """Give an interval as plain numbers."""
    return float(bounds[0]), float(bounds[1])
