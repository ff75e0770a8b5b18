"""Learning curves: F1 against what it cost, read between the points that were measured.

A curve is a list of points (cost, F1) with rising costs; between two points it is
taken to be straight, and outside of them nothing is claimed.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

Point = tuple[float, float]
Curve = Sequence[Point]


def curve(points: Iterable[Point]) -> list[Point]:
    """Order points by cost; of points with equal costs the last given one counts."""
    return sorted(dict(points).items())


def value_at(line: Curve, cost: float) -> float | None:
    """Read the F1 at a cost.

    Args:
        line: A curve.
        cost: In the unit of the curve.

    Returns:
        The F1, None outside of the curve.
    """
    if not line or not line[0][0] <= cost <= line[-1][0]:
        return None
    for (left, low), (right, high) in pairwise(line):
        if cost <= right:
            return low + (high - low) * (cost - left) / (right - left)
    return line[0][1]


def cost_of(line: Curve, value: float) -> float | None:
    """Find the lowest cost at which a curve has an F1.

    Args:
        line: A curve.
        value: The F1 wanted.

    Returns:
        The cost where the curve is first that high: the first point's where that is
        high enough already; None where the curve ends before.
    """
    if line and line[0][1] >= value:
        return line[0][0]
    for (left, low), (right, high) in pairwise(line):
        if high >= value:
            return left + (right - left) * (value - low) / (high - low)
    return None


def shared_range(lines: Iterable[Curve]) -> tuple[float, float] | None:
    """Find the costs that all curves cover, None where there are no such."""
    ends = [(line[0][0], line[-1][0]) for line in lines if line]
    if not ends:
        return None
    low, high = max(first for first, _ in ends), min(last for _, last in ends)
    return (low, high) if low < high else None


def band(
    lines: Sequence[Curve], steps: int = 60
) -> list[tuple[float, float, float, float]]:
    """Average curves, and say between what they lie, where all of them are known.

    Args:
        lines: Curves of one strategy.
        steps: Equal steps from the lowest to the highest cost they share.

    Returns:
        Rows (cost, mean F1, lowest, highest); none where they share no costs.
    """
    shared = shared_range(lines)
    if shared is None:
        return []
    low, high = shared
    rows = []
    for step in range(steps + 1):
        cost = min(high, low + (high - low) * step / steps)
        asked = (value_at(line, cost) for line in lines)
        values = [value for value in asked if value is not None]
        rows.append((cost, sum(values) / len(values), min(values), max(values)))
    return rows


def mean_height(line: Curve, low: float, high: float) -> float:
    """Average F1 over a range of costs: the area under the curve by its width.

    Args:
        line: A curve that covers the range.
        low: Where the range begins.
        high: Where it ends, above `low`.

    Raises:
        ValueError: The curve does not cover the range.
    """
    first, last = value_at(line, low), value_at(line, high)
    if first is None or last is None or low >= high:
        raise ValueError(f"the curve does not cover the costs from {low} to {high}")
    inside = [point for point in line if low < point[0] < high]
    points = [(low, first), *inside, (high, last)]
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(points))
    return area / (high - low)


def mean_ratio(line: Curve, other: Curve, levels: int = 20) -> float | None:
    """Compare the costs of the same F1, averaged over the F1 that both curves climb.

    Args:
        line: A curve.
        other: The one to compare with.
        levels: How many F1, evenly spread from the higher start to the lower top.

    Returns:
        Mean of cost in `line` / cost in `other`; None where they share no F1.
    """
    if not line or not other:
        return None
    low = max(line[0][1], other[0][1])
    high = min(max(value for _, value in each) for each in (line, other))
    if low >= high:
        return None
    ratios = []
    for step in range(1, levels + 1):
        value = low + (high - low) * step / levels
        mine, theirs = cost_of(line, value), cost_of(other, value)
        if mine is not None and theirs:
            ratios.append(mine / theirs)
    return sum(ratios) / len(ratios) if ratios else None
