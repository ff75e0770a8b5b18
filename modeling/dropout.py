"""Monte-Carlo dropout between encoder and head: several opinions for one encoding."""

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from modeling.tagger import Tagger

SAMPLES: Final = 8
SMALLEST_RATE: Final = 0.1
_SEED: Final = 2016


def sampled_marginals(
    tagger: Tagger,
    states: Tensor,
    lengths: Sequence[int],
    samples: int = SAMPLES,
) -> Tensor:
    """Score documents under some dropout masks of the encoder's last states.

    Gal & Ghahramani (2016) take a network with a fixed mask for a sample of its
    posterior. The masks here are drawn once from a constant seed and shared by all
    tokens and documents: sample k is the same model everywhere, and what it says of a
    document does not depend on its batch. Only head and CRF run again.

    Args:
        tagger: Gives head, CRF, temperature and the rate, which is at least 0.1.
        states: Of the documents one after the other, (tokens, hidden).
        lengths: Tokens of each document.
        samples: Number of masks.

    Returns:
        Marginals of the tags, (batch, samples, tokens, tags), 0 at padding.
    """
    rate = max(tagger.dropout.p, SMALLEST_RATE)
    generator = torch.Generator().manual_seed(_SEED)
    # shape: (samples, hidden)
    kept = torch.rand(samples, states.shape[1], generator=generator) >= rate
    masks = kept.to(states.device, states.dtype) / (1 - rate)
    found = []
    for mask in masks:
        emissions, is_token = tagger.score_states(states * mask, lengths)
        output = tagger.crf.infer(emissions, is_token, temperature=tagger.temperature)
        found.append(output.marginals)
    return torch.stack(found, 1)
