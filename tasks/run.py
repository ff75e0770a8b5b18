"""The body of one training run, step by step."""

import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from annotator.cards import card_of
from annotator.models import Checkpoint, Project, TrainingRun
from annotator.models.training import Phase
from modeling import card, checkpoints
from modeling.configuration import starts_from
from modeling.licences import encoder_licence
from modeling.multitask import Task, train_together
from modeling.tagger import Tagger
from modeling.training import (
    EpochReport,
    Example,
    StepReport,
    TrainingCancelled,
    TrainingConfig,
    TrainingResult,
    train,
)
from tasks.adaptation import with_adapted_encoder
from tasks.agreement import agreement_with_previous
from tasks.assessment import Assessed, assess
from tasks.calibration import calibrate
from tasks.gathering import (
    Lesson,
    count_sources,
    examples,
    lessons,
    tell_sources,
)
from tasks.heartbeat import Heartbeat
from tasks.prediction import mean_marginal_of_pool
from tasks.recipe import config_of, initial_of, tasks_beside

HELD_OUT_SHARE = 10  # one in ten labelled documents decides when to stop
HELD_OUT_FROM = 100  # fewer documents than this are all trained on


class NothingToLearn(Exception):
    """There is too little to train on; the message says what is missing."""


def carry_out(run: TrainingRun, heart: Heartbeat) -> Checkpoint:
    """Train, evaluate, store and, if not worse, promote.

    Raises:
        NothingToLearn: no labelled documents or no spans.
        modeling.training.TrainingCancelled: the run was cancelled or taken away.
        annotator.models.training.RunLost: the run belongs to another attempt.
    """
    run.append_log(f"Attempt {run.attempt} on {run.worker}.")
    taught = list(lessons(run.project))
    learned = [lesson.example for lesson in taught]
    _check_enough(taught)
    labels = dict(run.project.labels.values_list("name", "pk"))
    sources = count_sources(taught)
    run.append_log(tell_sources(sources))
    run.append_log(f"{sum(len(e.spans) for e in learned)} spans.")
    started = timezone.now()
    config = config_of(run.project)
    initial = initial_of(run.project)
    adapted, adaptation = with_adapted_encoder(run, heart, config, initial)
    beside = tasks_beside(run.project)
    own = Task(learned, list(labels), _held_out(learned))
    result = _train(run, heart, own, beside, adapted, initial)
    run.append_log(f"{result.steps} steps in {result.seconds:.0f} s.")
    heart.report(now=True, phase=Phase.EVALUATING, step=result.steps, eta_seconds=None)
    assessed = _measure(run.project, result.tagger, labels, learned)
    metrics = assessed.metrics | _trained_on(taught, started) | {"sources": sources}
    licence = encoder_licence(config.encoder)
    metrics["card"] = card.facts(learned, config, licence, run.project.token_mode)
    metrics["adaptation"] = adaptation
    metrics["start"] = starts_from(run.project.recipe)
    metrics["partners"] = [_partner(*each) for each in beside.items()]
    run.beat()  # raises when the run was taken away meanwhile
    if run.is_cancel_requested():
        raise TrainingCancelled("cancelled after the evaluation")
    checkpoint = _store(run, result.tagger, labels, metrics)
    assessed.store(checkpoint)
    run.append_log(metrics["reason"])
    with transaction.atomic():
        run.succeed(metrics)
        if metrics["promoted"]:
            checkpoint.activate()
    drop_old_folders(run.project)
    return checkpoint


def _check_enough(taught: list[Lesson]) -> None:
    whole = sum(lesson.source != "partial" for lesson in taught)
    if whole < 2:
        raise NothingToLearn(
            "Training needs at least 2 submitted documents outside the evaluation "
            f"slice; there {'is' if whole == 1 else 'are'} {whole}."
        )
    if not any(lesson.example.spans for lesson in taught):
        raise NothingToLearn("No submitted document has a span to learn from.")


def _held_out(learned: list[Example]) -> list[Example]:
    """Documents that decide when to stop and are not trained on."""
    # Only what is known to its end can say whether a prediction is wrong.
    whole = [example for example in learned if example.known is None]
    return whole[::HELD_OUT_SHARE] if len(whole) >= HELD_OUT_FROM else []


