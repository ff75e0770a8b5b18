"""What the shapes of words add to the states of an encoder that may not see them."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from modeling.shapes import NO_WORD, SHAPES
from modeling.vocabulary import Ids

REACH: Final = 2
"""How many neighbours on either side are looked at."""

_SIZE: Final = 32
_FILTERS: Final = 64


class ShapeEncoder(nn.Module):
    """A convolution over the shapes of a word and its neighbours.

    Uncased encoders see no capitals, which say most about names in many languages.
    Shapes in a window are the classic features of a CRF (McCallum & Li 2003). What is
    added begins at zero, so training starts from the encoder as it is.
    """

    def __init__(self, hidden_size: int) -> None:
        """Begin with nothing to add to states of this size."""
        super().__init__()
        self.embedding = nn.Embedding(len(SHAPES) + 1, _SIZE, padding_idx=NO_WORD)
        self.convolution = nn.Conv1d(_SIZE, _FILTERS, 2 * REACH + 1)
        self.output = nn.Linear(_FILTERS, hidden_size, bias=False)
        nn.init.zeros_(self.output.weight)

    def forward(self, documents: Sequence[Ids]) -> Tensor:
        """Say what to add to the state of each token.

        Args:
            documents: Shapes of the tokens of each, (tokens,).

        Returns:
            Of all documents one after the other, (tokens, hidden).
        """
        # Two documents share the gap between them, so nothing reaches across.
        gap = np.full(REACH, NO_WORD)
        row = np.concatenate([gap, *(part for d in documents for part in (d, gap))])
        lengths = np.array([len(document) for document in documents])
        places = np.arange(lengths.sum())
        places += np.repeat(REACH * np.arange(len(lengths)), lengths)
        device = self.output.weight.device
        embedded = self.embedding(torch.from_numpy(row).to(device))
        # shape: (places, filters)
        features = self.convolution(embedded.t()[None])[0].relu().t()
        added: Tensor = self.output(features[torch.from_numpy(places).to(device)])
        return added
