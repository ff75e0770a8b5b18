"""Several tasks with labels of their own learn one encoder together."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import torch

from modeling.configuration import TrainingConfig
from modeling.devices import resolve_device
from modeling.examples import Example, training_units
from modeling.names import OVER_WORDS
from modeling.planning import plan_joint_steps
from modeling.reports import (
    EpochReport,
    Seam,
    StepReport,
    TrainingError,
    TrainingResult,
)
from modeling.starting import check_examples, start_tagger
from modeling.tagger import Tagger
from modeling.training import DEFAULT_CONFIG, Loop

# Between drawing tasks by their size (1) and all alike (infinite).
TEMPERATURE: Final = 2.0


@dataclass(frozen=True)
class Task:
    """What one head learns.

    Attributes:
        examples: Annotated documents.
        labels: Entity types, all that occur in the spans.
        dev: Held-out documents; the weights with the best mean F1 over tasks win.
    """

    examples: Sequence[Example]
    labels: Sequence[str]
    dev: Sequence[Example] = ()


def train_together(
    tasks: Mapping[str, Task],
    config: TrainingConfig = DEFAULT_CONFIG,
    *,
    temperature: float = TEMPERATURE,
    initial: Tagger | None = None,
    on_step: Callable[[StepReport], None] | None = None,
    on_epoch_end: Callable[[EpochReport], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> dict[str, TrainingResult]:
    """Fine-tune one encoder under a head and a CRF for each task.

    Every step learns from a batch of one task, drawn by the tasks' sizes; see
    `modeling.planning.plan_joint_steps`. Labels of the same name in two tasks have
    nothing to do with each other.

    Args:
        tasks: What to learn, by name, at least one.
        config: The recipe; its steps are those of all tasks.
        temperature: At least 1; more favours small tasks.
        initial: The first task, and so the encoder, starts from a copy of this tagger.
        on_step: Called after every optimiser step.
        on_epoch_end: Called after each of as many stretches as there are epochs.
        should_stop: Asked before every step.

    Returns:
        A result for each task. The taggers share their encoder: save each, or use
        `Tagger.with_labels` for a copy of its own.

    Raises:
        TrainingCancelled: When should_stop() says so.
        TrainingError: See `modeling.training.train`.
        EncoderError: When the encoder cannot be loaded.
    """
    start = time.perf_counter()
    _check(tasks, temperature)
    device = resolve_device(config.device)
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(config.seed)
        taggers = [tagger.to(device) for tagger in _taggers(tasks, config, initial)]
        prepared = [
            training_units(tagger, task.examples)
            for tagger, task in zip(taggers, tasks.values(), strict=True)
        ]
        units = [part for part, _ in prepared]
        lengths = [[unit.document.sub_tokens for unit in part] for part in units]
        plan = plan_joint_steps(lengths, config, temperature)
        loop = Loop(list(zip(taggers, units, strict=True)), plan, config, start)
        seam = Seam(on_step, on_epoch_end, should_stop)
        try:
            stopped = loop.run([task.dev for task in tasks.values()], seam)
        finally:
            loop.end()
    ended = (loop.history, stopped, loop.step, time.perf_counter() - start)
    return {
        name: TrainingResult(tagger, *ended, misaligned)
        for name, tagger, (_, misaligned) in zip(tasks, taggers, prepared, strict=True)
    }


def _check(tasks: Mapping[str, Task], temperature: float) -> None:
    """Refuse what cannot be trained on."""
    if not tasks or temperature < 1:
        raise TrainingError("Training together takes a task and a temperature from 1.")
    for task in tasks.values():
        check_examples(task.examples, task.labels)


def _taggers(
    tasks: Mapping[str, Task], config: TrainingConfig, initial: Tagger | None
) -> list[Tagger]:
    """Put a head for each task on one encoder; all texts give its vocabulary.

    A vocabulary of words comes from the first task alone: it is saved with the model,
    and would tell whoever gets that which words stand in the texts of the others.
    """
    together = [example for task in tasks.values() for example in task.examples]
    if config.encoder in OVER_WORDS:
        together = list(next(iter(tasks.values())).examples)
    labels, *others = (task.labels for task in tasks.values())
    first = start_tagger(together, labels, config, initial)
    taggers = [first]
    for labels in others:
        other = Tagger(
            first.encoder,
            first.sub_tokenizer.tokenizer,
            labels,
            dropout=config.dropout,
            max_length=first.max_length,
            context=first.context,
            has_word_shapes=first.shapes is not None,
        )
        other.precision = first.precision
        taggers.append(other)
    return taggers
