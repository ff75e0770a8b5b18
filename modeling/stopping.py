"""When to stop annotating: what more documents buy, and whether models still change."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from modeling.scoring import score
from modeling.spans import Span

FEWEST_POINTS: Final = 4
"""Measurements of F1 below which no curve is fitted."""

STABLE_AGREEMENT: Final = 0.99
STABLE_ROUNDS: Final = 3

Array = NDArray[np.float64]

# Runs of one recipe differ by about a point of F1: worth this many measurements.
_USUAL_NOISE: Final = 0.01
_USUAL_WEIGHT: Final = 4.0
# Exponents of learning curves lie around a half, seldom beyond a factor of e.
_USUAL_EXPONENT: Final = 0.5
_EXPONENTS: Final = np.geomspace(0.05, 2.0, 40)
_SAMPLES: Final = 1000


@dataclass(frozen=True, slots=True)
class Gain:
    """What more documents are expected to add to F1, all as shares, not in points.

    Attributes:
        expected: Rise of the fitted curve.
        low: Lower bound of the rise.
        high: Upper bound of the rise.
        next_low: Lower bound of the F1 that will be measured then.
        next_high: Upper bound of that F1.
    """

    expected: float
    low: float
    high: float
    next_low: float
    next_high: float


@dataclass(frozen=True, slots=True)
class _Curves:
    """Fitted curves ``a - b x^-c``, a column each."""

    a: Array  # shape: (curves,)
    b: Array  # shape: (curves,)
    c: Array  # shape: (curves,)

    def at(self, x: float) -> Array:
        """Give the height of each curve: (curves,)."""
        heights: Array = self.a - self.b * x**-self.c
        return heights


def predict_gain(
    documents: Sequence[float],
    f1: Sequence[float],
    extra: float = 100,
    *,
    level: float = 0.95,
    seed: int = 0,
) -> Gain | None:
    """Predict what more annotated documents add to F1.

    Fits the inverse power law ``F1(n) = a - b n^-c``, ``a <= 1`` and ``b >= 0``, by
    least squares that weigh later measurements more (Figueroa et al. 2012), with a weak
    prior on c. The bounds come from a parametric bootstrap (Efron & Tibshirani 1993,
    section 6.5): measurements are drawn around the fit, their variance from its
    posterior (scaled inverse chi-square with a weak prior of a point of F1), and fitted
    again. The measurement to come has noise of its own, so its interval is the wider.

    Args:
        documents: Annotated documents at each measurement, in any order.
        f1: F1 on one held-out set, from 0 to 1.
        extra: Documents to be added to the largest number.
        level: Share of cases that the intervals should hold.
        seed: Seed of the bootstrap.

    Returns:
        The gain; None below `FEWEST_POINTS` different numbers of documents.

    Raises:
        ValueError: The lengths differ, a number of documents or the extra ones are not
            positive, an F1 is outside of [0, 1], or the level outside of (0, 1).
    """
    sizes, measured = _checked(documents, f1, extra, level)
    if len(np.unique(sizes)) < FEWEST_POINTS:
        return None
    sizes, ahead = sizes / sizes[-1], 1 + extra / float(sizes[-1])
    weights = np.arange(1, len(sizes) + 1) / len(sizes)  # shape: (points,)
    fitted = _fit(sizes, measured[:, None], weights)
    heights = np.array([fitted.at(x)[0] for x in sizes])  # shape: (points,)
    random = np.random.default_rng(seed)
    spread = _draw_noise(measured - heights, weights, random)  # shape: (samples,)
    noise = random.standard_normal((len(sizes), _SAMPLES)) * spread
    again = _fit(sizes, heights[:, None] + noise, weights)
    rises = again.at(ahead) - again.at(1.0)  # shape: (samples,)
    news = again.at(ahead) + spread * random.standard_normal(_SAMPLES)
    ends = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(rises, ends)
    next_low, next_high = np.clip(np.quantile(news, ends), 0.0, 1.0)
    expected = float((fitted.at(ahead) - fitted.at(1.0))[0])
    return Gain(
        expected,
        min(float(low), expected),
        max(float(high), expected),
        float(next_low),
        float(next_high),
    )


def span_agreement(
    first: Sequence[Collection[Span]], second: Sequence[Collection[Span]]
) -> float | None:
    """Say how far two models agree: F1 of one's spans against the other's.

    Agreement of tokens, as by Cohen's kappa, is mostly that of the tokens outside of
    spans; spans are what is wanted.

    Args:
        first: Spans of each document.
        second: Spans of the same documents.

    Returns:
        From 0 to 1; None where neither model found a span, which shows nothing.

    Raises:
        ValueError: The numbers of documents differ.
    """
    counts = score(first, second).micro
    return counts.f1 if counts.predicted + counts.gold else None


def is_stable(
    agreements: Sequence[float | None],
    threshold: float = STABLE_AGREEMENT,
    rounds: int = STABLE_ROUNDS,
) -> bool:
    """Advise to stop when the last models agreed (Bloodgood & Vijay-Shanker 2009).

    Args:
        agreements: Of each model with the one before it, the newest last.
        threshold: Agreement that counts as none of them having changed.
        rounds: How many of the last ones must reach it.
    """
    latest = agreements[-rounds:]
    return len(latest) == rounds and all(
        value is not None and value >= threshold for value in latest
    )


def _checked(
    documents: Sequence[float], f1: Sequence[float], extra: float, level: float
) -> tuple[Array, Array]:
    """Give both as arrays in the order of the documents, or refuse them."""
    if len(documents) != len(f1):
        raise ValueError(f"{len(documents)} sizes do not fit {len(f1)} measurements")
    sizes, measured = np.array(documents, float), np.array(f1, float)
    if not extra > 0 or not (sizes > 0).all():
        raise ValueError("documents must be positive numbers")
    if not ((measured >= 0) & (measured <= 1)).all():
        raise ValueError("F1 must lie between 0 and 1")
    if not 0 < level < 1:
        raise ValueError(f"the level must lie between 0 and 1, got {level}")
    order = np.argsort(sizes, kind="stable")
    return sizes[order], measured[order]


def _draw_noise(residuals: Array, weights: Array, random: np.random.Generator) -> Array:
    """Draw standard deviations of a measurement from their posterior: (samples,)."""
    # Three parameters were fitted.
    freedom = max(0, len(residuals) - 3) + _USUAL_WEIGHT
    errors = len(residuals) * float(np.average(residuals**2, weights=weights))
    scale = errors + _USUAL_WEIGHT * _USUAL_NOISE**2
    spread: Array = np.sqrt(scale / random.chisquare(freedom, _SAMPLES))
    return spread


def _fit(sizes: Array, measured: Array, weights: Array) -> _Curves:
    """Fit a power law to each column by weighted least squares, over a grid of c.

    Args:
        sizes: Documents as shares of the largest number, (points,).
        measured: (points, curves).
        weights: (points,).
    """
    count = measured.shape[1]
    best = np.full(count, np.inf)
    a, b, c = np.zeros(count), np.zeros(count), np.zeros(count)
    for exponent in _EXPONENTS:
        x = sizes**-exponent
        height, slope = _line(x, measured, weights)
        errors = (measured - height + slope * x[:, None]) ** 2
        doubt = np.log(exponent / _USUAL_EXPONENT) ** 2
        loss = weights @ errors + doubt * _USUAL_NOISE**2
        is_better = loss < best
        best = np.where(is_better, loss, best)
        a, b = np.where(is_better, height, a), np.where(is_better, slope, b)
        c = np.where(is_better, exponent, c)
    return _Curves(a, b, c)


def _line(x: Array, y: Array, weights: Array) -> tuple[Array, Array]:
    """Fit ``y = a - b x`` to each column with ``a <= 1`` and ``b >= 0``."""
    shares = weights / weights.sum()
    mean_x, mean_y = shares @ x, shares @ y
    apart = x - mean_x
    slope = np.maximum(-(shares * apart) @ y / (shares @ apart**2), 0.0)
    height = mean_y + slope * mean_x
    # Where the best height is beyond 1, the best slope of those through 1.
    through_one = np.maximum((shares * x) @ (1 - y) / (shares @ x**2), 0.0)
    slope = np.where(height > 1, through_one, slope)
    return np.minimum(height, 1.0), slope
