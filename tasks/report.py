"""What tables of simulations say about strategies: means over seeds, never more.

Every number is computed a seed at a time, each strategy beside the random order of the
same corpus and seed, and then averaged. Where one seed's curve ends before, there is no
mean: it was not reached.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from tasks.results import Row
from tasks.runs import Run, Runs, read_runs

AT = 0.2  # of the corpus: whose F1 at random the strategies are to equal


@dataclass(frozen=True)
class Summary:
    """A measure over seeds.

    Attributes:
        mean: Over all seeds; None if a seed did not reach it.
        deviation: Standard deviation over the seeds; None below two.
        seeds: Seeds that were asked.
        reached: Seeds that have a value.
    """

    mean: float | None
    deviation: float | None
    seeds: int
    reached: int

    @classmethod
    def of(cls, values: Iterable[float | None]) -> "Summary":
        asked = list(values)
        found = [value for value in asked if value is not None]
        is_whole = bool(found) and len(found) == len(asked)
        return cls(
            mean=fmean(found) if is_whole else None,
            deviation=stdev(found) if is_whole and len(found) > 1 else None,
            seeds=len(asked),
            reached=len(found),
        )


def report(paths: Sequence[Path], at: float = AT) -> dict[str, Any]:
    """Everything that is said about the tables, as JSON.

    Args:
        paths: Tables of results.
        at: Share of the corpus's tokens whose F1 at random is to be equalled.
    """
    corpora = read_runs(paths)
    return {
        "at": at,
        "corpora": {name: _corpus(runs, at) for name, runs in corpora.items()},
        "differences": _differences(list(corpora.values())),
    }


def _corpus(runs: Runs, at: float) -> dict[str, Any]:
    return {
        "documents": runs.pool_documents,
        "tokens": runs.pool_tokens,
        "full_f1": asdict(Summary.of(runs.full_scores().values())),
        "strategies": {
            name: {
                "measures": _measures(runs, name, at),
                "rounds": _rounds(runs.rows[name]),
            }
            for name in runs.strategies
        },
    }


def _measures(runs: Runs, strategy: str, at: float) -> dict[str, Any]:
    found = [Run(runs, strategy, seed).measures(at) for seed in runs.rows[strategy]]
    return {
        name: asdict(Summary.of(measures[name] for measures in found))
        for name in found[0]
    }


def _rounds(runs: Mapping[int, Sequence[Row]]) -> list[dict[str, Any]]:
    """Means over the seeds that have played a round."""
    by_round: dict[int, list[Row]] = defaultdict(list)
    for rows in runs.values():
        for row in rows:
            by_round[row["round"]].append(row)
    return [
        {
            "round": number,
            **{
                name: fmean(row[name] for row in rows)
                for name in ("tokens", "entities", "actions", "minutes")
            },
            "share": fmean(row["tokens"] / row["pool_tokens"] for row in rows),
            "f1": asdict(Summary.of(row["f1"] for row in rows)),
        }
        for number, rows in sorted(by_round.items())
    ]


def _differences(corpora: Sequence[Runs]) -> dict[str, dict[str, Any]]:
    """Mean F1 of a strategy minus another's at equal tokens, over corpora and seeds."""
    names = list(dict.fromkeys(name for runs in corpora for name in runs.strategies))
    found: dict[str, dict[str, Any]] = {name: {} for name in names}
    for name in names:
        for other in names:
            each = {runs.corpus: runs.differences(name, other) for runs in corpora}
            each = {corpus: values for corpus, values in each.items() if values}
            if name == other or not each:
                continue
            every = [value for values in each.values() for value in values]
            found[name][other] = {
                **asdict(Summary.of(every)),
                "corpora": {c: asdict(Summary.of(v)) for c, v in each.items()},
            }
    return found
