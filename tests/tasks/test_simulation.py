"""A simulated annotator answers from a CoNLL file, by the command line."""

import csv
import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tasks.simulation import Settings, read_recipe

NAMES = ["Ada", "Bo", "Cy", "Di", "Ed", "Flo"]
TOWNS = ["Oslo", "Lima", "Bern", "Riga", "Pisa", "Nara"]
QUICK = ("--encoder", "scratch", "--max-steps", "6", "--json")


def write_corpus(path: Path, count: int, offset: int = 0) -> Path:
    with path.open("w") as file:
        for number in range(offset, offset + count):
            name, town = NAMES[number % 6], TOWNS[number // 6 % 6]
            words = [f"{name} B-PER", "saw O", f"{town} B-LOC", f"{number} O", ". O"]
            file.write("\n".join(words) + "\n\n")
    return path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "train.conll", 40)


def simulate(*arguments: str) -> dict[str, object]:
    out = StringIO()
    call_command("simulate", *arguments, stdout=out)
    result: dict[str, object] = json.loads(out.getvalue().splitlines()[-1])
    return result


def test_each_round_adds_a_batch_and_is_measured(corpus: Path, tmp_path: Path) -> None:
    test = write_corpus(tmp_path / "test.conll", 10, 100)
    sizes = ("--seed-size", "6", "--batch-size", "4", "--rounds", "3")
    files = ("--train", str(corpus), "--test", str(test))
    result = simulate(*files, *sizes, *QUICK)
    rounds = result["rounds"]
    assert isinstance(rounds, list)
    assert [r["documents"] for r in rounds] == [6, 10, 14]
    assert [r["tokens"] for r in rounds] == [30, 50, 70]
    assert [r["entities"] for r in rounds] == [12, 20, 28]
    assert all(0 <= r["f1"] <= 1 and r["train_seconds"] > 0 for r in rounds)
    assert (result["pool_documents"], result["test_documents"]) == (40, 10)


def test_without_a_test_file_a_share_is_held_out_and_strategies_start_alike(
    corpus: Path,
) -> None:
    sizes = ("--seed-size", "6", "--batch-size", "4", "--rounds", "1", "--seed", "5")
    files = ("--train", str(corpus), "--holdout", "0.25")
    found = [
        simulate(*files, *sizes, "--strategy", strategy, *QUICK)
        for strategy in ("lowest_marginal", "random")
    ]
    assert found[0]["test_documents"] == 10
    first, second = (result["rounds"][0]["f1"] for result in found)  # type: ignore[index]
    assert first == second


def test_all_of_the_data_can_be_measured_too(corpus: Path) -> None:
    sizes = ("--seed-size", "3", "--batch-size", "1", "--rounds", "1", "--full")
    result = simulate("--train", str(corpus), *sizes, *QUICK)
    full = result["full_data_f1"]
    assert isinstance(full, float) and 0 <= full <= 1


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.conll"
    with pytest.raises(CommandError, match="There is no file .*nowhere.conll"):
        call_command("simulate", "--train", str(path))


def test_a_file_without_labels_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bare.conll"
    path.write_text("Ada O\nsaw O\nOslo O\n\n" * 5)
    with pytest.raises(CommandError, match=r"bare\.conll has no labelled span"):
        call_command("simulate", "--train", str(path))


GRID = (
    *("--strategies", "mnlp, random", "--seeds", "0,1"),
    *("--seed-share", "0.2", "--batch-share", "0.1", "--rounds", "2"),
    *("--encoder", "scratch", "--max-steps", "2"),
)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_grid_fills_a_table_and_draws_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder is read file by file; its documents are cut down for both."""
    folder = tmp_path / "parts"
    folder.mkdir()
    write_corpus(folder / "1.conll", 15)
    write_corpus(folder / "2.conll", 15, 15)
    test = write_corpus(tmp_path / "test.conll", 10, 100)
    table, picture = tmp_path / "results.csv", tmp_path / "curves.svg"
    corpus = ("--corpus", f"towns={folder}:{test}", "--limit-pool", "20")
    files = ("--results", str(table), "--picture", str(picture))
    call_command("simulate", *corpus, "--limit-test", "5", *GRID, *files, "--full")

    found = rows(table)
    assert [(r["strategy"], r["seed"], r["round"]) for r in found] == [
        (strategy, seed, number)
        for seed in "01"
        for strategy, last in (("mnlp", 2), ("random", 2), ("full", 1))
        for number in map(str, range(1, last + 1))
    ]
    assert [row["documents"] for row in found[:5]] == ["4", "6", "4", "6", "20"]
    assert picture.read_text().startswith("<?xml")
    assert "towns  mnlp  seed 0  round 2: 6 documents" in capsys.readouterr().out

    out = StringIO()
    call_command("simulate", "--report", str(table), "--json", stdout=out)
    strategies = json.loads(out.getvalue())["corpora"]["towns"]["strategies"]
    assert set(strategies) == {"mnlp", "random"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Name a corpus"),
        (["--corpus", "towns"], "“towns” is not NAME=TRAIN"),
        (["--corpus", "a=/nowhere"], "There is no file “/nowhere”"),
        (["--strategies", "mnlp,random"], "give --results FILE.csv"),
        (["--no-spaces-in", "zh"], "There is no corpus “zh”"),
        (["--seeds", "0,x", "--results", "r.csv"], "“x” is no seed"),
        (["--recipe", "best"], "“best” is neither JSON nor one of default"),
        (["--recipe", '{"speed": 1}'], "no option “speed”"),
        (["--strategy", "bogus"], "unknown query strategy 'bogus'"),
        (["--seed-share", "2"], "--seed-share is a share from 0 to 1, not 2"),
        (["--batch-size", "0"], "--batch-size is a number from 1 on, not 0"),
        (["--holdout", "1"], "A share between 0 and 1"),
        (["--report", "nowhere.csv"], "There are no results in “nowhere.csv”"),
        (["--project", "Nothing"], "There is no project “Nothing”"),
    ],
)
@pytest.mark.django_db
def test_bad_input_gets_one_sentence(
    corpus: Path, arguments: list[str], sentence: str
) -> None:
    is_named = not arguments or arguments[0] == "--corpus"
    train = [] if is_named else ["--train", str(corpus)]
    with pytest.raises(CommandError, match=re.escape(sentence)):
        call_command("simulate", *train, *arguments)


def test_the_recipe_of_label_studio_is_one_rate_for_all() -> None:
    config = Settings(recipe=read_recipe("label-studio")).config()
    assert (config.encoder_learning_rate, config.epochs) == (1e-3, 10)
    factors = config.head_factor, config.crf_factor, config.layer_decay
    assert factors == (1.0, 1.0, 1.0)
    assert (config.schedule, config.warmup) == ("constant", 0.0)


def test_retraining_less_often_serves_larger_batches() -> None:
    settings = Settings(seed_size=0.1, batch_size=0.05, retrain_every=3)
    protocol = settings.protocol("random", 0, 5, 200)
    assert (protocol.seed_size, protocol.batch_size) == (20, 30)
