"""The project's own answers played again, by its strategy and at random.

A task plays one round and queues the next, so that trainings and pre-annotation are
not kept waiting. Everything between two rounds lies in a folder; whoever is killed goes
on there.
"""

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery import shared_task

from annotator import yardstick
from annotator.models import Project
from tasks.results import Results, ResultsError, Row

if TYPE_CHECKING:
    from modeling.examples import Example
    from tasks.grid import Grid

NAME = "project"
POINTS = 20  # of a drawn curve


class _OneRoundPlayed(Exception):
    """Enough for one task."""


class BeingPlayed(ValueError):
    """Another process plays the project's comparison now."""


@dataclass(frozen=True)
class Snapshot:
    """The answers as they were when the comparison began."""

    file: Path
    name: str = NAME

    def read(self) -> "tuple[list[Example], list[Example]]":
        kept = json.loads(self.file.read_text(encoding="utf-8"))
        pool, test = ([_example(e) for e in kept[part]] for part in ("pool", "test"))
        return pool, test


@shared_task
def measure_yardstick(project_id: int, goes_on: bool = False) -> None:
    """Play the next round; after the last one keep the curves on the project.

    Args:
        project_id: Whose answers are played.
        goes_on: Sent by the round before. Who pressed the button twice sent two rows
            of tasks: when one has played the last round, the other is done, too.
    """
    project = Project.objects.get(pk=project_id)
    is_over = goes_on and not yardstick.folder(project).exists()
    if is_over or yardstick.obstacle(project):
        return

    def stop(row: Row) -> None:
        raise _OneRoundPlayed

    try:
        measure(project, stop)
    except _OneRoundPlayed:
        measure_yardstick.delay(project_id, goes_on=True)
    except BeingPlayed:
        return  # by a row of tasks that goes on


def measure(project: Project, on_row: Callable[[Row], None] | None = None) -> None:
    """Play what is missing and keep the curves on the project.

    Args:
        project: One without an obstacle.
        on_row: Called after each round.

    Raises:
        BeingPlayed: another process does so at this moment.
    """
    with _alone(project):
        grid = _grid(project)
        try:
            _refuse_another_strategy(grid)
            grid.run(on_row=on_row)
        except ResultsError:  # strategy, recipe or exploration changed meanwhile
            shutil.rmtree(yardstick.folder(project))
            _grid(project).run(on_row=on_row)
        project.yardstick = curves(yardstick.table(project))
        project.save(update_fields=["yardstick"])
        shutil.rmtree(yardstick.folder(project))


@contextmanager
def _alone(project: Project) -> Iterator[None]:
    """Hold the project's comparison; whoever dies lets go of it."""
    path = yardstick.folder(project).with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BeingPlayed(f"“{project}” is being compared already.") from None
        yield


def curves(table: Path) -> dict[str, list[list[float]]]:
    """Rows of tokens, mean F1, lowest and highest over the seeds, by strategy."""
    from modeling.curves import band, curve

    found = {}
    rows = Results(table).rows()
    for strategy in dict.fromkeys(row["strategy"] for row in rows):
        lines = [
            curve(
                (row["tokens"], row["f1"])
                for row in rows
                if (row["strategy"], row["seed"]) == (strategy, seed)
            )
            for seed in {row["seed"] for row in rows}
        ]
        found[strategy] = [list(point) for point in band(lines, POINTS)]
    return found


def _grid(project: Project) -> "Grid":
    from tasks.adaptation import with_known_encoder
    from tasks.grid import Grid
    from tasks.recipe import config_of
    from tasks.simulation import Settings

    file = yardstick.folder(project) / "answers.json"
    if not file.exists():
        _write_snapshot(project, file)
    recipe = asdict(with_known_encoder(project, config_of(project)))
    del recipe["seed"], recipe["device"]
    return Grid(
        corpora=(Snapshot(file),),
        strategies=yardstick.strategies(project),
        seeds=yardstick.SEEDS,
        rounds=yardstick.ROUNDS,
        settings=Settings(
            seed_size=yardstick.SEED_SHARE,
            batch_size=yardstick.BATCH_SHARE,
            encoder=recipe["encoder"],
            recipe=recipe,
            # As the queue serves: some by chance, none nearly twice.
            exploration=project.exploration,
            has_duplicates=False,
        ),
        results=yardstick.table(project),
    )


def _refuse_another_strategy(grid: "Grid") -> None:
    """Refuse to mix what is left of another comparison into this one.

    Raises:
        ResultsError: the table has rows of a strategy that is not compared now.
    """
    for row in Results(grid.results).rows():
        if row["strategy"] not in grid.strategies:
            raise ResultsError(f"“{row['strategy']}” is not compared any more.")


def _write_snapshot(project: Project, file: Path) -> None:
    """Keep the answers, so that all rounds learn and are measured on the same."""
    from tasks.gathering import examples, lessons

    whole = (each for each in lessons(project) if each.source != "partial")
    kept = {
        "pool": [asdict(lesson.example) for lesson in whole],
        "test": [asdict(example) for _, example in examples(project, "evaluation")],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    fresh.replace(file)


def _example(kept: dict[str, Any]) -> "Example":
    from modeling.examples import Example
    from modeling.spans import Span

    known = kept["known"]
    return Example(
        text=kept["text"],
        tokens=tuple((start, end) for start, end in kept["tokens"]),
        spans=tuple(Span(**span) for span in kept["spans"]),
        known=None if known is None else tuple((a, b) for a, b in known),
    )
