"""Losses beside the CRF's; their weights are thrown away with the run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from modeling.configuration import TrainingConfig
from modeling.crf import CRF
from modeling.tagger import Tagger

_TEMPERATURE: Final = 0.1
_PROJECTION: Final = 128
# Tokens in one contrastive loss, which is quadratic in them.
_MOST_TOKENS: Final = 512


@dataclass(frozen=True, slots=True)
class Step:
    """One batch under way, seen once by the model.

    Attributes:
        tagger: The model.
        states: The encoder's, (all tokens, hidden), document after document.
        emissions: (batch, tokens, tags).
        mask: (batch, tokens), bool, True for tokens.
        tags: (batch, tokens), long; -1 where the tag is not known.
        loss: The CRF's loss a token, from tags and emissions.
        again: Encodes the batch once more, under other dropout: emissions, loss.
    """

    tagger: Tagger
    states: Tensor
    emissions: Tensor
    mask: Tensor
    tags: Tensor
    loss: Tensor
    again: Callable[[], tuple[Tensor, Tensor]]


class Boundary(nn.Module):
    """Asks of every token whether a span of any label begins, and ends, there.

    Two logistic regressions on the encoder's states; span borders are what the CRF
    most often gets wrong.
    """

    def __init__(self, hidden_size: int, weight: float, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.borders = nn.Linear(hidden_size, 2)
        self.weight = weight

    def forward(self, step: Step) -> Tensor:
        """Give the whole loss a token: the CRF's and the weighted cross-entropy."""
        targets, is_known = borders(step.tags, step.mask)
        # shape: (all tokens, 2)
        scores = self.borders(self.dropout(step.states))
        chosen = is_known[step.mask]  # shape: (all tokens, 2)
        entropy = functional.binary_cross_entropy_with_logits(
            scores, targets[step.mask].to(scores.dtype), reduction="none"
        )
        # By all tokens, as the CRF's loss is, so that a known border weighs the same in
        # a document of which little is known.
        return step.loss + self.weight * (entropy * chosen).sum() / chosen.numel()


class RDrop(nn.Module):
    """Makes two passes under different dropout agree (R-Drop; Liang et al. 2021).

    Both distributions are CRFs over whole sequences with the same transitions, so
    their symmetric divergence is exact and cheap: with token marginals p and q of
    emissions e and f, ``KL(P|Q) + KL(Q|P) = sum_t sum_k (p - q)(e - f)``; the
    partition functions cancel. Each pass learns from the other's distribution as
    from a fixed target.
    """

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, step: Step) -> Tensor:
        """Give the mean loss of both passes and half the weighted divergence."""
        emissions, loss = step.again()
        divergence = symmetric_divergence(
            step.tagger.crf, step.emissions, emissions, step.mask
        )
        return (step.loss + loss) / 2 + self.weight * divergence / 2


class Contrastive(nn.Module):
    """Draws tokens of one tag together (supervised contrastive; Khosla et al. 2020).

    Anchors are the tokens inside spans; those outside are only pushed away from them.
    """

    def __init__(self, hidden_size: int, weight: float) -> None:
        super().__init__()
        self.project = nn.Linear(hidden_size, _PROJECTION)
        self.weight = weight

    def forward(self, step: Step) -> Tensor:
        """Give the whole loss: the CRF's and the weighted contrastive loss."""
        tags = step.tags[step.mask]  # shape: (all tokens,)
        inside = torch.nonzero(tags > 0).squeeze(1)[: _MOST_TOKENS // 2]
        outside = torch.nonzero(tags == 0).squeeze(1)[: _MOST_TOKENS // 2]
        chosen = torch.cat([inside, outside])
        points = functional.normalize(self.project(step.states[chosen]), dim=1)
        return step.loss + self.weight * contrast(points, tags[chosen])


def build_auxiliary(config: TrainingConfig, hidden_size: int) -> nn.Module | None:
    """Build the loss a recipe asks for; None for the CRF's alone."""
    weight = config.auxiliary_weight
    if config.auxiliary == "boundary":
        return Boundary(hidden_size, weight, config.dropout)
    if config.auxiliary == "r_drop":
        return RDrop(weight)
    if config.auxiliary == "contrastive":
        return Contrastive(hidden_size, weight)
    return None


def borders(tags: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Say where spans begin and end, and where that is known.

    Args:
        tags: (batch, tokens), long: 0 outside, odd at a beginning, even inside; -1
            where the tag is not known.
        mask: (batch, tokens), bool.

    Returns:
        Two of (batch, tokens, 2), bool: begins and ends; whether these are known. An
        end is known with the tags of its token and of the next.
    """
    tags = tags.masked_fill(~mask, 0)
    behind = functional.pad(tags[:, 1:], (0, 1))  # shape: (batch, tokens)
    is_inside_behind = (behind > 0) & (behind % 2 == 0)
    ends = (tags > 0) & ~is_inside_behind
    known = tags >= 0
    # shape: (batch, tokens, 2)
    return (
        torch.stack([(tags > 0) & (tags % 2 == 1), ends], 2),
        torch.stack([known, (tags == 0) | (known & (behind >= 0))], 2)
        & mask[:, :, None],
    )


def symmetric_divergence(
    crf: CRF, first: Tensor, second: Tensor, mask: Tensor
) -> Tensor:
    """Compute KL(P|Q) + KL(Q|P) of two CRFs that share their transitions, a token.

    The gradient is that of both divergences with their first argument held fixed.

    Args:
        crf: Gives the transitions.
        first: Emissions of P, (batch, tokens, tags).
        second: Emissions of Q, the same shape.
        mask: (batch, tokens), bool.

    Returns:
        Nats, a scalar.
    """
    p = crf.marginals(first, mask)  # shape: (batch, tokens, tags)
    q = crf.marginals(second, mask)  # shape: (batch, tokens, tags)
    return ((p - q) * (first - second)).sum() / mask.sum()


def contrast(points: Tensor, classes: Tensor) -> Tensor:
    """Compute the supervised contrastive loss (Khosla et al. 2020, equation 2).

    Args:
        points: (points, size), of length 1.
        classes: (points,), long; those of class 0 are no anchors.

    Returns:
        Nats, the mean over anchors with another point of their class; 0 without any.
    """
    # shape: (points, points)
    similarity = points @ points.t() / _TEMPERATURE
    is_self = torch.eye(len(points), dtype=torch.bool, device=points.device)
    similarity = similarity.masked_fill(is_self, -torch.inf)
    is_alike = (classes[:, None] == classes) & ~is_self & (classes > 0)[:, None]
    log_share = similarity - similarity.logsumexp(1, keepdim=True)
    partners = is_alike.sum(1)  # shape: (points,)
    sums = log_share.masked_fill(~is_alike, 0.0).sum(1)  # shape: (points,)
    anchors = partners > 0
    means = sums[anchors] / partners[anchors]
    return -means.sum() / max(1, len(means))
