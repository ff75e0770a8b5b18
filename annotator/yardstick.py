"""Measuring strategies on a project's own answers: when, and how far it is."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext, ngettext

from annotator.models import Annotation, Project
from annotator.models.projects import QueryStrategy

FEWEST_DOCUMENTS = 100
SEEDS = (0, 1, 2)
ROUNDS = 5
SEED_SHARE, BATCH_SHARE = 0.1, 0.15  # of the answered documents: up to 70 % of them


@dataclass(frozen=True)
class Measuring:
    """Rounds played of those to play."""

    played: int
    total: int


def strategies(project: Project) -> tuple[str, str]:
    """The project's strategy and the random order it is compared with."""
    chance = QueryStrategy.RANDOM.value
    chosen = project.query_strategy
    return (QueryStrategy.LOWEST_MARGINAL.value if chosen == chance else chosen, chance)


def obstacle(project: Project) -> str:
    """Why nothing could be measured now, in one sentence; empty when it could."""
    answered = _answered(project, "pool")
    if answered < FEWEST_DOCUMENTS:
        return ngettext(
            "A comparison with random order needs at least %(least)s answered "
            "documents of the pool; there is %(count)s.",
            "A comparison with random order needs at least %(least)s answered "
            "documents of the pool; there are %(count)s.",
            answered,
        ) % {"least": FEWEST_DOCUMENTS, "count": answered}
    if not _answered(project, "evaluation", has_spans=True):
        return gettext("No answered document of the evaluation slice has a span.")
    return ""


def folder(project: Project) -> Path:
    """Where the rounds, and the answers they learn from, lie until all are played."""
    return _root() / str(project.pk)


def drop_orphans() -> None:
    """Remove what is left of comparisons whose project was deleted: it holds texts."""
    if not _root().exists():
        return
    there = {str(key) for key in Project.objects.values_list("pk", flat=True)}
    for path in _root().iterdir():
        if path.name.split(".")[0] in there:
            continue
        if path.is_dir():
            # Somebody may still be playing there; the next call removes the rest.
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def table(project: Project) -> Path:
    return folder(project) / "results.csv"


def measuring(project: Project) -> Measuring | None:
    """How far a comparison is that was begun, None without one."""
    if not folder(project).exists():
        return None
    total = len(SEEDS) * ROUNDS * len(strategies(project))
    try:
        lines = table(project).read_text(encoding="utf-8").count("\n")
    except FileNotFoundError:
        lines = 0
    return Measuring(max(0, lines - 1), total)


def _root() -> Path:
    return Path(settings.VAR_DIR) / "yardsticks"


def _answered(project: Project, split: str, has_spans: bool = False) -> int:
    done = Annotation.objects.filter(
        document__project=project, document__split=split, state="submitted"
    )
    if has_spans:
        done = done.filter(spans__isnull=False)
    return done.order_by().values("document").distinct().count()
