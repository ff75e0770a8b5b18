"""Pictures computed on the server: plain numbers that an SVG template draws."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotator.statistics import CurvePoint, Histogram

WIDTH, HEIGHT = 480, 220
SMALL_WIDTH, SMALL_HEIGHT = 320, 170
LEFT, RIGHT, TOP, BOTTOM = 40, 12, 12, 34
SERIES = 3  # ways to draw a measured curve, see chart__line--0 and on


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: where, and what it says."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    start: str
    end: str
    count: int


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float
    low: float
    high: float
    value: Any


@dataclass(frozen=True, slots=True)
class Frame:
    """The plotting area inside a picture, and its axes."""

    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


@dataclass(frozen=True, slots=True)
class Bars:
    frame: Frame
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Line:
    frame: Frame
    points: Sequence[Point]
    path: str


@dataclass(frozen=True, slots=True)
class Band:
    """A measured curve with its spread, such as a strategy of a simulation."""

    name: str
    series: str  # "random" or a number: which colour and dash it has
    path: str
    area: str
    rows: Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Curves:
    """The project's own runs beside what a simulation measured."""

    frame: Frame
    points: Sequence[Point]
    bands: Sequence[Band]


@dataclass(frozen=True, slots=True)
class Reliability:
    """Bars of what was right by how sure the model was; level is the diagonal."""

    frame: Frame
    bars: Sequence[Bar]
    points: Sequence[Point]
    level: str


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps values in [low, high] to positions in [start, end]."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low or 1)
        return round(self.start + share * (self.end - self.start), 2)


