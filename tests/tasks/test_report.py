"""What is said about simulations, against numbers worked out by hand."""

from pathlib import Path
from typing import Any

import pytest

from tasks.report import Summary, report
from tasks.results import FLOATS, INTEGERS, Results, ResultsError
from tasks.tables import markdown

POOL = 1000  # tokens
Round = tuple[float, float, float, float, float]
# tokens, entities, actions, minutes, F1
RANDOM: list[Round] = [
    (100, 10, 12, 10, 0.40),
    (200, 20, 24, 20, 0.50),
    (300, 30, 36, 30, 0.60),
]
CHOSEN: list[Round] = [
    (100, 10, 12, 10, 0.40),
    (140, 16, 20, 12, 0.60),
    (300, 40, 45, 30, 0.80),
]


def write(
    path: Path,
    runs: dict[tuple[str, int], list[Round]],
    corpus: str = "a",
) -> Path:
    for (strategy, seed), rounds in runs.items():
        for number, played in enumerate(rounds, start=1):
            tokens, entities, actions, minutes, f1 = played
            row: dict[str, Any] = dict.fromkeys(INTEGERS | FLOATS, 0)
            row |= {
                "corpus": corpus,
                "strategy": strategy,
                "seed": seed,
                "round": number,
                "tokens": tokens,
                "entities": entities,
                "actions": actions,
                "minutes": minutes,
                "f1": f1,
                "pool_documents": 50,
                "pool_tokens": POOL,
                "settings": "x",
            }
            Results(path).append(row)
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write(
        tmp_path / "results.csv",
        {
            ("random", 0): RANDOM,
            ("mnlp", 0): CHOSEN,
            ("full", 0): [(1000, 100, 120, 100, 0.80)],
        },
    )


def measures(table: Path, strategy: str = "mnlp", **options: Any) -> dict[str, Any]:
    found = report([table], **options)["corpora"]["a"]["strategies"][strategy]
    return {name: summary["mean"] for name, summary in found["measures"].items()}


def test_the_tokens_that_equal_random_are_read_between_the_rounds(table: Path) -> None:
    """Random has .5 at 20 %; the other has it half-way from 100 to 140 tokens."""
    found = measures(table)
    assert found["tokens_for_random"] == pytest.approx(0.120)
    assert found["entities_against_random"] == pytest.approx(13 / 20)
    assert found["actions_against_random"] == pytest.approx(16 / 24)
    assert found["minutes_against_random"] == pytest.approx(11 / 20)


def test_another_share_of_the_corpus_can_be_asked_for(table: Path) -> None:
    """Random has .45 at 15 %: 100 + 40 / 4 = 110 tokens, 11.5 of 15 entities."""
    found = measures(table, at=0.15)
    assert found["tokens_for_random"] == pytest.approx(0.110)
    assert found["entities_against_random"] == pytest.approx(11.5 / 15)


def test_a_share_of_the_full_f1_is_reached_or_it_is_not(table: Path) -> None:
    """95 % of .8 is .76, 140 + 160 * .16 / .2 = 268 tokens; random ends at .6."""
    found = measures(table)
    assert found["tokens_to_95"] == pytest.approx(0.268)
    assert found["tokens_to_99"] == pytest.approx(0.2936)
    assert found["tokens_to_95_against_random"] is None
    assert measures(table, "random")["tokens_to_95"] is None


def test_random_costs_what_random_costs(table: Path) -> None:
    found = measures(table, "random")
    assert found["tokens_for_random"] == pytest.approx(0.2)
    assert found["minutes_against_random"] == pytest.approx(1)
    assert found["entities_along_the_curve"] == pytest.approx(1)


def test_the_mean_f1_is_compared_over_the_tokens_both_have_read(table: Path) -> None:
    """Areas by 200: random .5; the other (40 * .5 + 160 * .7) / 200 = .66."""
    assert measures(table, "random")["area"] == pytest.approx(0.5)
    assert measures(table)["area"] == pytest.approx(0.66)
    difference = report([table])["differences"]["mnlp"]["random"]
    assert difference["mean"] == pytest.approx(0.16)
    assert difference["corpora"]["a"]["mean"] == pytest.approx(0.16)


def test_means_come_with_the_deviation_over_the_seeds(tmp_path: Path) -> None:
    slower = [CHOSEN[0], (180, *CHOSEN[1][1:]), CHOSEN[2]]
    table = write(
        tmp_path / "two.csv",
        {
            ("random", 0): RANDOM,
            ("random", 1): RANDOM,
            ("mnlp", 0): CHOSEN,
            ("mnlp", 1): slower,
            ("full", 0): [(1000, 100, 120, 100, 0.80)],
        },
    )
    corpus = report([table])["corpora"]["a"]
    assert corpus["full_f1"] == {
        "mean": 0.8,
        "deviation": None,
        "seeds": 1,
        "reached": 1,
    }
    found = corpus["strategies"]["mnlp"]["measures"]
    assert found["tokens_for_random"] == {
        "mean": pytest.approx(0.130),
        "deviation": pytest.approx(0.0141421356),
        "seeds": 2,
        "reached": 2,
    }


def test_one_seed_that_ends_before_makes_it_not_reached() -> None:
    assert Summary.of([0.1, None, 0.3]) == Summary(None, None, seeds=3, reached=2)
    assert Summary.of([0.1]) == Summary(0.1, None, seeds=1, reached=1)
    assert Summary.of([]) == Summary(None, None, seeds=0, reached=0)


def test_the_tables_say_not_reached(table: Path) -> None:
    text = markdown(report([table]))
    targets = next(line for line in text.splitlines() if line.startswith("| random |"))
    assert "| not reached |" in targets
    assert (
        "| mnlp | 12.0 % | -35 % | -33 % | -45 % | 26.8 % | not reached | 29.4 % |"
        in text
    )
    assert "50 documents with 1,000 tokens; F1 of all of it 0.800." in text
    assert "| mnlp | 2 | 140 (14.0%) | 16 | 20 | 12 | 0.600 (1) |" in text
    assert "| mnlp | +16.0 [+16.0] |  |" in text


def test_tables_of_other_settings_stand_beside_each_other(
    table: Path, tmp_path: Path
) -> None:
    """A table without a random order is compared with the other's."""
    other = write(tmp_path / "warm.csv", {("mnlp", 0): CHOSEN})
    found = report([table, other])["corpora"]["a"]["strategies"]
    assert set(found) == {"random (results)", "mnlp (results)", "mnlp (warm)"}
    warm = found["mnlp (warm)"]["measures"]["tokens_for_random"]
    assert warm["mean"] == pytest.approx(0.120)


def test_an_empty_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="no results in .*nowhere.csv"):
        report([tmp_path / "nowhere.csv"])
