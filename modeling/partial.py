"""The likelihood of what is known of a tag sequence: a set of tags for each token."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from modeling.lattice import EXCLUDED, FORBIDDEN, SAFE_NATS, Lattice, Potentials
from modeling.sum_product import (
    Passes,
    expected_moves,
    log_partition,
    passes_of,
    posteriors,
    scaled_chain,
)


def partial_log_likelihood(
    emissions: Tensor,
    allowed: Tensor,
    mask: Tensor,
    potentials: Potentials,
    mixing: int | None,
) -> Tensor:
    """Log-probability that each token has one of its allowed tags.

    ``log sum_{y inside the sets} p(y | x)``, Tsuboi et al. 2008, equation 6: the
    log-partition of the restricted lattice minus that of the free one. Both run as one
    batch of twice the rows.

    Args:
        emissions: (batch, length, tags).
        allowed: (batch, length, tags), bool, at least one tag a token.
        mask: (batch, length), bool, a dense prefix of every row.
        potentials: Scores besides the emissions.
        mixing: See `mixing_steps`.

    Returns:
        (batch,), differentiable once by emissions and potentials.

    Raises:
        ValueError: A row has no sequence inside its sets that avoids forbidden moves.
    """
    lattice = Lattice(
        torch.cat([emissions, emissions]).detach(),
        torch.cat([mask, mask]),
        potentials,
        mixing,
        allowed,
    )
    passes = _exact_passes(lattice)
    if passes is not None:
        _check_possible(passes.log_partition.chunk(2)[1] > -torch.inf)
        result: Tensor = _PartialLogLikelihood.apply(
            emissions, *potentials, lattice, passes
        )
        return result
    free = Lattice(emissions, mask, potentials, mixing)
    closed = Potentials(*(_closed(scores) for scores in potentials))
    known = Lattice(emissions, mask, closed, mixing, allowed)
    total = log_partition(known)
    _check_possible(total > EXCLUDED / 2)
    peaks = (known.peaks - free.peaks).sum(0)  # shape: (batch,)
    return (total - log_partition(free) + peaks).to(emissions.dtype)


def _closed(scores: Tensor) -> Tensor:
    """Make forbidden moves impossible instead of very costly."""
    return scores.where(scores > FORBIDDEN / 2, EXCLUDED)


def _check_possible(is_possible: Tensor) -> None:
    """Refuse the first row (batch,) whose sets hold no sequence."""
    if not is_possible.all():
        row = int((~is_possible).nonzero()[0])
        raise ValueError(
            f"row {row}: no tag sequence inside the allowed sets keeps the constraints"
        )


@torch.no_grad()
def _exact_passes(lattice: Lattice) -> Passes | None:
    """Sum over paths by scaled products; None where they may have lost a path.

    Sets can keep apart paths that would otherwise mix, so `safe_steps` only suggests an
    interval here, and what came out is checked.
    """
    interval = lattice.safe_steps()
    if not interval:
        return None
    emissions, first, transitions = lattice.both_ways()
    # shape: (length, 2, rows, tags)
    inside = emissions[:, :, lattice.free_rows :] > EXCLUDED / 2
    states, log_scale = scaled_chain(emissions, first, transitions, interval)
    known = states[:, :, lattice.free_rows :]
    reached = _reached(known, inside, first, transitions)
    if reached is None:
        return None
    # The logarithm of 0 is slow.
    states.clamp_min_(torch.finfo(states.dtype).tiny).log_().add_(log_scale)
    known.masked_fill_(~reached, -torch.inf)
    return passes_of(lattice, states)


def _reached(
    states: Tensor, inside: Tensor, first: Tensor, transitions: Tensor
) -> Tensor | None:
    """Say which states a path can reach; None if one of them lost its precision.

    By induction over the steps: where a state in reach never underflows, those at zero
    are the ones out of reach, and no sum has lost a term that counts.

    Args:
        states: Sums over prefixes, (length, directions, rows, tags).
        inside: Whether the tag is in the token's set, bool, shaped as states.
        first: Scores of the first step, (directions, 1, tags).
        transitions: (directions, tags, tags).

    Returns:
        Bool, shaped as states.
    """
    limit = math.exp(0.95 * SAFE_NATS[states.dtype])
    is_open = (transitions > FORBIDDEN / 2).float()  # shape: (directions, tags, tags)
    in_reach = torch.empty_like(inside)
    in_reach[0] = first > FORBIDDEN / 2
    for direction, moves in enumerate(is_open):
        # shape: ((length - 1) * rows, tags)
        before = (states[:-1, direction] > 0).flatten(0, 1).float()
        in_reach[1:, direction] = (before @ moves > 0).view_as(states[1:, direction])
    in_reach &= inside
    is_exact = torch.equal(states > 1 / limit, in_reach) and states.amax() < limit
    return in_reach if is_exact else None


class _PartialLogLikelihood(torch.autograd.Function):
    """Its gradient in closed form: counts expected inside the sets minus all counts.

    The free rows weigh the negative of what the restricted rows weigh.
    """

    @staticmethod
    def forward(
        ctx: Any,
        emissions: Tensor,
        start: Tensor,
        end: Tensor,
        transitions: Tensor,
        lattice: Lattice,
        passes: Passes,
    ) -> Tensor:
        ctx.lattice, ctx.passes = lattice, passes
        total = passes.log_partition + lattice.peaks.sum(0)
        free, known = total.chunk(2)
        return (known - free).clamp(max=0.0).to(emissions.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        lattice, passes = ctx.lattice, ctx.passes
        dtype = gradients[0].dtype
        # shape: (length, 2 * batch)
        weight = torch.cat([-gradients[0], gradients[0]]) * lattice.mask
        weight = weight.to(lattice.emissions.dtype)
        # shape: (length, 2 * batch, tags)
        unary = posteriors(lattice, passes).mul_(weight.unsqueeze(2))
        by_start, by_end = unary[0].sum(0), lattice.at_last(unary).sum(0)
        moves = expected_moves(lattice, passes, weight)
        potentials = (part.to(dtype) for part in (by_start, by_end, moves))
        free, known = unary.chunk(2, 1)
        by_emission = (known + free).transpose(0, 1).to(dtype)
        return by_emission, *potentials, None, None
