"""The picture of simulations: one file of the format asked for."""

from pathlib import Path

import pytest

from annotator.models.projects import PALETTE
from tasks.picture import draw
from tests.tasks.test_report import CHOSEN, RANDOM, write


@pytest.mark.parametrize(
    ("name", "begins"), [("curves.svg", b"<?xml"), ("curves.png", b"\x89PNG")]
)
def test_the_ending_chooses_the_format(
    tmp_path: Path, name: str, begins: bytes
) -> None:
    runs = {("random", 0): RANDOM, ("random", 1): RANDOM, ("mnlp", 0): CHOSEN}
    table = write(
        tmp_path / "results.csv", {**runs, ("full", 0): [(900, 9, 9, 9, 0.8)]}
    )
    draw([table], tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_every_cost_has_a_panel(tmp_path: Path) -> None:
    table = write(tmp_path / "results.csv", {("random", 0): RANDOM})
    draw([table], tmp_path / "curves.svg")
    drawn = (tmp_path / "curves.svg").read_text()
    for title in ("tokens read", "entities labelled", "actions", "minutes"):
        assert f"<!-- {title}" in drawn


def test_an_unknown_ending_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="“curves.bmp” must end in"):
        draw([], tmp_path / "curves.bmp")


def test_curves_have_the_colours_of_labels(tmp_path: Path) -> None:
    table = write(
        tmp_path / "results.csv", {("random", 0): RANDOM, ("mnlp", 0): CHOSEN}
    )
    draw([table], tmp_path / "curves.svg")
    drawn = (tmp_path / "curves.svg").read_text()
    assert all(f"stroke: {color}" in drawn for color in PALETTE[:2])
