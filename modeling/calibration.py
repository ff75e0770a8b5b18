"""Does a confidence of 80 % mean right in 80 % of the cases? Measures, and a fit.

Pure functions on confidences in [0, 1] and on whether each proposal was right.
"""

import math
from collections.abc import Callable
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS: Final = 10
ENOUGH_SPANS: Final = 200
"""A temperature from fewer spans is mostly the prior's."""
TEMPERATURES: Final = (0.25, 8.0)
PRIOR_SPREAD: Final = 0.5
"""Standard deviation of log T before any span was seen."""

Bins = Literal["mass", "width"]
Curve = tuple[float, float, float]
"""The a, b and c of `bend`."""
IDENTITY: Final[Curve] = (1.0, 1.0, 0.0)
Floats = NDArray[np.float64]
_SMALLEST: Final = 1e-7
_NEWTON_STEPS: Final = 100
_GOLDEN: Final = (math.sqrt(5) - 1) / 2


def log_loss(confidences: ArrayLike, is_right: ArrayLike) -> float:
    """Average the negative log-likelihood of what happened, in nats.

    -1/n sum log(p if right else 1 - p), with p cut to [1e-7, 1 - 1e-7].

    Args:
        confidences: (n,), in [0, 1].
        is_right: (n,), 0 or 1.

    Raises:
        ValueError: If the lengths differ, there are none, or a value is out of range.
    """
    p, y = _checked(confidences, is_right)
    p = p.clip(_SMALLEST, 1 - _SMALLEST)
    return float(-np.mean(np.log(np.where(y == 1, p, 1 - p))))


def calibration_error(
    confidences: ArrayLike,
    is_right: ArrayLike,
    bins: int = BINS,
    kind: Bins = "mass",
) -> float:
    """Average the gap of confidence and share right over bins, weighted by size.

    ECE = sum_b n_b/n |mean confidence_b - share right_b| (Naeini et al. 2015), with
    bins of equal width, or of equal mass (Nguyen & O'Connor 2015). It is above 0 even
    for a perfect model, see `expected_error_if_calibrated`.

    Args:
        confidences: (n,), in [0, 1].
        is_right: (n,), 0 or 1.
        bins: Number of bins; fewer where confidences are few.
        kind: "mass" or "width".

    Raises:
        ValueError: As `log_loss`, or if bins or kind are none.
    """
    rows = reliability(confidences, is_right, bins, kind)
    total = sum(row[4] for row in rows)
    return sum(row[4] * abs(row[2] - row[3]) for row in rows) / total


def reliability(
    confidences: ArrayLike,
    is_right: ArrayLike,
    bins: int = BINS,
    kind: Bins = "mass",
) -> list[list[float]]:
    """Bin proposals by confidence, as a reliability diagram shows them.

    Args:
        confidences: (n,), in [0, 1].
        is_right: (n,), 0 or 1.
        bins: Number of bins; fewer where confidences are few.
        kind: "mass" cuts the sorted confidences into equal parts, "width" [0, 1].

    Returns:
        [low, high, mean confidence, share right, count] of each bin that is not empty,
        in rising order; low and high are the extremes in the bin for "mass".

    Raises:
        ValueError: As `log_loss`, or if bins or kind are none.
    """
    p, y = _checked(confidences, is_right)
    if bins < 1 or kind not in ("mass", "width"):
        raise ValueError(f"no reliability in {bins} bins of equal '{kind}'")
    order = np.argsort(p, kind="stable")
    p, y = p[order], y[order]
    if kind == "mass":
        parts = [part for part in np.array_split(np.arange(len(p)), bins) if len(part)]
        edges = [(p[part[0]], p[part[-1]]) for part in parts]
    else:
        of = np.minimum((p * bins).astype(int), bins - 1)
        parts = [np.flatnonzero(of == number) for number in np.unique(of)]
        edges = [(number / bins, (number + 1) / bins) for number in np.unique(of)]
    return [
        [float(low), float(high), float(p[i].mean()), float(y[i].mean()), len(i)]
        for (low, high), i in zip(edges, parts, strict=True)
    ]


def expected_error_if_calibrated(
    confidences: ArrayLike, bins: int = BINS, kind: Bins = "mass", draws: int = 200
) -> float:
    """Say what `calibration_error` comes to by chance when confidences are right.

    Answers are drawn with just those probabilities; a measured error at this height
    shows no miscalibration (Bröcker & Smith 2007, "consistency resampling").
    """
    p = np.asarray(confidences, float)
    generator = np.random.default_rng(0)
    drawn = (generator.random((draws, len(p))) < p).astype(float)
    return float(np.mean([calibration_error(p, y, bins, kind) for y in drawn]))


def auroc(confidences: ArrayLike, is_right: ArrayLike) -> float:
    """Probability that a right proposal is surer than a wrong one; ties count half.

    The area under the ROC curve as Mann and Whitney's (1947) U / (n_right n_wrong).

    Returns:
        In [0, 1]; nan when all proposals are right or all are wrong.

    Raises:
        ValueError: As `log_loss`.
    """
    p, y = _checked(confidences, is_right)
    right, wrong = p[y == 1], np.sort(p[y == 0])
    if not len(right) or not len(wrong):
        return math.nan
    below = np.searchsorted(wrong, right, "left")
    up_to = np.searchsorted(wrong, right, "right")
    return float((below + up_to).mean() / (2 * len(wrong)))


