"""The batches of a training run, drawn before it begins."""

import math
import random
from collections.abc import Iterator, Sequence
from typing import Final

from modeling.batching import shuffled_batches
from modeling.configuration import TrainingConfig

_EVALUATIONS: Final = 10

# A task's number and the indices of its units in one batch.
Batch = tuple[int, list[int]]


def plan_steps(lengths: Sequence[int], config: TrainingConfig) -> list[list[Batch]]:
    """Draw the batches of every epoch of one task.

    Args:
        lengths: Sub-tokens of each unit.
        config: Sizes, bounds and the seed.

    Returns:
        One list of batches an epoch, in all as many as there are steps.
    """
    generator = random.Random(config.seed)
    plan = [shuffled_batches(lengths, config.batch_tokens, generator)]
    wanted = len(plan[0]) * config.passes
    remaining = min(max(wanted, config.min_steps), config.max_steps)
    plan[0] = plan[0][:remaining]
    remaining -= len(plan[0])
    while remaining > 0:
        batches = shuffled_batches(lengths, config.batch_tokens, generator)
        plan.append(batches[:remaining])
        remaining -= len(plan[-1])
    return [[(0, batch) for batch in batches] for batches in plan]


def plan_joint_steps(
    lengths: Sequence[Sequence[int]], config: TrainingConfig, temperature: float
) -> list[list[Batch]]:
    """Draw the batches of several tasks, mixed.

    A step's task is drawn with a probability proportional to its number of batches to
    the power of 1 / temperature: 1 follows the sizes, more favours small tasks.

    Args:
        lengths: Sub-tokens of each unit of each task.
        config: Sizes, bounds and the seed; the bounds count the steps of all tasks.
        temperature: At least 1.

    Returns:
        As many equal stretches as the recipe has epochs, of batches with their tasks.
    """
    generator = random.Random(config.seed)
    first = [
        shuffled_batches(units, config.batch_tokens, generator) for units in lengths
    ]
    wanted = sum(map(len, first)) * config.passes
    steps = min(max(wanted, config.min_steps * len(lengths)), config.max_steps)
    weights = [len(batches) ** (1 / temperature) for batches in first]
    streams = [
        _endless(batches, units, config.batch_tokens, generator)
        for batches, units in zip(first, lengths, strict=True)
    ]
    # Drawn apart, so that one task alone has the batches it always has.
    drawing = random.Random(f"{config.seed}:tasks")
    tasks = drawing.choices(range(len(lengths)), weights, k=steps)
    drawn = [(task, next(streams[task])) for task in tasks]
    size = math.ceil(steps / config.passes)
    return [drawn[start : start + size] for start in range(0, steps, size)]


def is_evaluated(epoch: int, epochs: int) -> bool:
    """Spread about ten evaluations over the epochs; the last is always one."""
    return epoch == epochs or epoch % math.ceil(epochs / _EVALUATIONS) == 0


def _endless(
    first: list[list[int]],
    lengths: Sequence[int],
    budget: int,
    generator: random.Random,
) -> Iterator[list[int]]:
    """Give the batches of one epoch after the other."""
    yield from first
    while True:
        yield from shuffled_batches(lengths, budget, generator)
