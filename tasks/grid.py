"""Simulations of corpora × strategies × seeds: resumable, in several processes.

Beside the table FILE lies the folder FILE.state with what is needed to go on exactly::

    CORPUS/SEED/first/           the tagger of the first round, which strategies share
    CORPUS/SEED/STRATEGY.json    the rounds played and the documents chosen next
    CORPUS/SEED/STRATEGY/        the last tagger, where the next round learns from it
    CORPUS/SEED/lock             held by the process that plays this cell
    settings.json                what the results were measured with
"""

import json
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from modeling import checkpoints
from modeling.effort import Actions
from modeling.examples import Example
from modeling.rounds import Protocol, Round, State, Trained, read_found
from modeling.scoring import Counts
from modeling.simulation import draw_first, labels_of, simulate, train_and_test
from tasks.results import FULL, Results, ResultsError, Row, locked
from tasks.simulation import Labelled, Settings, fingerprint

OnRow = Callable[[Row], None]


@dataclass(frozen=True)
class Grid:
    """What to play, and into which table."""

    corpora: tuple[Labelled, ...]
    strategies: tuple[str, ...]
    seeds: tuple[int, ...]
    rounds: int
    settings: Settings
    results: Path

    def run(self, jobs: int = 1, on_row: OnRow | None = None) -> None:
        """Play what the table does not hold yet.

        Args:
            jobs: Processes that play cells, a corpus and a seed each.
            on_row: Called with every new row, in the process that plays it; only
                without further processes.

        Raises:
            ResultsError: the table was measured with other settings.
            FormatError: a corpus cannot be read.
        """
        self.check()
        cells = [(self, corpus, seed) for seed in self.seeds for corpus in self.corpora]
        if jobs == 1:
            for cell in cells:
                play_cell(*cell, on_row)
            return
        os.environ["OMP_NUM_THREADS"] = "1"
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(jobs, context, initializer=_begin) as pool:
            futures = [pool.submit(play_cell, *cell, print_row) for cell in cells]
            try:
                for future in as_completed(futures):
                    future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def check(self) -> None:
        """Refuse to mix results of other settings into the table.

        Raises:
            ResultsError: a row was measured with other settings.
        """
        for strategy in self.strategies:
            if strategy != FULL:
                self.settings.protocol(strategy, 0, self.rounds, 1000)
        described = json.loads(json.dumps(self.settings.described(), default=str))
        file = state_folder(self.results) / "settings.json"
        with locked(file.with_suffix(".lock")):
            if file.exists() and Results(self.results).rows():
                known = json.loads(file.read_text(encoding="utf-8"))
                self._compare(known, described)
            else:
                _write_json(file, described)

    def _compare(self, known: dict[str, Any], wanted: dict[str, Any]) -> None:
        for name, old, new in _differences(known, wanted):
            raise ResultsError(
                f"“{self.results.name}” was measured with {name} {old}, not {new}: "
                "give another --results."
            )

    def fingerprint(self) -> str:
        """Of the settings that the table was begun with."""
        file = state_folder(self.results) / "settings.json"
        return fingerprint(json.loads(file.read_text(encoding="utf-8")))


def play_cell(grid: Grid, corpus: Labelled, seed: int, on_row: OnRow | None) -> None:
    """Play all strategies of a corpus and a seed, one after the other."""
    folder = state_folder(grid.results) / corpus.name / str(seed)
    with locked(folder / "lock"):
        cell = _Cell(grid, corpus, seed, folder, on_row)
        for strategy in grid.strategies:
            cell.play(strategy)


