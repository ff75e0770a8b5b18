"""Sums over all paths of a CRF: both passes, posteriors and the log-likelihood."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from modeling.lattice import Chains, Lattice, Potentials


class Passes(NamedTuple):
    """What a forward and a backward pass give, in nats; padding is undefined.

    ``alpha[t, b, k]`` sums over the prefixes that end with tag k on token t, emission
    included; ``beta[t, b, k]`` over what may follow, the end transition included.
    """

    alpha: Tensor  # shape: (length, batch, tags)
    beta: Tensor  # shape: (length, batch, tags)
    log_partition: Tensor  # shape: (batch,)


def forward_backward(lattice: Lattice, chains: Chains | None = None) -> Passes:
    """Sum over paths from both ends (Rabiner 1989, section III), peaks not included.

    Scaled matrix products where their range allows, log-sum-exp otherwise. Chains are
    the lattice's where they are at hand; their memory serves again.
    """
    emissions, first, transitions = chains or lattice.both_ways()
    interval = lattice.safe_steps()
    # shape: (length, 2, batch, tags)
    if interval:
        states, log_scale = scaled_chain(emissions, first, transitions, interval)
        states.log_().add_(log_scale)
    else:
        states = log_chain(emissions, first, transitions)
    return passes_of(lattice, states)


def passes_of(lattice: Lattice, states: Tensor) -> Passes:
    """Read both passes from the states (length, 2, batch, tags) of both directions."""
    alpha = states[:, 0]
    beta = lattice.turned(states).sub_(lattice.emissions)
    total = torch.logsumexp(lattice.at_last(alpha) + lattice.potentials.end, 1)
    return Passes(alpha, beta, total)


def posteriors(lattice: Lattice, passes: Passes) -> Tensor:
    """Give p(tag on token): (length, batch, tags), 0 at padding."""
    # shape: (length, batch, tags)
    joint = (passes.alpha + passes.beta).sub_(passes.log_partition.unsqueeze(1))
    return joint.masked_fill_(~lattice.mask.unsqueeze(2), -torch.inf).exp_()


def log_likelihood(
    emissions: Tensor,
    tags: Tensor,
    mask: Tensor,
    potentials: Potentials,
    mixing: int | None,
) -> Tensor:
    """Log-probability of tag sequences.

    Args:
        emissions: (batch, length, tags).
        tags: (batch, length), valid at padding too.
        mask: (batch, length), bool, a dense prefix of every row.
        potentials: Scores besides the emissions.
        mixing: See `mixing_steps`.

    Returns:
        (batch,), differentiable once by emissions and potentials.
    """
    lattice = Lattice(emissions.detach(), mask, potentials, mixing)
    if lattice.safe_steps():
        result: Tensor = _LogLikelihood.apply(emissions, *potentials, lattice, tags.t())
        return result
    lattice = Lattice(emissions, mask, potentials, mixing)
    total = log_partition(lattice)
    return (lattice.score(tags.t()) - total).to(emissions.dtype)


def log_partition(lattice: Lattice) -> Tensor:
    """Sum over all paths by log-sum-exp: (batch,), differentiable, peaks left out."""
    emissions, first, transitions = lattice.both_ways()
    states = log_chain(emissions[:, :1], first[:1], transitions[:1]).squeeze(1)
    return torch.logsumexp(lattice.at_last(states) + lattice.potentials.end, 1)


def log_chain(emissions: Tensor, first: Tensor, transitions: Tensor) -> Tensor:
    """Sum over prefixes by log-sum-exp: slow, safe with any score, differentiable.

    Takes (length, directions, batch, tags), (directions, 1, tags) and
    (directions, tags, tags); gives nats shaped as emissions.
    """
    states = [first + emissions[0]]
    for emission in emissions[1:]:
        # shape: (directions, batch, tags, tags)
        moved = states[-1].unsqueeze(3) + transitions.unsqueeze(1)
        states.append(torch.logsumexp(moved, 2) + emission)
    return torch.stack(states)


def scaled_chain(
    emissions: Tensor, first: Tensor, transitions: Tensor, interval: int
) -> tuple[Tensor, Tensor]:
    """Do what `log_chain` does by matrix products, in the memory of emissions.

    Gives the sums, each step on a scale of its own, and the logarithm of the scales:
    (length, directions, batch, 1).
    """
    states = emissions.exp_()
    moves = transitions.exp()
    states[0].mul_(first.exp())
    # shape: (length, directions, batch, 1)
    log_scale = states.new_zeros((*states.shape[:3], 1))
    # shape: (directions, batch, tags)
    moved = torch.empty_like(states[0])
    before, *following = states.unbind()
    for step, state in enumerate(following, 1):
        torch.bmm(before, moves, out=moved)
        state.mul_(moved)
        if step % interval == 0:
            scale = state.sum(2, keepdim=True)
            state.div_(scale)
            log_scale[step] = scale.log()
        before = state
    return states, log_scale.cumsum(0)


class _LogLikelihood(torch.autograd.Function):
    """Log-likelihood with its gradient in closed form: observed minus expected counts.

    Source: Sutton & McCallum 2012, section 5.1. Spares autograd's walk through a loop.
    """

    @staticmethod
    def forward(
        ctx: Any,
        emissions: Tensor,
        start: Tensor,
        end: Tensor,
        transitions: Tensor,
        lattice: Lattice,
        tags: Tensor,
    ) -> Tensor:
        passes = forward_backward(lattice)
        ctx.lattice, ctx.passes, ctx.tags = lattice, passes, tags
        return (lattice.score(tags) - passes.log_partition).to(emissions.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        lattice, passes, tags = ctx.lattice, ctx.passes, ctx.tags
        dtype = gradients[0].dtype
        # shape: (length, batch)
        weight = gradients[0].to(lattice.emissions.dtype) * lattice.mask
        # shape: (length, batch, tags)
        observed = torch.zeros_like(lattice.emissions)
        observed.scatter_(2, tags.unsqueeze(2), weight.unsqueeze(2))
        unary = observed - posteriors(lattice, passes) * weight.unsqueeze(2)
        moves = _observed_moves(tags, weight, unary.size(2))
        moves -= expected_moves(lattice, passes, weight)
        by_start, by_end = unary[0].sum(0), lattice.at_last(unary).sum(0)
        potentials = (part.to(dtype) for part in (by_start, by_end, moves))
        return unary.transpose(0, 1).to(dtype), *potentials, None, None


def _observed_moves(tags: Tensor, weight: Tensor, count: int) -> Tensor:
    """Sum the weights (length, batch) of the moves in tags: (tags, tags)."""
    pairs = tags[:-1] * count + tags[1:]
    moves = weight.new_zeros(count * count)
    return moves.index_add_(0, pairs.flatten(), weight[1:].flatten()).view(count, count)


def expected_moves(lattice: Lattice, passes: Passes, weight: Tensor) -> Tensor:
    """Sum the weighted probabilities of all moves: (tags, tags)."""
    alpha = passes.alpha[:-1]
    # shape: (length - 1, batch, tags)
    behind = lattice.emissions[1:] + passes.beta[1:]
    # shape: (length - 1, batch, 1)
    peaks = alpha.amax(2, keepdim=True), behind.amax(2, keepdim=True)
    scale = peaks[0] + peaks[1] - passes.log_partition[:, None]
    # Padding holds sums of nothing, which may be large.
    scale = scale.where(lattice.mask[1:, :, None], -torch.inf).exp()
    before = (alpha - peaks[0]).exp().flatten(0, 1)
    after = (behind - peaks[1]).exp() * (scale * weight[1:].unsqueeze(2))
    pairs = before.t() @ after.flatten(0, 1)
    return pairs * lattice.potentials.transitions.exp()
