"""What the pages count: progress, labels, confidences, the learning curve."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Avg,
    Count,
    Exists,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
)
from django.db.models.functions import Cast, Floor, Least
from django.utils.translation import gettext, ngettext

from annotator.models import Annotation, Document, Label, Project, Span, TrainingRun
from modeling.configuration import DEFAULT_START
from modeling.curves import cost_of

HISTOGRAM_BINS = 20
SMALLEST_TRAINING = 2  # documents
RECIPE = ("metrics__card__config", "metrics__start", "metrics__partners")
NO_RECIPE = {"seed", "device"}  # recorded with it, but they teach nothing else


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one split, or a whole project, is."""

    total: int = 0
    submitted: int = 0
    flagged: int = 0
    suggested: int = 0  # read by a model, whether or not it proposed a span

    @property
    def remaining(self) -> int:
        return self.total - self.submitted - self.flagged

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 means all."""
        return self.submitted * 100 // self.total if self.total else 0

    def __add__(self, other: "Progress") -> "Progress":
        return Progress(
            self.total + other.total,
            self.submitted + other.submitted,
            self.flagged + other.flagged,
            self.suggested + other.suggested,
        )


def _counts() -> dict[str, Any]:
    """Aggregates over documents; each document counts once, submitted first."""
    annotations = Annotation.objects.filter(document=OuterRef("pk"))
    submitted = Exists(annotations.filter(Q(state="submitted") | Q(is_gold=True)))
    flagged = Exists(annotations.filter(state="flagged"))
    return {
        "total": Count("pk"),
        "submitted": Count("pk", filter=submitted),
        "flagged": Count("pk", filter=~submitted & flagged),
        "suggested": Count("pk", filter=Q(checkpoint__isnull=False)),
    }


def progress_by_split(project: Project) -> dict[str, Progress]:
    """Progress of "pool" and "evaluation", in one query."""
    found = _progress_by("split", project.documents.all())
    return {split: found.get(split, Progress()) for split in ("pool", "evaluation")}


def progress_of_projects(projects: Iterable[Project]) -> dict[int, Progress]:
    """Progress of many projects, in one query."""
    return _progress_by("project", Document.objects.filter(project__in=projects))


def _progress_by(field: str, documents: QuerySet[Document]) -> dict[Any, Progress]:
    rows: Any = documents.order_by().values(field).annotate(**_counts())
    return {row.pop(field): Progress(**row) for row in rows}


@dataclass(frozen=True, slots=True)
class LabelCount:
    label: Label
    spans: int
    suggestions: int


def label_counts(project: Project) -> list[LabelCount]:
    """Spans that people submitted, and suggestions, of every label."""
    submitted = Span.objects.filter(
        annotation__document__project=project, annotation__state="submitted"
    )
    spans = dict(submitted.order_by().values_list("label").annotate(Count("pk")))
    labels = project.labels.annotate(proposed=Count("suggestions"))
    return [
        LabelCount(label, spans.get(label.pk, 0), label.proposed) for label in labels
    ]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Remaining documents of the pool by confidence, in bins of equal width."""

    low: float
    high: float
    counts: tuple[int, ...]
    mean: float | None

    @property
    def total(self) -> int:
        return sum(self.counts)


def confidence_histogram(project: Project) -> Histogram:
    """Bins from the tenth below the lowest confidence up to 1."""
    finished = Annotation.objects.filter(document=OuterRef("pk")).filter(
        Q(is_gold=True) | Q(state__in=["submitted", "flagged"])
    )
    documents = project.documents.filter(
        ~Exists(finished), split="pool", confidence__isnull=False
    ).order_by()
    span = documents.aggregate(lowest=Min("confidence"), mean=Avg("confidence"))
    low = 0.0 if span["lowest"] is None else min(0.9, int(span["lowest"] * 10) / 10)
    width = (1 - low) / HISTOGRAM_BINS
    position = Cast(Floor((F("confidence") - low) / width), IntegerField())
    rows = documents.annotate(bin=Least(position, HISTOGRAM_BINS - 1))
    found = dict(rows.values_list("bin").annotate(Count("pk")))
    counts = tuple(found.get(number, 0) for number in range(HISTOGRAM_BINS))
    return Histogram(low, 1.0, counts, span["mean"])


@dataclass(frozen=True, slots=True)
class CurvePoint:
    run: int
    documents: int
    f1: float
    low: float
    high: float
    promoted: bool
    tokens: int = 0
    is_like_newest: bool = True  # the same encoder and recipe as the newest run


def learning_curve(project: Project) -> list[CurvePoint]:
    """Evaluation F1 against documents trained on, a point for each measured run.

    Only these few measures are loaded: all of them are many kilobytes a run.
    """
    runs = TrainingRun.objects.filter(project=project, state="succeeded")
    names = ("trained_documents", "f1", "f1_interval", "promoted", "trained_tokens")
    columns = [f"metrics__{name}" for name in names]
    rows = list(runs.order_by("pk").values_list("pk", *columns, *RECIPE))
    recipes = [recipe(*row[-len(RECIPE) :]) for row in rows]
    points = []
    for row, how in zip(rows, recipes, strict=True):
        pk, documents, f1, interval, promoted, tokens = row[: -len(RECIPE)]
        if f1 is not None:
            low, high = interval or (f1, f1)
            is_like = how == recipes[-1]
            measured = (documents, f1, low, high, promoted, tokens or 0, is_like)
            points.append(CurvePoint(pk, *measured))
    return points


def recipe(
    config: Mapping[str, Any] | None,
    start: str | None,
    partners: Iterable[Mapping[str, Any]] | None,
) -> dict[str, Any]:
    """How a run trained, from the columns `RECIPE`; only runs equal in it compare."""
    options = {k: v for k, v in (config or {}).items() if k not in NO_RECIPE}
    beside = sorted(partner["project"] for partner in partners or ())
    return options | {"start": start or DEFAULT_START, "partners": beside}


@dataclass(frozen=True, slots=True)
class Saved:
    """What a strategy read, and random order, to the same F1 in a simulation."""

    name: str
    f1: float
    tokens: float
    random: float

    @property
    def percent(self) -> int:
        return round(100 * (1 - self.tokens / self.random))


def tokens_saved(measured: Mapping[str, Sequence[Sequence[float]]]) -> list[Saved]:
    """Each strategy against random order, at the highest F1 that both reached.

    Args:
        measured: Rows of tokens, mean F1, lowest and highest, by strategy.
    """
    chance = measured.get("random")
    found = []
    for name, rows in measured.items():
        if name == "random" or not chance or not rows:
            continue
        f1 = min(max(row[1] for row in rows), max(row[1] for row in chance))
        lines = ([(row[0], row[1]) for row in each] for each in (rows, chance))
        tokens, random = (cost_of(line, f1) for line in lines)
        if tokens is not None and random:
            found.append(Saved(name, f1, tokens, random))
    return found


def obstacle_to_training(project: Project) -> str:
    """Why a run could learn nothing now, in one sentence; empty when it could."""
    learned = Annotation.objects.filter(
        document__project=project, document__split="pool", state="submitted"
    )
    documents = learned.order_by().values("document").distinct().count()
    if documents < SMALLEST_TRAINING:
        return ngettext(
            "Training needs at least %(least)s submitted documents of the pool; "
            "there is %(count)s.",
            "Training needs at least %(least)s submitted documents of the pool; "
            "there are %(count)s.",
            documents,
        ) % {"least": SMALLEST_TRAINING, "count": documents}
    if not Span.objects.filter(annotation__in=learned).exists():
        return gettext("No submitted document has a span to learn from.")
    return ""
