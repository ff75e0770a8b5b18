"""The exact probability of a span, from both passes of a CRF over a document."""

from typing import NamedTuple

import torch
from torch import Tensor

from modeling.lattice import Potentials


class CRFOutput(NamedTuple):
    """Everything `CRF.infer` knows about a batch, batch first, on its device.

    ``alpha`` and ``beta`` are in nats. ``alpha[b, t, k]`` sums over the prefixes that
    end with tag k on token t, emission included; ``beta[b, t, k]`` over all that may
    follow, end transition included. Both are undefined at padding. Scores and sums are
    float64, on devices without it float32.
    """

    tags: Tensor  # shape: (batch, length), long, 0 at padding
    best_score: Tensor  # shape: (batch,)
    log_partition: Tensor  # shape: (batch,)
    marginals: Tensor  # shape: (batch, length, tags), float32, 0 at padding
    alpha: Tensor  # shape: (batch, length, tags)
    beta: Tensor  # shape: (batch, length, tags)
    lengths: Tensor  # shape: (batch,), long
    temperature: float = 1.0  # all scores but the penalties were divided by it


def span_posteriors(
    output: CRFOutput, emissions: Tensor, potentials: Potentials, spans: Tensor
) -> Tensor:
    """Compute the probability that just these spans carry these labels.

    For tokens [i, j) and a label with tags B and I (Culotta & McCallum 2004):
    ``log P = alpha_i(B) + sum_u [A(tag_{u-1}, I) + e_u(I)] + logsumexp_{z != I}
    [A(tag_{j-1}, z) + e_j(z) + beta_j(z)] - log Z`` with u from i + 1 to j - 1; the
    last sum is the end transition where j ends the sequence.

    Args:
        output: What `modeling.crf.CRF.infer` gave.
        emissions: (batch, length, tags), float32, divided by the temperature.
        potentials: Scores besides the emissions, at the same temperature.
        spans: (spans, 4), long: row of the batch, first token, token behind the last
            one, index of the label, whose tags are 2 * index + 1 and + 2.

    Returns:
        (spans,), float32.

    Raises:
        ValueError: A span is empty, leaves its row or has an unknown label.
    """
    _check(output, spans, emissions.size(2))
    row, first, behind, label = spans.unbind(1)  # each of shape: (spans,)
    start = 2 * label + 1  # the index of B-label, shape: (spans,)
    inside = start + 1
    dtype = output.alpha.dtype
    _, end, moves = (scores.to(dtype) for scores in potentials)
    # shape: (batch, length, labels)
    summed = emissions[:, :, 2::2].cumsum(1, dtype=dtype)
    # shape: (spans,)
    inner = summed[row, behind - 1, label] - summed[row, first, label]
    stays = moves[start, inside] + (behind - first - 2) * moves[inside, inside]
    inner += stays.where(behind - first > 1, 0.0)
    last = inside.where(behind - first > 1, start)
    follower = behind.clamp(max=emissions.size(1) - 1)
    # shape: (spans, tags)
    after = moves[last] + emissions[row, follower] + output.beta[row, follower]
    after.scatter_(1, inside.unsqueeze(1), -torch.inf)
    # shape: (spans,)
    closing = end[last].where(behind == output.lengths[row], after.logsumexp(1))
    log_joint = output.alpha[row, first, start] + inner + closing
    return (log_joint - output.log_partition[row]).exp().clamp(max=1.0).float()


def _check(output: CRFOutput, spans: Tensor, num_tags: int) -> None:
    """Refuse spans that would index outside the output."""
    if spans.dim() != 2 or spans.size(1) != 4 or spans.dtype != torch.int64:
        raise ValueError(f"spans must be (n, 4) of int64, got {tuple(spans.shape)}")
    row, first, behind, label = spans.unbind(1)  # each of shape: (spans,)
    is_row = (row >= 0) & (row < len(output.lengths))
    lengths = output.lengths[row.where(is_row, 0)]
    is_label = (label >= 0) & (2 * label + 2 < num_tags)
    is_inside = (first >= 0) & (first < behind) & (behind <= lengths)
    wrong = ~(is_row & is_label & is_inside)
    if wrong.any():
        raise ValueError(f"no span {spans[wrong][0].tolist()} in this batch")