def _train(
    run: TrainingRun,
    heart: Heartbeat,
    own: Task,
    beside: dict[Project, Task],
    config: TrainingConfig,
    initial: Tagger | None,
) -> TrainingResult:
    """Train on what is not held out, beside the partners if there are any."""
    apart = {id(example) for example in own.dev}
    trained = [example for example in own.examples if id(example) not in apart]
    history: list[dict[str, Any]] = []

    def on_step(report: StepReport) -> None:
        rate = report.seconds / max(report.step, 1)
        entry = {"step": report.step, "loss": round(report.loss, 4)}
        if not history or report.step - history[-1]["step"] >= 5:
            history.append(entry)
        heart.report(
            now=report.step == 1,
            phase=Phase.TRAINING,
            step=report.step,
            total_steps=report.total_steps,
            eta_seconds=rate * (report.total_steps - report.step),
            history=history,
        )

    def on_epoch_end(report: EpochReport) -> None:
        entry = {"step": report.step, "loss": report.loss, "epoch": report.epoch}
        if report.dev_f1 is not None:
            entry["dev_f1"] = report.dev_f1
        history.append(entry)
        heart.report(now=True, history=history)

    seam: Any = {
        "initial": initial,
        "on_step": on_step,
        "on_epoch_end": on_epoch_end,
        "should_stop": heart.should_stop,
    }
    if not beside:
        return train(trained, own.labels, config, dev=own.dev, **seam)
    # Without their names: not everybody who reads this may know the partners.
    for number, task in enumerate(beside.values(), 1):
        run.append_log(
            f"Together with partner {number}: {len(task.examples)} documents."
        )
    name = run.project.name
    together = {name: replace(own, examples=trained)}
    together |= {partner.name: task for partner, task in beside.items()}
    return train_together(together, config, **seam)[name]


def _partner(project: Project, task: Task) -> dict[str, Any]:
    """What the model card says of a partner to those who may see it."""
    return {
        "project": project.pk,
        "name": project.name,
        "labels": list(task.labels),
        "documents": len(task.examples),
    }


def _measure(
    project: Project, tagger: Tagger, labels: dict[str, int], learned: list[Example]
) -> Assessed:
    """Everything that is asked of a new model; its temperature is fitted on the way."""
    judged = dict(examples(project, "evaluation"))
    assessed = assess(project, tagger, labels, judged)
    more = {"agreement": agreement_with_previous(project, tagger, labels)}
    more |= calibrate(tagger, _held_out(learned), list(judged.values()))
    return replace(assessed, metrics=assessed.metrics | more)


def _trained_on(taught: list[Lesson], started: datetime) -> dict[str, Any]:
    whole = [lesson.example for lesson in taught if lesson.source != "partial"]
    return {
        "trained_documents": len(whole),
        "trained_spans": sum(len(lesson.example.spans) for lesson in taught),
        "trained_tokens": sum(len(example.tokens) for example in whole),
        "seconds": (timezone.now() - started).total_seconds(),
    }


def _store(
    run: TrainingRun, tagger: Tagger, labels: dict[str, int], metrics: dict[str, Any]
) -> Checkpoint:
    folder = f"project-{run.project_id}/run-{run.pk}-attempt-{run.attempt}"
    path = Path(settings.CHECKPOINT_DIR) / folder
    # The folder may be downloaded by somebody who may not see the partners.
    told = {key: value for key, value in metrics.items() if key != "partners"}
    checkpoints.save(tagger, path, extra={"metrics": told, "run": run.pk})
    checkpoint, _ = Checkpoint.objects.update_or_create(
        training_run=run,
        defaults={
            "project": run.project,
            "folder": folder,
            "encoder": run.project.encoder_name,
            "labels": labels,
            "metrics": metrics,
            "corpus_mean": mean_marginal_of_pool(tagger, run.project),
        },
    )
    readme = card.render(card_of(checkpoint))
    (path / "README.md").write_text(readme, encoding="utf-8")
    return checkpoint


def drop_old_folders(project: Project) -> None:
    """Keep the weights of the newest retired checkpoints, and of every active one.

    Older rows stay as history without a folder; folders that no row names are what
    a killed attempt left behind.
    """
    retired = project.checkpoints.filter(state="retired").exclude(folder="")
    old = list(retired.order_by("-pk")[settings.KEEP_CHECKPOINTS :])
    # Somebody may have rolled back to one of them in between.
    retired.filter(pk__in=[c.pk for c in old]).update(folder="")
    named = set(project.checkpoints.values_list("folder", flat=True))
    root = Path(settings.CHECKPOINT_DIR)
    for folder in (root / f"project-{project.pk}").glob("run-*"):
        if str(folder.relative_to(root)) not in named:
            shutil.rmtree(folder, ignore_errors=True)
