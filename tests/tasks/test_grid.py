"""Grids of simulations: complete, resumable to the last digit, never mixed."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from modeling import training
from modeling.examples import Example
from modeling.reports import Evaluation
from modeling.tagger import Tagger
from tasks import grid as grids
from tasks.grid import Grid, state_folder
from tasks.results import Results, ResultsError, Row
from tasks.simulation import Corpus, Settings
from tests.tasks.test_simulation import write_corpus

SETTINGS = Settings(
    seed_size=4,
    batch_size=3,
    encoder="scratch",
    max_steps=2,
    tokens_per_batch=64,
)


@pytest.fixture
def grid(tmp_path: Path) -> Grid:
    corpus = Corpus("a", write_corpus(tmp_path / "a.conll", 20))
    return Grid(
        corpora=(corpus,),
        strategies=("lowest_marginal", "random"),
        seeds=(0,),
        rounds=3,
        settings=SETTINGS,
        results=tmp_path / "results.csv",
    )


def measured(path: Path) -> list[Row]:
    """The rows in a fixed order without what a clock said."""
    rows = [
        {name: value for name, value in row.items() if not name.endswith("_seconds")}
        for row in Results(path).rows()
    ]
    return sorted(rows, key=lambda row: (row["strategy"], row["seed"], row["round"]))


class Killed(BaseException):
    """The process is gone."""


def kill_after(rows: int) -> "grids.OnRow":
    seen: list[Row] = []

    def on_row(row: Row) -> None:
        seen.append(row)
        if len(seen) == rows:
            raise Killed

    return on_row


def test_each_strategy_and_seed_has_all_its_rounds(grid: Grid) -> None:
    seen: list[Row] = []
    replace(grid, seeds=(0, 1)).run(on_row=seen.append)
    rows = Results(grid.results).rows()
    assert rows == seen
    assert {(r["strategy"], r["seed"], r["round"]) for r in rows} == {
        (strategy, seed, number)
        for strategy in ("lowest_marginal", "random")
        for seed in (0, 1)
        for number in (1, 2, 3)
    }
    assert {r["documents"] for r in rows} == {4, 7, 10}
    assert {r["pool_tokens"] for r in rows} == {80}


def test_the_first_round_is_trained_once_for_all_strategies(
    grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    train = training.train

    def spy(*arguments: object, **options: object) -> object:
        calls.append(arguments)
        return train(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "train", spy)
    grid.run()
    assert len(calls) == 1 + 2 * 2
    first = [row for row in Results(grid.results).rows() if row["round"] == 1]
    assert first[0]["f1"] == first[1]["f1"]


@pytest.mark.parametrize(
    ("rows", "options"),
    [(1, {}), (2, {}), (5, {}), (2, {"is_warm": True}), (5, {"self_training": 0.4})],
    ids=str,
)
def test_a_resumed_run_equals_an_uninterrupted_one_row_by_row(
    grid: Grid, rows: int, options: dict[str, object]
) -> None:
    grid = replace(grid, settings=replace(SETTINGS, **options))
    whole = replace(grid, results=grid.results.with_name("whole.csv"))
    whole.run()
    with pytest.raises(Killed):
        grid.run(on_row=kill_after(rows))
    assert len(Results(grid.results).rows()) == rows
    grid.run()
    assert measured(grid.results) == measured(whole.results)


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_models_are_compared_with_those_before_an_interruption(
    grid: Grid, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate = training.evaluate

    def knowing(tagger: Tagger, examples: Sequence[Example]) -> Evaluation:
        right = [example.spans for example in examples]
        return replace(evaluate(tagger, examples), predictions=right)

    monkeypatch.setattr(training, "evaluate", knowing)
    with pytest.raises(Killed):
        grid.run(on_row=kill_after(rows))
    grid.run()
    found = {(r["round"], r["agreement"]) for r in Results(grid.results).rows()}
    assert found == {(1, None), (2, 1.0), (3, 1.0)}


def test_a_row_lost_before_it_was_written_is_written_later(grid: Grid) -> None:
    grid.run()
    rows = measured(grid.results)
    lines = grid.results.read_text().splitlines(keepends=True)
    grid.results.write_text("".join(lines[:-1]))
    grid.run()
    assert measured(grid.results) == rows


def test_a_finished_grid_trains_nothing(
    grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid.run()

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("all is there")

    monkeypatch.setattr(training, "train", refuse)
    grid.run()


def test_more_rounds_go_on_where_fewer_ended(grid: Grid) -> None:
    whole = replace(grid, results=grid.results.with_name("whole.csv"))
    whole.run()
    replace(grid, rounds=2).run()
    grid.run()
    assert measured(grid.results) == measured(whole.results)


def test_other_settings_are_refused_by_name(grid: Grid) -> None:
    replace(grid, rounds=1).run()
    other = replace(grid, settings=replace(SETTINGS, max_steps=3))
    with pytest.raises(ResultsError, match="measured with max_steps 2, not 3"):
        other.run()
    recipe = {"dropout": 0.5}
    other = replace(grid, settings=replace(SETTINGS, recipe=recipe))
    with pytest.raises(ResultsError, match="measured with recipe"):
        other.run()


def test_an_option_that_a_later_version_added_is_no_other_setting(grid: Grid) -> None:
    short = replace(grid, rounds=1)
    short.run()
    file = state_folder(grid.results) / "settings.json"
    kept = json.loads(file.read_text())
    del kept["config"]["dropout"]
    file.write_text(json.dumps(kept))
    rows = measured(grid.results)
    replace(short, seeds=(0,)).check()
    assert measured(grid.results) == rows


def test_other_documents_under_the_same_name_are_refused(
    grid: Grid, tmp_path: Path
) -> None:
    short = replace(grid, rounds=1)
    short.run()
    other = Corpus("a", write_corpus(tmp_path / "b.conll", 21))
    with pytest.raises(ResultsError, match="results of “a” with other documents"):
        replace(short, corpora=(other,)).run()


def test_the_whole_pool_is_trained_on_when_asked(grid: Grid) -> None:
    replace(grid, strategies=("random", "full"), rounds=1).run()
    chance, full = Results(grid.results).rows()
    assert (full["strategy"], full["documents"]) == ("full", 16)
    assert full["full_f1"] == full["f1"]
    assert chance["full_f1"] is None
    assert (full["accepted"], full["added"]) == (0, full["entities"])
    replace(grid, strategies=("lowest_marginal",), rounds=1).run()
    assert Results(grid.results).rows()[-1]["full_f1"] == full["f1"]


@pytest.mark.slow
def test_processes_of_their_own_find_the_same(grid: Grid) -> None:
    grid = replace(grid, seeds=(0, 1), rounds=2)
    alone = replace(grid, results=grid.results.with_name("alone.csv"))
    alone.run()
    grid.run(jobs=2)
    assert measured(grid.results) == measured(alone.results)
