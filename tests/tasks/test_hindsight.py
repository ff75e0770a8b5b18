"""Forecasts are judged by what the rounds behind them measured."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tasks.hindsight import (
    Outcome,
    Played,
    look_back,
    outcomes,
    stops,
    stops_by_agreement,
    summarise,
)

Points = list[tuple[float, float]]


def power_law(
    rounds: int, ceiling: float = 0.8, exponent: float = 0.7, *, step: int = 100
) -> Points:
    sizes = range(step, step * rounds + 1, step)
    return [(n, ceiling - 0.3 * (n / step) ** -exponent) for n in sizes]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Two corpora, one of them with two seeds and one curve too short."""
    path = tmp_path / "rounds.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["corpus", "strategy", "seed", "round", "documents", "f1"])
        for corpus, seed, rounds in (("a", 0, 8), ("a", 1, 7), ("b", 0, 3)):
            for number, (documents, f1) in enumerate(power_law(rounds)):
                writer.writerow([corpus, "random", seed, number, documents, f1])
    return path


def test_every_round_is_forecast_from_those_before_it() -> None:
    made = outcomes(power_law(7))
    assert len(made) == 3
    assert all(one.is_inside for one in made)
    for one in made:
        assert one.expected == pytest.approx(one.gained, abs=0.005)


def test_a_sudden_fall_lies_outside_and_is_an_error() -> None:
    curve = power_law(8)
    curve[-1] = (curve[-1][0], 0.1)
    last = outcomes(curve)[-1]
    assert not last.is_inside
    assert last.gained == pytest.approx(0.1 - curve[-2][1])


def test_what_is_later_than_a_round_does_not_change_its_forecast() -> None:
    curve = power_law(8)
    changed = [*curve[:-1], (curve[-1][0], 0.2)]
    assert outcomes(curve)[:-1] == outcomes(changed)[:-1]


def test_errors_are_means_in_points() -> None:
    one = Outcome(0.02, 0.01, 0.04, is_inside=True, width=0.05, could_stop=False)
    other = Outcome(0.00, 0.03, 0.01, is_inside=False, width=0.03, could_stop=False)
    assert summarise([one, other]) == {
        "forecasts": 2,
        "coverage": 0.5,
        "mean_width": 4.0,
        "mean_error": -1.0,
        "mean_absolute_error": 2.0,
        "error_of_no_gain": 2.0,
        "error_of_same_again": 2.5,
    }
    assert summarise([]) == {"forecasts": 0}


def test_stopping_costs_what_came_later_and_saves_the_rest() -> None:
    flat: Points = [(100 * n, 0.8) for n in range(1, 11)]
    steep: Points = [(100 * n, 0.08 * n) for n in range(1, 11)]
    found = stops([flat, steep])
    assert (found["curves"], found["stopped"], found["f1_lost"]) == (2, 1, 0.0)
    assert 0 < found["documents_saved"] < 1


def test_stopping_by_agreement_is_at_the_third_model_in_a_row() -> None:
    curve: Points = [(100 * n, 0.1 * n) for n in range(1, 9)]
    agreed = Played(curve, [None, 1.0, 0.98, 0.99, 1.0, 0.995, 0.5, 1.0])
    restless = Played(curve, [None, *[0.9] * 7])
    older = Played(curve, [None] * 8)
    found = stops_by_agreement([agreed, restless, older])
    assert (found["curves"], found["stopped"]) == (2, 1)
    assert found["f1_lost"] == pytest.approx(100 * (0.8 - 0.6))
    assert found["documents_saved"] == pytest.approx(1 - 600 / 800)


def test_the_agreement_of_a_table_is_told_beside_the_forecasts(tmp_path: Path) -> None:
    lines = [f"a,r,0,{n},{f1},{'' if n < 200 else 1}" for n, f1 in power_law(8)]
    path = tmp_path / "rounds.csv"
    header = "corpus,strategy,seed,documents,f1,agreement"
    path.write_text("\n".join([header, *reversed(lines)]))
    text = run(path).splitlines()[-1]
    assert "; by the agreement of models 1 of 1 curves stopped, 50% of" in text


def test_four_rounds_are_enough_for_the_agreement_alone(tmp_path: Path) -> None:
    rows = [f"a,r,0,{100 * n},0.{n},{'' if n == 1 else 1}" for n in range(1, 5)]
    path = tmp_path / "rounds.csv"
    path.write_text("\n".join(["corpus,strategy,seed,documents,f1,agreement", *rows]))
    lines = run(path).splitlines()
    stopped = "by the agreement of models 1 of 1 curves stopped"
    assert lines[0].startswith(f"a: {stopped}")
    assert lines[1].startswith(f"all: {stopped}")


def test_a_table_is_checked_by_corpus_and_in_all(table: Path) -> None:
    found = look_back([table])
    assert found["forecasts"] == 4 + 3
    assert found["coverage"] == 1.0
    assert found["corpora"]["a"]["forecasts"] == 7
    assert found["corpora"]["b"]["forecasts"] == 0


def run(*arguments: Any) -> str:
    out = io.StringIO()
    call_command("check_stopping", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_the_command_prints_a_line_a_corpus_or_one_object(table: Path) -> None:
    lines = run(table).splitlines()
    assert lines[0].startswith("a: 7 forecasts; 100.0% of the measurements")
    assert lines[1] == "b: no curve is long enough."
    assert lines[2].startswith("all: 7 forecasts")
    assert json.loads(run(table, "--json"))["forecasts"] == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("corpus,strategy,seed,f1\n", "has no column “documents”"),
        ("corpus,strategy,seed,documents,f1\na,r,0,ten,0.5\n", "line 2: .* “ten”"),
        ("corpus,strategy,seed,documents,f1\na,r,0,10\n", "line 2: .* “None”"),
        (
            "corpus,strategy,seed,documents,f1,agreement\na,r,0,10,.5,much\n",
            "line 2: .* and “much”",
        ),
        ("corpus,strategy,seed,documents,f1\na,r,0,10,.5\n", "five rounds"),
        (
            "corpus,strategy,seed,documents,f1\na,r,0,10,.5\na,r,0,10,.6\n",
            "same number of documents",
        ),
        ("", "has no column “corpus”"),
    ],
)
def test_a_table_that_cannot_be_judged_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "rounds.csv"
    path.write_text(text)
    with pytest.raises(CommandError, match=message):
        run(path)


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(CommandError, match="nowhere.csv"):
        run("nowhere.csv")
