"""Simulations read back from their tables, by corpus, strategy and seed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from modeling.curves import (
    Point,
    cost_of,
    curve,
    mean_height,
    mean_ratio,
    shared_range,
    value_at,
)
from tasks.results import FULL, Results, ResultsError, Row

RANDOM = "random"
COSTS = ("tokens", "entities", "actions", "minutes")
SHARES_OF_FULL = (0.95, 0.99)


@dataclass(frozen=True)
class Runs:
    """All rounds of a corpus: strategy -> seed -> rows in their order."""

    corpus: str
    rows: Mapping[str, Mapping[int, Sequence[Row]]]
    random_of: Mapping[str, str]  # the random order that a strategy is compared with

    @property
    def strategies(self) -> list[str]:
        return [name for name in self.rows if not is_named(name, FULL)]

    @property
    def seeds(self) -> list[int]:
        return sorted({seed for name in self.strategies for seed in self.rows[name]})

    @property
    def pool_documents(self) -> int:
        return self._some_row["pool_documents"]

    @property
    def pool_tokens(self) -> int:
        return self._some_row["pool_tokens"]

    @property
    def _some_row(self) -> Row:
        return next(
            r for runs in self.rows.values() for rows in runs.values() for r in rows
        )

    def line(self, strategy: str, seed: int, cost: str = "tokens") -> list[Point]:
        """The learning curve of one run; empty if it was not played."""
        rows = self.rows.get(strategy, {}).get(seed, ())
        return curve((row[cost], row["f1"]) for row in rows)

    def full_scores(self) -> dict[int, float]:
        """F1 of the whole pool by the seeds it was measured with."""
        return {
            seed: rows[0]["f1"]
            for name, runs in self.rows.items()
            if is_named(name, FULL)
            for seed, rows in runs.items()
        }

    def full_f1(self, seed: int) -> float | None:
        """F1 of the whole pool: with this seed, else the mean of those measured."""
        found = self.full_scores()
        return found.get(seed, fmean(found.values()) if found else None)

    def differences(self, strategy: str, other: str) -> list[float]:
        """Mean F1 of one minus the other's at equal tokens, one a seed of both."""
        found = []
        both = set(self.rows.get(strategy, ())) & set(self.rows.get(other, ()))
        for seed in sorted(both):
            mine, theirs = self.line(strategy, seed), self.line(other, seed)
            shared = shared_range([mine, theirs])
            if shared:
                found.append(mean_height(mine, *shared) - mean_height(theirs, *shared))
        return found

    def area(self, strategy: str, seed: int) -> float | None:
        """Mean F1 over the tokens that all strategies have read with this seed."""
        lines = [self.line(name, seed) for name in self.strategies]
        shared = shared_range(line for line in lines if line)
        return mean_height(self.line(strategy, seed), *shared) if shared else None


@dataclass(frozen=True)
class Run:
    """One run beside the random order of its corpus and seed."""

    runs: Runs
    strategy: str
    seed: int

    def measures(self, at: float) -> dict[str, float | None]:
        """What the run needed for some F1, as a share of the corpus or of random's."""
        random_f1 = value_at(self._line(self._random), at * self.runs.pool_tokens)
        full = self.runs.full_f1(self.seed)
        found = {"tokens_for_random": self._of_corpus(random_f1)}
        for cost in COSTS[1:]:
            found[f"{cost}_against_random"] = self._against_random(random_f1, cost)
        for share in SHARES_OF_FULL:
            name = f"tokens_to_{share * 100:.0f}"
            wanted = None if full is None else share * full
            found[name] = self._of_corpus(wanted)
            found[f"{name}_against_random"] = self._against_random(wanted, "tokens")
        for cost in COSTS:
            lines = self._line(self.strategy, cost), self._line(self._random, cost)
            found[f"{cost}_along_the_curve"] = mean_ratio(*lines)
        found["area"] = self.runs.area(self.strategy, self.seed)
        return found

    @property
    def _random(self) -> str:
        return self.runs.random_of.get(self.strategy, RANDOM)

    def _line(self, strategy: str, cost: str = "tokens") -> list[Point]:
        return self.runs.line(strategy, self.seed, cost)

    def _of_corpus(self, f1: float | None) -> float | None:
        """Tokens at an F1, as a share of the corpus."""
        tokens = None if f1 is None else cost_of(self._line(self.strategy), f1)
        return None if tokens is None else tokens / self.runs.pool_tokens

    def _against_random(self, f1: float | None, cost: str) -> float | None:
        """What an F1 costs, as a share of what it costs at random."""
        if f1 is None:
            return None
        mine = cost_of(self._line(self.strategy, cost), f1)
        theirs = cost_of(self._line(self._random, cost), f1)
        return None if mine is None or not theirs else mine / theirs


def read_runs(paths: Sequence[Path]) -> dict[str, Runs]:
    """The runs of one or more tables by corpus.

    Strategies of several tables are told apart by the name of their file. A strategy is
    compared with the random order of its own table, else of the first that has one.

    Raises:
        ResultsError: a table is missing, empty or none.
    """
    by_corpus: dict[str, dict[str, dict[int, list[Row]]]] = {}
    for path in paths:
        rows = Results(path).rows()
        if not rows:
            raise ResultsError(f"There are no results in “{path}”.")
        suffix = f" ({path.stem})" if len(paths) > 1 else ""
        for row in sorted(rows, key=lambda row: (row["seed"], row["round"])):
            runs = by_corpus.setdefault(row["corpus"], {})
            of_strategy = runs.setdefault(row["strategy"] + suffix, {})
            of_strategy.setdefault(row["seed"], []).append(row)
    return {
        corpus: Runs(corpus, rows, _random_of(list(rows)))
        for corpus, rows in by_corpus.items()
    }


def is_named(name: str, strategy: str) -> bool:
    """Whether a name is a strategy's, with or without its file."""
    return name == strategy or name.startswith(f"{strategy} (")


def _random_of(names: Iterable[str]) -> dict[str, str]:
    names = list(names)
    chances = [name for name in names if is_named(name, RANDOM)]
    found = {}
    for name in names:
        _, space, file = name.partition(" ")
        own = RANDOM + space + file
        if chances:
            found[name] = own if own in chances else chances[0]
    return found
