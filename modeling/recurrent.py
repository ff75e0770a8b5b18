"""A bidirectional LSTM over words and their characters, trained from nothing."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from modeling.lexical import EncoderOutput, LexicalEmbeddings, WordEncoderConfig
from modeling.names import BILSTM


@dataclass(frozen=True, kw_only=True)
class RecurrentConfig(WordEncoderConfig):
    """The shape of a BiLSTM.

    Attributes:
        layers: LSTMs on top of one another in each direction.
    """

    model_type: str = BILSTM
    hidden_size: int = 256
    layers: int = 1


class RecurrentEncoder(nn.Module):
    """A BiLSTM over words (Lample et al. 2016, Ma & Hovy 2016).

    Its states feed the tagger's linear layer and CRF as those of a transformer do. The
    two directions are LSTMs of their own over padded rows: the backward one reads each
    row reversed within its length, so padding changes nothing.
    """

    def __init__(self, config: RecurrentConfig) -> None:
        """Draw random weights.

        Raises:
            ValueError: If the hidden size is odd: each direction gets half of it.
        """
        super().__init__()
        if config.hidden_size % 2:
            raise ValueError(f"the hidden size {config.hidden_size} is odd")
        self.config = config
        self.embeddings = LexicalEmbeddings(config)
        self.dropout = nn.Dropout(config.dropout)
        half = config.hidden_size // 2
        sizes = [config.input_size] + [config.hidden_size] * (config.layers - 1)
        self.onward = nn.ModuleList(nn.LSTM(n, half, batch_first=True) for n in sizes)
        self.backward_ = nn.ModuleList(
            nn.LSTM(n, half, batch_first=True) for n in sizes
        )

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None
    ) -> EncoderOutput:
        """Encode rows of words.

        Args:
            input_ids: See `LexicalEmbeddings.forward`.
            attention_mask: Real words before padding, (batch, length); None: all are.

        Returns:
            States, (batch, length, hidden); those of padding mean nothing.
        """
        # Not every processor that gains from bf16 has a recurrence for it.
        with torch.autocast(input_ids.device.type, enabled=False):
            states = self.embeddings(input_ids)
            order = _reversed_order(states, attention_mask)
            for onward, backward in zip(self.onward, self.backward_, strict=True):
                states = self.dropout(states)
                after, _ = onward(states)
                before, _ = backward(_reorder(states, order))
                # shape: (batch, length, hidden)
                states = torch.cat([after, _reorder(before, order)], dim=2)
            return EncoderOutput(self.dropout(states))


def _reversed_order(states: Tensor, mask: Tensor | None) -> Tensor:
    """Give the positions that reverse each row within its length: (batch, length)."""
    batch, length, _ = states.shape
    positions = torch.arange(length, device=states.device).expand(batch, -1)
    lengths = length if mask is None else mask.sum(1, keepdim=True)
    return torch.where(positions < lengths, lengths - 1 - positions, positions)


def _reorder(states: Tensor, order: Tensor) -> Tensor:
    """Put the states of each row into another order."""
    return states.gather(1, order.unsqueeze(2).expand_as(states))
