"""Forecasts of gains in F1, and advice to stop, against what simulations measured."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from modeling.stopping import FEWEST_POINTS, is_stable, predict_gain

NEEDED: Final = ("corpus", "strategy", "seed", "documents", "f1")
LITTLE: Final = 0.005  # a rise below half a point is not worth another batch

Curve = list[tuple[float, float]]
"""Documents and F1 of each round, in order."""
Agreements = list[float | None]
"""Of each round's model with the one before it; None where that was not measured."""


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


@dataclass(frozen=True, slots=True)
class Played:
    """The rounds of one corpus, strategy and seed."""

    curve: Curve
    agreements: Agreements

    @classmethod
    def of(cls, rounds: Iterable[tuple[float, float, float | None]]) -> "Played":
        """Put documents, F1 and agreement of each round in order."""
        ordered = sorted(rounds, key=lambda played: played[:2])
        curve = [(documents, f1) for documents, f1, _ in ordered]
        return cls(curve, [agreement for *_, agreement in ordered])


def read_rounds(path: Path) -> dict[tuple[str, str, str], Played]:
    """Read a table of rounds by corpus, strategy and seed.

    Older tables have no agreement.

    Raises:
        TableError: a column is missing or a number is none, with the line.
    """
    rounds = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
        if missing:
            raise TableError(f"“{path.name}” has no column “{missing[0]}”.")
        for row in reader:
            key = (row["corpus"], row["strategy"], row["seed"])
            try:
                agreement = float(row["agreement"]) if row.get("agreement") else None
                played = (float(row["documents"]), float(row["f1"]), agreement)
            except (TypeError, ValueError):
                raise TableError(
                    f"“{path.name}”, line {reader.line_num}: documents, f1 and "
                    f"agreement must be numbers, got “{row['documents']}”, "
                    f"“{row['f1']}” and “{row.get('agreement', '')}”."
                ) from None
            rounds[key].append(played)
    return {key: Played.of(played) for key, played in rounds.items()}


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
    return _cost_of_stopping((curve, _first_little(curve)) for curve in curves)


def stops_by_agreement(played: Iterable[Played]) -> dict[str, Any]:
    """Say the same of stopping where models in a row agreed as the page advises.

    Curves of which no agreement was measured do not count.
    """
    measured = (one for one in played if any(a is not None for a in one.agreements))
    return _cost_of_stopping((one.curve, _first_stable(one)) for one in measured)


def _first_little(curve: Curve) -> int | None:
    """The last round before the first forecast of little."""
    made = outcomes(curve)
    late = len(curve) - len(made)
    stop = next((place for place, one in enumerate(made) if one.could_stop), None)
    return None if stop is None else late + stop - 1


def _first_stable(played: Played) -> int | None:
    """The round whose model was the first of enough that agreed."""
    places = range(len(played.agreements))
    return next((p for p in places if is_stable(played.agreements[: p + 1])), None)


def _cost_of_stopping(
    stopped: Iterable[tuple[Curve, int | None]],
) -> dict[str, Any]:
    """Sum up curves and the place of the round that was their last, if any."""
    lost, saved = [], []
    whole = 0
    for curve, place in stopped:
        whole += 1
        if place is None:
            continue
        lost.append(curve[-1][1] - curve[place][1])
        saved.append(1 - curve[place][0] / curve[-1][0])
    return {
        "curves": whole,
        "stopped": len(lost),
        "f1_lost": round(100 * fmean(lost), 3) if lost else None,
        "documents_saved": round(fmean(saved), 4) if saved else None,
    }


def look_back(paths: Iterable[Path]) -> dict[str, Any]:
    """Check the forecasts on all curves of some tables, by corpus and in all.

    Raises:
        TableError: see `read_rounds`.
    """
    by_corpus: dict[str, list[Played]] = defaultdict(list)
    for path in paths:
        for (corpus, _, _), played in read_rounds(path).items():
            if all(b[0] > a[0] for a, b in pairwise(played.curve)):
                by_corpus[corpus].append(played)
            else:
                raise TableError(
                    f"“{path.name}”: two rounds of one curve of “{corpus}” have the "
                    "same number of documents."
                )
    everything = [played for found in by_corpus.values() for played in found]
    return _checked(everything) | {
        "corpora": {corpus: _checked(found) for corpus, found in by_corpus.items()}
    }


def _checked(played: Sequence[Played]) -> dict[str, Any]:
    curves = [one.curve for one in played]
    made = [outcome for curve in curves for outcome in outcomes(curve)]
    return summarise(made) | {
        "stopping": stops(curves),
        "stopping_by_agreement": stops_by_agreement(played),
    }
