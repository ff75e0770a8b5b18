"""Forecasts of gains in F1 compared with what then happened in simulations."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from modeling.stopping import FEWEST_POINTS, predict_gain

NEEDED: Final = ("corpus", "strategy", "seed", "documents", "f1")
LITTLE: Final = 0.005  # a rise below half a point is not worth another batch

Curve = list[tuple[float, float]]
"""Documents and F1 of each round, in order."""


class TableError(ValueError):
    """What is wrong with a table of rounds, in one sentence."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One forecast and what was measured; all are shares of 1."""

    expected: float
    gained: float
    gained_before: float
    is_inside: bool  # the F1 then measured lay in the interval given for it
    width: float
    could_stop: bool  # the highest rise was little


def read_curves(path: Path) -> dict[tuple[str, str, str], Curve]:
    """Read the curves of a table of rounds by corpus, strategy and seed.

    Raises:
        TableError: a column is missing or a number is none, with the line.
    """
    curves: dict[tuple[str, str, str], Curve] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
        if missing:
            raise TableError(f"“{path.name}” has no column “{missing[0]}”.")
        for row in reader:
            key = (row["corpus"], row["strategy"], row["seed"])
            try:
                curves[key].append((float(row["documents"]), float(row["f1"])))
            except (TypeError, ValueError):
                raise TableError(
                    f"“{path.name}”, line {reader.line_num}: documents and f1 must be "
                    f"numbers, got “{row['documents']}” and “{row['f1']}”."
                ) from None
    return {key: sorted(curve) for key, curve in curves.items()}


def outcomes(curve: Curve) -> list[Outcome]:
    """Forecast every round from those before it."""
    found = []
    for place in range(FEWEST_POINTS, len(curve)):
        documents, f1 = zip(*curve[:place], strict=True)
        extra = curve[place][0] - documents[-1]
        gain = predict_gain(documents, f1, extra) if extra > 0 else None
        if gain is None:
            continue
        measured = curve[place][1]
        found.append(
            Outcome(
                expected=gain.expected,
                gained=measured - f1[-1],
                gained_before=f1[-1] - f1[-2],
                is_inside=gain.next_low <= measured <= gain.next_high,
                width=gain.next_high - gain.next_low,
                could_stop=gain.high <= LITTLE,
            )
        )
    return found


def summarise(found: Sequence[Outcome]) -> dict[str, Any]:
    """Sum up forecasts; errors and widths are in points of F1.

    The errors of two guesses that need no model stand beside: that nothing is gained,
    and that as much is gained as the time before.
    """
    if not found:
        return {"forecasts": 0}

    def points(values: Iterable[float]) -> float:
        return round(100 * fmean(values), 3)

    return {
        "forecasts": len(found),
        "coverage": round(fmean(one.is_inside for one in found), 4),
        "mean_width": points(one.width for one in found),
        "mean_error": points(one.expected - one.gained for one in found),
        "mean_absolute_error": points(abs(one.expected - one.gained) for one in found),
        "error_of_no_gain": points(abs(one.gained) for one in found),
        "error_of_same_again": points(
            abs(one.gained_before - one.gained) for one in found
        ),
    }


def stops(curves: Iterable[Curve]) -> dict[str, Any]:
    """Say what would have been lost by stopping at the first forecast of little."""
    lost, saved = [], []
    whole = 0
    for curve in curves:
        whole += 1
        made = outcomes(curve)
        late = len(curve) - len(made)
        stop = next((i for i, one in enumerate(made) if one.could_stop), None)
        if stop is None:
            continue
        stopped, last = curve[late + stop - 1], curve[-1]
        lost.append(last[1] - stopped[1])
        saved.append(1 - stopped[0] / last[0])
    return {
        "curves": whole,
        "stopped": len(lost),
        "f1_lost": round(100 * fmean(lost), 3) if lost else None,
        "documents_saved": round(fmean(saved), 4) if saved else None,
    }


def look_back(paths: Iterable[Path]) -> dict[str, Any]:
    """Check the forecasts on all curves of some tables, by corpus and in all.

    Raises:
        TableError: see `read_curves`.
    """
    by_corpus: dict[str, list[Curve]] = defaultdict(list)
    for path in paths:
        for (corpus, _, _), curve in read_curves(path).items():
            if all(b[0] > a[0] for a, b in pairwise(curve)):
                by_corpus[corpus].append(curve)
            else:
                raise TableError(
                    f"“{path.name}”: two rounds of one curve of “{corpus}” have the "
                    "same number of documents."
                )
    everything = [curve for curves in by_corpus.values() for curve in curves]
    return _checked(everything) | {
        "corpora": {corpus: _checked(curves) for corpus, curves in by_corpus.items()}
    }


def _checked(curves: Sequence[Curve]) -> dict[str, Any]:
    made = [outcome for curve in curves for outcome in outcomes(curve)]
    return summarise(made) | {"stopping": stops(curves)}
