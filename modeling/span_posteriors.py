"""The exact probability of a span, from both passes of a CRF over a document."""

from typing import NamedTuple

import torch
from torch import Tensor

from modeling.lattice import Lattice
from modeling.sum_product import Passes


class CRFOutput(NamedTuple):
    """Everything `CRF.infer` knows about a batch, batch first, on its device.

    Scores and sums are float64, on devices without it float32.
    """

    tags: Tensor  # shape: (batch, length), long, 0 at padding
    best_score: Tensor  # shape: (batch,)
    log_partition: Tensor  # shape: (batch,)
    marginals: Tensor  # shape: (batch, length, tags), float32, 0 at padding
    lattice: Lattice  # all its scores but the penalties are divided by the temperature
    passes: Passes  # over that lattice


def span_posteriors(lattice: Lattice, passes: Passes, spans: Tensor) -> Tensor:
    """Compute the probability that just these spans carry these labels.

    For tokens [i, j) and a label with tags B and I (Culotta & McCallum 2004): all paths
    through B at i and I from i + 1 to j - 1, less those that go on with I at j,

    ``P = (exp(s + beta_{j-1}) - exp(s + A(., I) + e_j(I) + beta_j(I))) / Z`` with
    ``s = alpha_i(B) + sum_u [A(., I) + e_u(I)]``, u from i + 1 to j - 1; nothing is
    taken off where j ends the sequence.

    Args:
        lattice: A batch.
        passes: Both passes over it.
        spans: (spans, 4), long: row of the batch, first token, token behind the last
            one, index of the label, whose tags are 2 * index + 1 and + 2.

    Returns:
        (spans,), float32.

    Raises:
        ValueError: A span is empty, leaves its row or has an unknown label.
    """
    _check(lattice, spans)
    row, first, behind, label = spans.unbind(1)  # each of shape: (spans,)
    start = 2 * label + 1  # the index of B-label, shape: (spans,)
    inside = start + 1
    moves = lattice.potentials.transitions
    # shape: (length, batch, labels)
    summed = lattice.emissions[:, :, 2::2].cumsum(0)
    # shape: (spans,)
    is_long = behind - first > 1
    last = inside.where(is_long, start)
    stays = moves[inside, inside]
    inner = moves[start, inside] + (behind - first - 2) * stays
    inner += summed[behind - 1, row, label] - summed[first, row, label]
    inner = inner.where(is_long, 0.0)
    reached = passes.alpha[first, row, start] + inner - passes.log_partition[row]
    follower = behind.clamp(max=len(summed) - 1)
    goes_on = stays.where(is_long, moves[start, inside])
    goes_on += lattice.emissions[follower, row, inside]
    goes_on += passes.beta[follower, row, inside]
    goes_on.masked_fill_(behind == lattice.lengths[row], -torch.inf)
    stops = (reached + passes.beta[behind - 1, row, last]).exp()
    return stops.sub_((reached + goes_on).exp_()).clamp_(0.0, 1.0).float()


def _check(lattice: Lattice, spans: Tensor) -> None:
    """Refuse spans that would index outside the batch."""
    if spans.dim() != 2 or spans.size(1) != 4 or spans.dtype != torch.int64:
        raise ValueError(f"spans must be (n, 4) of int64, got {tuple(spans.shape)}")
    row, first, behind, label = spans.unbind(1)  # each of shape: (spans,)
    _, rows, tags = lattice.emissions.shape
    wrong = (spans < 0).any(1) | (row >= rows) | (label > (tags - 3) // 2)
    lengths = lattice.lengths[row.clamp(0, rows - 1)]
    wrong |= (first >= behind) | (behind > lengths)
    if wrong.any():
        raise ValueError(f"no span {spans[wrong][0].tolist()} in this batch")
