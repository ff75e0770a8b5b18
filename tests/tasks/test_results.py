"""The table of a simulation grows a line at a time, whoever writes."""

import multiprocessing
from pathlib import Path

import pytest

from tasks.results import COLUMNS, FLOATS, INTEGERS, Results, ResultsError

NUMBERS = dict.fromkeys(INTEGERS, 1) | dict.fromkeys(FLOATS, 0.5)


def row(**changes: object) -> dict[str, object]:
    names = {"corpus": "a", "strategy": "random", "settings": "x"}
    return {**NUMBERS, **names, **changes}


def write(path: Path, seed: int) -> None:
    for number in range(20):
        Results(path).append(row(seed=seed, round=number))


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results(tmp_path / "results.csv")


def test_what_is_appended_is_read_again_number_by_number(results: Results) -> None:
    first, second = row(round=1, f1=0.1 + 0.2), row(round=2, full_f1=None)
    assert results.append(first) and results.append(second)
    assert results.rows() == [first, second]
    assert results.path.read_text().splitlines()[0] == ",".join(COLUMNS)


def test_a_round_is_written_once(results: Results) -> None:
    assert results.append(row(f1=0.5))
    assert not results.append(row(f1=0.6))
    assert [found["f1"] for found in results.rows()] == [0.5]


def test_a_line_that_a_killed_process_began_is_replaced(results: Results) -> None:
    results.append(row(round=1))
    with results.path.open("a") as file:
        file.write("a,random,1,2,30")
    assert [found["round"] for found in results.rows()] == [1]
    results.append(row(round=2))
    assert [found["round"] for found in results.rows()] == [1, 2]


def test_processes_do_not_write_into_each_others_lines(results: Results) -> None:
    context = multiprocessing.get_context("fork")
    writers = [
        context.Process(target=write, args=(results.path, seed)) for seed in range(3)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = sorted((each["seed"], each["round"]) for each in results.rows())
    assert found == [(seed, number) for seed in range(3) for number in range(20)]


def test_a_table_of_before_agreement_was_measured_keeps_its_columns(
    results: Results,
) -> None:
    old = [name for name in COLUMNS if name != "agreement"]
    line = row(round=1)
    cells = ",".join(str(line[name]) for name in old)
    results.path.write_text(",".join(old) + "\n" + cells + "\n")
    assert results.append(row(round=2))
    found = results.rows()
    assert [each["round"] for each in found] == [1, 2]
    assert [each["agreement"] for each in found] == [None, None]
    assert results.path.read_text().splitlines()[0] == ",".join(old)


def test_another_table_is_refused(results: Results) -> None:
    results.path.write_text("name,value\na,1\n")
    with pytest.raises(ResultsError, match="results.csv.* is no table of results"):
        results.rows()


def test_a_word_for_a_number_is_named_with_its_line(results: Results) -> None:
    results.append(row(round=1))
    text = results.path.read_text()
    results.path.write_text(text + text.splitlines()[1].replace("0.5", "much") + "\n")
    with pytest.raises(ResultsError, match="Line 3 .* has no number in the column"):
        results.rows()
