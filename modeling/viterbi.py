"""The best path of a CRF for a whole batch, without leaving the device."""

import math

import torch
from torch import Tensor

from modeling.lattice import Chains, Lattice

# Scores return to 0 after so many steps, which keeps float32 exact.
_RESET_STEPS = 32


def viterbi(lattice: Lattice, chains: Chains | None = None) -> Tensor:
    """Find the best tag sequences: (length, batch), long, 0 at padding.

    Chains are the lattice's where they are at hand; they stay as they are.

    Both directions walk to the middle and trace their half of the path back, so the
    loops take half the steps (Viterbi 1967; max-product from both ends).
    """
    half = len(lattice.steps) // 2 + 1
    chains = chains or lattice.both_ways(half)
    emissions, first, transitions = chains.in_float32(half)
    # shape: (length // 2 + 1, 2, batch, tags)
    states = _max_chain(emissions, first, transitions)
    # The step at which each direction stands on the middle token.
    middle = torch.stack([lattice.lengths // 2, (lattice.lengths - 1) // 2])
    forward, backward = (
        states[middle[side], side, lattice.rows] for side in range(2)
    )  # shape: (batch, tags)
    # Both directions have counted the emission of the middle token.
    best = (forward + backward - emissions[middle[0], 0, lattice.rows]).argmax(1)
    # shape: (length // 2 + 1, 2, batch)
    paths = _trace_back(states, transitions, middle, best)
    is_behind = (lattice.steps > middle[0]).long()  # shape: (length, batch)
    step = lattice.order.gather(1, is_behind.unsqueeze(1)).squeeze(1)
    step = step.where(lattice.mask, 0)  # shape: (length, batch)
    return paths[step, is_behind, lattice.rows].where(lattice.mask, 0)


def runner_up_gap(lattice: Lattice, tags: Tensor) -> Tensor:
    """Say how many nats the second best path trails the best one.

    The second best path differs from the best one y* somewhere, and it is the best of
    those that do: gap = min over t and k != y*_t of m_t(y*_t) - m_t(k), where m_t(k) is
    the score of the best path through tag k at token t. Prefix and suffix maxima give
    all m_t at once (Nilsson 1998, "An efficient algorithm for finding the M most
    probable configurations"), so neither a list of paths nor a trace back is needed.

    Args:
        lattice: The batch.
        tags: Its best paths, (length, batch).

    Returns:
        (batch,), float32, >= 0; infinite where there is only one path.
    """
    emissions, first, transitions = lattice.both_ways().in_float32()
    # shape: (length, 2, batch, tags)
    states = _max_chain(emissions, first, transitions)
    # Up to a constant for each token; its emission counts once.
    # shape: (length, batch, tags)
    through = states[:, 0] + lattice.turned(states) - emissions[:, 0]
    best = through.gather(2, tags.unsqueeze(2))  # shape: (length, batch, 1)
    others = through.scatter(2, tags.unsqueeze(2), -math.inf)
    # shape: (length, batch)
    gaps = (best - others).amin(2).masked_fill(~lattice.mask, math.inf)
    return gaps.amin(0).clamp(min=0.0)


def _max_chain(emissions: Tensor, first: Tensor, transitions: Tensor) -> Tensor:
    """Score the best prefixes up to a constant for each step; arguments as above."""
    # The batch is innermost, so that maxima over tags run along contiguous memory.
    # shape: (from tags, 2, to tags, 1)
    moves = transitions.transpose(0, 1).unsqueeze(3).contiguous()
    # shape: (steps, 2, tags, batch), of its own: emissions stay as they are
    states = emissions.transpose(2, 3).clone(memory_format=torch.contiguous_format)
    states[0].add_(first.transpose(1, 2))
    # shape: (from tags, 2, to tags, batch)
    moved = moves.new_empty((*moves.shape[:3], states.size(3)))
    best = torch.empty_like(states[0])  # shape: (2, tags, batch)
    # The same memory, shape: (from tags, 2, 1, batch) each
    origins = states.transpose(1, 2).unsqueeze(3).unbind()
    for step, (before, state) in enumerate(
        zip(origins[:-1], states[1:].unbind(), strict=True), 1
    ):
        torch.add(before, moves, out=moved)
        state.add_(torch.amax(moved, 0, out=best))
        if step % _RESET_STEPS == 0:
            state.sub_(state.amax(1, keepdim=True))
    # shape: (steps, 2, batch, tags)
    return states.transpose(2, 3).contiguous()


def _trace_back(
    states: Tensor, transitions: Tensor, middle: Tensor, best: Tensor
) -> Tensor:
    """Follow each direction's best path from the middle token back to its end.

    Takes (steps, 2, batch, tags), which it overwrites, (2, tags, tags), (2, batch) and
    the best middle tags (batch,); gives (steps, 2, batch), undefined beyond the middle.
    """
    steps, _, batch, tags = states.shape
    from_middle = torch.arange(steps, device=middle.device)[:, None, None] >= middle
    is_best = torch.arange(tags, device=best.device) == best.unsqueeze(1)
    # From the middle on, only the best tag can win: no step needs to ask where it is.
    trap = torch.zeros_like(states[0]).where(is_best, -math.inf)
    # shape: (steps, 2 * batch, tags)
    torch.where(from_middle.unsqueeze(3), trap, states, out=states)
    states = states.flatten(1, 2)
    # Row: the tag that was reached, direction 1 behind direction 0; column: from where.
    # shape: (2 * tags, tags)
    origins = transitions.transpose(1, 2).flatten(0, 1)
    # shape: (2 * batch,)
    offset = torch.arange(2, device=best.device).repeat_interleave(batch) * tags
    path = offset.new_empty((steps, 2 * batch))
    reached = offset.clone()
    moved = torch.empty_like(states[0])  # shape: (2 * batch, tags)
    for tag, state in zip(
        reversed(path.unbind()), reversed(states.unbind()), strict=True
    ):
        torch.index_select(origins, 0, reached, out=moved)
        torch.argmax(moved.add_(state), 1, out=tag)
        torch.add(tag, offset, out=reached)
    return path.view(steps, 2, batch)