class _Cell:
    """A corpus and a seed: what their strategies share."""

    def __init__(
        self,
        grid: Grid,
        corpus: Labelled,
        seed: int,
        folder: Path,
        on_row: OnRow | None,
    ) -> None:
        self._grid, self._corpus, self._seed = grid, corpus, seed
        self._folder, self._on_row = folder, on_row
        self._results = Results(grid.results)
        self._pool, self._test = corpus.read()
        self._settings = "-".join(
            [grid.fingerprint(), fingerprint([self._pool, self._test])]
        )
        self._refuse_another_corpus()

    def play(self, strategy: str) -> None:
        """Play what is missing of one strategy."""
        if strategy == FULL:
            if not self._rows(FULL):
                self._train_on_everything()
            return
        file = self._folder / f"{strategy}.json"
        state = _read_state(file) if file.exists() else None
        for played in state.rounds if state else ():
            self._append(strategy, asdict(played))
        is_played = len(self._rows(strategy)) >= self._grid.rounds
        if is_played or (state and state.batch == ()):
            return
        protocol = self._protocol(strategy)
        last = self._folder / strategy
        tagger = None
        if state and state.rounds and protocol.needs_tagger:
            tagger = checkpoints.load(last, protocol.config.device)

        def keep(state: State, trained: Trained) -> None:
            if protocol.needs_tagger:
                checkpoints.save(trained.tagger, last)
            _write_json(file, asdict(state))
            self._append(strategy, asdict(state.rounds[-1]))

        simulate(
            self._pool,
            self._test,
            protocol,
            first=None if state and state.rounds else self._first(protocol),
            state=state,
            tagger=tagger,
            on_round=keep,
        )

    def _protocol(self, strategy: str) -> Protocol:
        return self._grid.settings.protocol(
            strategy, self._seed, self._grid.rounds, len(self._pool)
        )

    def _first(self, protocol: Protocol) -> Trained:
        """The first round, trained once for all strategies."""
        folder = self._folder / "first"
        if folder.exists():
            kept = checkpoints.read_extra(folder)
            tagger = checkpoints.load(folder, protocol.config.device)
            return Trained(
                tagger,
                Counts(**kept["micro"]),
                kept["seconds"],
                kept["steps"],
                read_found(kept.get("found", ())),
            )
        drawn = draw_first(len(self._pool), protocol.seed_size, self._seed)
        trained = self._train([self._pool[index] for index in drawn])
        kept = {
            "micro": asdict(trained.micro),
            "seconds": trained.seconds,
            "steps": trained.steps,
            "found": [[asdict(span) for span in spans] for spans in trained.found],
        }
        checkpoints.save(trained.tagger, folder, extra=kept)
        return trained

    def _train(self, examples: list[Example]) -> Trained:
        config = self._protocol("random").seeded
        return train_and_test(examples, self._test, labels_of(self._pool), config)

    def _train_on_everything(self) -> None:
        """The row of one training on the whole pool, read without suggestions."""
        trained = self._train(self._pool)
        everything = tuple(range(len(self._pool)))
        row = Round.of(1, self._pool, everything, typed(self._pool), trained)
        self._append(FULL, asdict(row))

    def _append(self, strategy: str, played: dict[str, Any]) -> None:
        full = self._rows(FULL)
        row = {
            "corpus": self._corpus.name,
            "strategy": strategy,
            "seed": self._seed,
            **played,
            "full_f1": full[0]["f1"] if full else None,
            "pool_documents": len(self._pool),
            "pool_tokens": sum(len(example.tokens) for example in self._pool),
            "settings": self._settings,
        }
        if strategy == FULL:
            row["full_f1"] = row["f1"]
        if self._results.append(row) and self._on_row is not None:
            self._on_row(row)

    def _rows(self, strategy: str) -> list[Row]:
        wanted = (self._corpus.name, strategy, self._seed)
        return [
            row
            for row in self._results.rows()
            if (row["corpus"], row["strategy"], row["seed"]) == wanted
        ]

    def _refuse_another_corpus(self) -> None:
        for row in self._results.rows():
            if row["corpus"] == self._corpus.name and row["settings"] != self._settings:
                raise ResultsError(
                    f"“{self._grid.results.name}” has results of “{self._corpus.name}” "
                    "with other documents or settings: give another --results."
                )


def typed(examples: list[Example]) -> Actions:
    """What annotating without any suggestion takes."""
    return Actions(added=sum(len(example.spans) for example in examples))


def state_folder(results: Path) -> Path:
    return results.with_name(f"{results.name}.state")


def print_row(row: Row) -> None:
    print(
        f"{row['corpus']}  {row['strategy']}  seed {row['seed']}  "
        f"round {row['round']}: {row['documents']} documents, {row['tokens']} tokens, "
        f"{row['entities']} entities, {row['minutes']:.0f} min, F1 {row['f1']:.3f} "
        f"({row['train_seconds'] + row['score_seconds']:.0f} s)",
        flush=True,
    )


def _begin() -> None:
    """Prepare a fresh process: Django, and one thread for torch."""
    import django
    import torch

    django.setup()
    torch.set_num_threads(1)


def _read_state(file: Path) -> State:
    """Where a simulation stood when its process ended."""
    return State.of(json.loads(file.read_text(encoding="utf-8")))


def _write_json(file: Path, content: Any) -> None:
    """Replace a file in one step."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    fresh.replace(file)


def _differences(
    known: dict[str, Any], wanted: dict[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """What both name and say otherwise; an option that came later is not compared."""
    for name in sorted(known.keys() & wanted.keys(), key=lambda n: n == "config"):
        old, new = known[name], wanted[name]
        if isinstance(old, dict) and isinstance(new, dict) and name == "config":
            yield from _differences(old, new)
        elif old != new:
            yield name, old, new
