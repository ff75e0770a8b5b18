"""Measuring a new model on the evaluation slice, beside the model in use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from annotator.models import Assessment, Checkpoint, Project
from modeling.confusion import tally
from modeling.scoring import Counts, bootstrap_f1_difference, score
from modeling.spans import Span
from tasks.prediction import load_tagger, predicted_spans

if TYPE_CHECKING:
    from modeling.bootstrap import Intervals
    from modeling.tagger import Tagger
    from modeling.training import Example

SMALLEST_EVALUATION = 10  # documents, before two models are compared
KEEP_ASSESSED = 20  # newest checkpoints whose every document stays comparable

Spans = Sequence[Span]


@dataclass(frozen=True)
class Assessed:
    """The measures of a model and its word on each document, by primary key."""

    metrics: dict[str, Any]
    gold: Mapping[int, Spans] = field(default_factory=dict)
    found: Mapping[int, Spans] = field(default_factory=dict)

    def store(self, checkpoint: Checkpoint) -> None:
        """Keep every document's spans, and those of the newest checkpoints only."""
        checkpoint.assessments.all().delete()
        documents = checkpoint.project.documents.filter(split="evaluation")
        there = set(documents.values_list("pk", flat=True))
        Assessment.objects.bulk_create(
            (
                Assessment(
                    checkpoint=checkpoint,
                    document_id=key,
                    gold=_rows(spans),
                    predicted=_rows(self.found[key]),
                )
                for key, spans in self.gold.items()
                if key in there  # not deleted while the model was trained
            ),
            batch_size=500,
        )
        of_project = Assessment.objects.filter(checkpoint__project=checkpoint.project)
        # By the column: "-checkpoint" would turn the order of Checkpoint itself round.
        assessed = of_project.order_by("-checkpoint_id").values_list("checkpoint_id")
        kept = [pk for (pk,) in assessed.distinct()[:KEEP_ASSESSED]]
        active = checkpoint.project.active_checkpoint
        of_project.exclude(checkpoint__in=[*kept, active and active.pk]).delete()


def assess(
    project: Project,
    tagger: "Tagger",
    labels: dict[str, int],
    judged: "Mapping[int, Example]",
) -> Assessed:
    """Score on the evaluation slice, against the active checkpoint too."""
    active = project.active_checkpoint
    metrics: dict[str, Any] = {
        "f1": None,
        "evaluated_documents": len(judged),
        "previous_f1": None,
        "promoted": True,
        "reason": "Promoted: the evaluation slice has no submitted document yet.",
    }
    if not judged:
        return Assessed(metrics)
    examples = list(judged.values())
    gold: list[Spans] = [example.spans for example in examples]
    found: list[Spans] = [*predicted_spans(tagger, examples, project, labels)]
    metrics |= measures(gold, found)
    if active is None:
        metrics["reason"] = "Promoted: it is the project's first model."
    else:
        before = predicted_spans(load_tagger(active), examples, project, active.labels)
        metrics |= compare(gold, [*before], found) | {"previous": active.pk}
    keys = list(judged)
    return Assessed(
        metrics,
        dict(zip(keys, gold, strict=True)),
        dict(zip(keys, found, strict=True)),
    )


def measures(gold: Sequence[Spans], found: Sequence[Spans]) -> dict[str, Any]:
    """Precision, recall and F1 with intervals, by label too, and the confusions."""
    from modeling.bootstrap import intervals

    result = score(gold, found)
    everything, each = intervals(gold, found)
    return _measured(result.micro, everything) | {
        "labels": {
            name: _measured(counts, each[name])
            for name, counts in result.labels.items()
        },
        "confusion": [
            [*cell, count] for cell, count in sorted(tally(gold, found).items())
        ],
    }


def compare(
    gold: Sequence[Spans], before: Sequence[Spans], found: Sequence[Spans]
) -> dict[str, Any]:
    """The gate: not worse than half a standard error below the active model."""
    previous = score(gold, before).micro.f1
    difference, error = bootstrap_f1_difference(gold, found, before)
    if len(gold) < SMALLEST_EVALUATION:
        promoted, why = True, f"only {len(gold)} evaluation documents to compare on"
    else:
        promoted = difference >= -0.5 * error
        why = f"F1 {difference:+.3f} against the active model (± {error:.3f})"
    verb = "Promoted" if promoted else "Not promoted"
    return {
        "previous_f1": previous,
        "promoted": promoted,
        "reason": f"{verb}: {why}.",
    }


def _measured(counts: Counts, bounds: "Intervals") -> dict[str, Any]:
    return {
        "precision": counts.precision,
        "recall": counts.recall,
        "f1": counts.f1,
        "precision_interval": list(bounds.precision),
        "recall_interval": list(bounds.recall),
        "f1_interval": list(bounds.f1),
        "true_positives": counts.true_positives,
        "predicted": counts.predicted,
        "gold": counts.gold,
    }


def _rows(spans: Spans) -> list[list[Any]]:
    return [[span.start, span.end, span.label] for span in spans]
