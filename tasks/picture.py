"""The picture of simulations: a row of panels a corpus, F1 against what it cost."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from annotator.models.projects import PALETTE
from modeling.curves import band
from tasks.runs import COSTS, Runs, read_runs

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Of the colours of labels, those that colour-blind people tell apart easily.
COLORS = 8
LINES = ("-", "--", ":", "-.")
TITLES = {
    "tokens": "tokens read",
    "entities": "entities labelled",
    "actions": "actions on suggestions and spans",
    "minutes": "minutes",
}


def draw(paths: Sequence[Path], target: Path) -> None:
    """Draw the mean over the seeds with a band from the lowest to the highest.

    Args:
        paths: Tables of results.
        target: SVG, PNG or PDF, by its ending.

    Raises:
        ValueError: the ending is of no format that can be drawn.
    """
    if target.suffix.lower() not in (".svg", ".png", ".pdf"):
        raise ValueError(f"The picture “{target.name}” must end in .svg, .png or .pdf.")
    # A heavy library that only a picture needs.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    corpora = list(read_runs(paths).values())
    names = list(dict.fromkeys(name for runs in corpora for name in runs.strategies))
    with rc_context({"svg.hashsalt": "simulation"}):
        figure = Figure(figsize=(17, 3.6 * len(corpora) + 0.5), layout="constrained")
        axes = figure.subplots(len(corpora), len(COSTS), squeeze=False, sharey="row")
        for runs, row in zip(corpora, axes, strict=True):
            for cost, panel in zip(COSTS, row, strict=True):
                _draw_panel(panel, runs, cost, names)
            row[0].set_ylabel("F1")
        handles, shown = axes[0][0].get_legend_handles_labels()
        figure.legend(handles, shown, loc="outside lower center", ncols=4)
        target.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(target, dpi=150, metadata=_metadata(target))


def _draw_panel(panel: "Axes", runs: Runs, cost: str, names: Sequence[str]) -> None:
    colors, styles = cycle(PALETTE[:COLORS]), cycle(LINES)
    for name, color, style in zip(names, colors, styles, strict=False):
        lines = [runs.line(name, seed, cost) for seed in runs.rows.get(name, ())]
        rows = band(lines)
        costs, means, lowest, highest = (
            [row[place] for row in rows] for place in range(4)
        )
        panel.plot(costs, means, style, color=color, label=name, linewidth=1.6)
        if len(lines) > 1:
            panel.fill_between(costs, lowest, highest, color=color, alpha=0.13, lw=0)
    full = [f1 for seed in runs.seeds if (f1 := runs.full_f1(seed)) is not None]
    if full:
        panel.axhline(sum(full) / len(full), color="#777777", lw=0.8, label="all of it")
    panel.set_title(f"{runs.corpus}", fontsize=11)
    panel.set_xlabel(TITLES[cost])
    panel.grid(alpha=0.25)
    panel.spines[["top", "right"]].set_visible(False)


def _metadata(target: Path) -> dict[str, str | None]:
    """The same results give the same file: no date in it."""
    return {"Date": None} if target.suffix.lower() == ".svg" else {}
