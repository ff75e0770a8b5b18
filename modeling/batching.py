"""Cutting work into batches of about the same number of sub-tokens."""

import random
from collections.abc import Iterator, Sequence


def budget_batches(
    order: Sequence[int], lengths: Sequence[int], budget: int
) -> Iterator[list[int]]:
    """Cut a sequence of documents into batches, padding counted.

    Args:
        order: Indices of documents, neighbours of similar length.
        lengths: Sub-tokens of each document.
        budget: Most sub-tokens in a batch; a longer document is a batch of its own.

    Yields:
        Indices of one batch.
    """
    batch: list[int] = []
    longest = 0
    for index in order:
        longest = max(longest, lengths[index])
        if batch and longest * (len(batch) + 1) > budget:
            yield batch
            batch, longest = [], lengths[index]
        batch.append(index)
    if batch:
        yield batch


def shuffled_batches(
    lengths: Sequence[int], budget: int, generator: random.Random
) -> list[list[int]]:
    """Draw one epoch: batches of similar lengths, in random order.

    Lengths are jittered by up to 20 % before sorting, so that the same documents do not
    share a batch in every epoch.
    """
    jittered = [length * generator.uniform(0.8, 1.2) for length in lengths]
    order = sorted(range(len(lengths)), key=jittered.__getitem__)
    batches = list(budget_batches(order, lengths, budget))
    generator.shuffle(batches)
    return batches