def fit_temperature(loss: Callable[[float], float], spans: int) -> float:
    """Find the temperature under which held-out answers are most probable.

    Minimises n * loss(T) + (log T)^2 / (2 * 0.5^2) by golden-section search on log T:
    the log-normal prior around 1 decides while spans are few and is nothing beside a
    thousand. Without spans it is 1.

    Args:
        loss: Mean log-loss of the spans' confidences at a temperature, see `log_loss`.
        spans: How many spans the loss is averaged over.

    Returns:
        T within `TEMPERATURES`.
    """
    if spans < 1:
        return 1.0

    def penalised(log_t: float) -> float:
        return spans * loss(math.exp(log_t)) + 0.5 * (log_t / PRIOR_SPREAD) ** 2

    low, high = (math.log(limit) for limit in TEMPERATURES)
    return math.exp(golden_section(penalised, low, high))


def bend(confidences: ArrayLike, curve: Curve) -> Floats:
    """Map confidences by a beta calibration curve (Kull et al. 2017).

    p -> 1 / (1 + exp(-(a log p - b log(1 - p) + c))): (1, 1, 0) changes nothing, c
    shifts all, and a and b bend the ends of the scale, each by itself. As neither is
    negative, the order stays.

    Args:
        confidences: Any shape, in [0, 1].
        curve: See `fit_curve`.

    Returns:
        Shaped as the confidences, in [0, 1].
    """
    p = np.asarray(confidences, float)
    if curve == IDENTITY:
        return p
    return np.asarray(1 / (1 + np.exp(-(_ends(p) @ np.array(curve)))))


def fit_curve(confidences: ArrayLike, is_right: ArrayLike) -> Curve:
    """Fit a beta calibration curve to answers, shrunk towards changing nothing.

    Logistic regression on log p and -log(1 - p) by Newton's method, with normal priors
    of variance 1 around (1, 1, 0), so few answers change little.

    Args:
        confidences: (n,), in [0, 1].
        is_right: (n,), 0 or 1.

    Returns:
        a >= 0, b >= 0 and c; `IDENTITY` without answers.

    Raises:
        ValueError: As `log_loss`, but for there being none.
    """
    if not np.size(confidences):
        return IDENTITY
    p, y = _checked(confidences, is_right)
    features = _ends(p)  # shape: (n, 3)
    is_free = np.ones(3, dtype=bool)
    weights = _newton(features, y, is_free)
    while (weights < 0)[:2].any():  # held at 0, where the others have a best of theirs
        is_free[:2] &= weights[:2] > 0
        weights = _newton(features, y, is_free)
    a, b, c = weights.tolist()
    return a, b, c


def _newton(features: Floats, y: Floats, is_free: NDArray[np.bool_]) -> Floats:
    """Minimise the penalised log-loss of `fit_curve` over the free weights: (3,).

    A full step may jump over the valley where confidences are near 0 or 1: it is
    halved until it goes down.
    """
    prior = np.array(IDENTITY)

    def loss(weights: Floats) -> float:
        scores = features @ weights  # shape: (n,)
        misses = np.logaddexp(0, scores).sum() - y @ scores
        return float(misses + 0.5 * ((weights - prior) ** 2).sum())

    weights = np.where(is_free, prior, 0.0)
    lowest = loss(weights)
    for _ in range(_NEWTON_STEPS):
        found = 0.5 + 0.5 * np.tanh(features @ weights / 2)
        gradient = (features.T @ (found - y) + weights - prior) * is_free
        spread = features * (found * (1 - found))[:, None]
        curvature = (spread.T @ features) * np.outer(is_free, is_free) + np.eye(3)
        step = np.linalg.solve(curvature, gradient)
        while loss(weights - step) > lowest and np.abs(step).max() > _SMALLEST:
            step /= 2
        if loss(weights - step) >= lowest:
            break
        weights = weights - step
        lowest = loss(weights)
    return weights


def golden_section(
    function: Callable[[float], float], low: float, high: float, width: float = 0.01
) -> float:
    """Find the minimum of a function with one valley (Kiefer 1953).

    Args:
        function: Called once for each step.
        low: Lower end of the bracket.
        high: Upper end.
        width: Of the bracket to stop at.

    Returns:
        The middle of the last bracket.
    """
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > width:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = function(right)
    return (low + high) / 2


def _ends(p: Floats) -> Floats:
    """Give log p, -log(1 - p) and 1 along a new last axis."""
    p = p.clip(_SMALLEST, 1 - _SMALLEST)
    return np.stack([np.log(p), -np.log1p(-p), np.ones_like(p)], axis=-1)


def _checked(confidences: ArrayLike, is_right: ArrayLike) -> tuple[Floats, Floats]:
    """Give both as arrays of floats, or refuse them."""
    p, y = np.asarray(confidences, float), np.asarray(is_right, float)
    if p.ndim != 1 or p.shape != y.shape or not len(p):
        raise ValueError(f"{p.shape} confidences do not fit {y.shape} answers")
    if not (np.all((p >= 0) & (p <= 1)) and np.all((y == 0) | (y == 1))):
        raise ValueError("confidences must lie in [0, 1] and answers be 0 or 1")
    return p, y