def nice_step(highest: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 … that needs at most four steps."""
    steps = (factor * 10**power for power in itertools.count() for factor in (1, 2, 5))
    return next(step for step in steps if highest <= 4 * step)


def count_axis(highest: int, start: float, end: float) -> tuple[Axis, list[Tick]]:
    """An axis of whole numbers from 0 to a round number not below the highest."""
    step = nice_step(highest)
    top = max(1, -(-highest // step)) * step
    axis = Axis(0, top, start, end)
    return axis, [Tick(axis(n), str(n)) for n in range(0, top + 1, step)]


def histogram(data: Histogram) -> Bars:
    """The confidences of the remaining documents as bars."""
    x = Axis(data.low, data.high, LEFT, WIDTH - RIGHT)
    y, y_ticks = count_axis(max(data.counts), HEIGHT - BOTTOM, TOP)
    width = (data.high - data.low) / len(data.counts)
    bars = []
    for number, count in enumerate(data.counts):
        start, end = data.low + number * width, data.low + (number + 1) * width
        left, top = x(start) + 1, y(count)
        width_drawn = round(x(end) - left - 1, 2)
        place = (left, top, width_drawn, round(y(0) - top, 2))
        bars.append(Bar(*place, f"{start:.2f}", f"{end:.2f}", count))
    tenths = range(round(data.low * 10), 11)
    every = 2 if len(tenths) > 6 else 1
    x_ticks = [
        Tick(x(n / 10), f"{n / 10:.1f}") for n in tenths if (10 - n) % every == 0
    ]
    return Bars(Frame(x_ticks, y_ticks), bars)


def learning_curve(data: Sequence[CurvePoint]) -> Line:
    """F1 on the evaluation slice, with its interval, by documents trained on.

    The line goes through the runs that were trained as the newest one was.
    """
    most = max((point.documents for point in data), default=1)
    x, x_ticks = count_axis(most, LEFT, WIDTH - RIGHT)
    y, y_ticks = _unit_axis(HEIGHT - BOTTOM, TOP)
    points = [
        Point(x(p.documents), y(p.f1), y(p.low), y(p.high), p)
        for p in sorted(data, key=lambda p: (p.documents, p.run))
    ]
    like_newest = [point for point in points if point.value.is_like_newest]
    return Line(Frame(x_ticks, y_ticks), points, path_through(like_newest))


def yardstick(
    data: Sequence[CurvePoint], measured: Mapping[str, Sequence[Sequence[float]]]
) -> Curves:
    """F1 by tokens read: the project's runs, and each simulated strategy's band.

    Args:
        data: The project's own runs.
        measured: Rows of tokens, mean F1, lowest and highest, by strategy.
    """
    tokens = [row[0] for rows in measured.values() for row in rows]
    most = max([*tokens, *(point.tokens for point in data)], default=1)
    x, x_ticks = count_axis(math.ceil(most), LEFT, WIDTH - RIGHT)
    y, y_ticks = _unit_axis(HEIGHT - BOTTOM, TOP)
    points = [
        Point(x(p.tokens), y(p.f1), y(p.low), y(p.high), p) for p in data if p.tokens
    ]
    bands: list[Band] = []
    for name, rows in measured.items():
        middle = [Point(x(row[0]), y(row[1]), 0, 0, row) for row in rows]
        there = [Point(x(row[0]), y(row[3]), 0, 0, row) for row in rows]
        back = [Point(x(row[0]), y(row[2]), 0, 0, row) for row in reversed(rows)]
        area = path_through([*there, *back])
        series = name if name == "random" else str(len(bands) % SERIES)
        bands.append(Band(name, series, path_through(middle), f"{area} Z", rows))
    return Curves(Frame(x_ticks, y_ticks), points, bands)


def reliability(rows: Sequence[Sequence[float]]) -> Reliability:
    """How often spans were right, by how sure the model was of them.

    Args:
        rows: Bins as lowest and highest confidence, their mean, the share that was
            right, and how many; an empty bin is left out.
    """
    right, bottom = SMALL_WIDTH - RIGHT, SMALL_WIDTH - BOTTOM
    x, x_ticks = _unit_axis(LEFT, right)
    y, y_ticks = _unit_axis(bottom, TOP)
    bars, points = [], []
    for low, high, mean, share, count in rows:
        if not count:
            continue
        width = round(x(high) - x(low) - 1, 2)
        height = round(y(0) - y(share), 2)
        place = (x(low) + 0.5, y(share), width, height)
        bars.append(Bar(*place, f"{low:.2f}", f"{high:.2f}", int(count)))
        points.append(Point(x(mean), y(share), 0, 0, (mean, share, int(count))))
    size = (SMALL_WIDTH, SMALL_WIDTH, LEFT, right, TOP, bottom)
    level = f"M{x(0)} {y(0)} L{x(1)} {y(1)}"
    return Reliability(Frame(x_ticks, y_ticks, *size), bars, points, level)


def _unit_axis(start: float, end: float) -> tuple[Axis, list[Tick]]:
    """An axis from 0 to 1 with a mark at every quarter."""
    axis = Axis(0, 1, start, end)
    return axis, [Tick(axis(n / 4), f"{n / 4:.2f}") for n in range(5)]


def progress_line(history: Sequence[dict[str, Any]], key: str) -> Line | None:
    """Loss by step or F1 by epoch of a training run; None below two values."""
    is_epoch = key == "dev_f1"
    entries = [entry for entry in history if ("epoch" in entry) == is_epoch]
    pairs = [(e["step"], e[key]) for e in entries if e.get(key) is not None]
    if len(pairs) < 2:
        return None
    right, bottom = SMALL_WIDTH - RIGHT, SMALL_HEIGHT - BOTTOM
    x = Axis(0, pairs[-1][0], LEFT, right)
    y, y_ticks = quantity_axis(max(value for _, value in pairs), bottom, TOP)
    points = [Point(x(s), y(v), y(v), y(v), (s, v)) for s, v in pairs]
    x_ticks = [Tick(x(step), str(step)) for step in (0, pairs[-1][0])]
    size = (SMALL_WIDTH, SMALL_HEIGHT, LEFT, right, TOP, bottom)
    return Line(Frame(x_ticks, y_ticks, *size), points, path_through(points))


def quantity_axis(highest: float, start: float, end: float) -> tuple[Axis, list[Tick]]:
    """An axis from 0 past the highest value, with a mark at round numbers."""
    scale = 1 if highest > 2 else 100
    axis, ticks = count_axis(math.ceil(highest * scale), start, end)
    axis = Axis(0, axis.high / scale, start, end)
    return axis, [Tick(t.at, f"{int(t.text) / scale:g}") for t in ticks]


def path_through(points: Sequence[Point]) -> str:
    return " ".join(
        f"{'L' if number else 'M'}{point.x} {point.y}"
        for number, point in enumerate(points)
    )
