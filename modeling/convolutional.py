"""Iterated dilated convolutions over words and characters, trained from nothing."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from modeling.lexical import EncoderOutput, LexicalEmbeddings, WordEncoderConfig
from modeling.names import IDCNN

_NOISE: Final = 0.01


@dataclass(frozen=True, kw_only=True)
class ConvolutionalConfig(WordEncoderConfig):
    """The shape of an IDCNN.

    Attributes:
        dilations: Of the convolutions of the block.
        iterations: How often the block is applied, with the same weights.
        learns_every_iteration: Whether each iteration is trained to give the answer:
            for every row of a batch one of them is drawn, which in the mean is the
            average of the losses over all iterations. Otherwise only the last learns.
    """

    model_type: str = IDCNN
    hidden_size: int = 128
    dropout: float = 0.3
    dilations: tuple[int, ...] = (1, 2, 4)
    iterations: int = 2
    learns_every_iteration: bool = True

    def __post_init__(self) -> None:
        """Take the list that JSON knows as the tuple it was."""
        object.__setattr__(self, "dilations", tuple(self.dilations))


class ConvolutionalEncoder(nn.Module):
    """An iterated dilated convolutional network (Strubell et al. 2017).

    One block of convolutions with growing dilation is applied several times, so that a
    state sees far while the weights stay few. Padding is held at zero throughout.
    """

    def __init__(self, config: ConvolutionalConfig) -> None:
        """Draw random weights; the block begins as the identity (Yu & Koltun 2016)."""
        super().__init__()
        self.config = config
        self.embeddings = LexicalEmbeddings(config)
        self.dropout = nn.Dropout(config.dropout)
        size = config.hidden_size
        self.first = DilatedConvolution(config.input_size, size, 1)
        block = [DilatedConvolution(size, size, width) for width in config.dilations]
        for convolution in block:
            convolution.become_identity()
        self.block = nn.ModuleList(block)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None
    ) -> EncoderOutput:
        """Encode rows of words.

        Args:
            input_ids: See `LexicalEmbeddings.forward`.
            attention_mask: Real words before padding, (batch, length); None: all are.

        Returns:
            States, (batch, length, hidden), zero at padding.
        """
        states = self.dropout(self.embeddings(input_ids))
        is_real = states.new_ones((*states.shape[:2], 1))
        if attention_mask is not None:  # shape: (batch, length, 1)
            is_real = attention_mask.unsqueeze(2).to(states.dtype)
        states = self.first(states * is_real).relu() * is_real
        iterations = []
        for _ in range(self.config.iterations):
            for convolution in self.block:
                states = convolution(states).relu() * is_real
            iterations.append(states)
        if self.training and self.config.learns_every_iteration:
            states = _drawn(iterations)
        return EncoderOutput(self.dropout(states))


class DilatedConvolution(nn.Module):
    """A convolution of width 3 over rows of states, as one matrix product.

    Faster on a processor than `nn.Conv1d`, which wants the states transposed.
    """

    def __init__(self, input_size: int, output_size: int, dilation: int) -> None:
        super().__init__()
        self.linear = nn.Linear(3 * input_size, output_size)
        self._dilation = dilation

    @torch.no_grad()
    def become_identity(self) -> None:
        """Give each state back; a little noise tells the filters apart."""
        size = self.linear.out_features
        nn.init.normal_(self.linear.weight, std=_NOISE)
        self.linear.weight[:, size : 2 * size] += torch.eye(size)
        nn.init.zeros_(self.linear.bias)

    def forward(self, states: Tensor) -> Tensor:
        """Read each state with those so far to the left and right, zero beyond the end.

        Args:
            states: (batch, length, input size).

        Returns:
            (batch, length, output size).
        """
        distance = self._dilation
        # shape: (batch, distance + length + distance, input size)
        padded = nn.functional.pad(states, (0, 0, distance, distance))
        left, right = padded[:, : -2 * distance], padded[:, 2 * distance :]
        return self.linear(torch.cat([left, states, right], dim=2))


def _drawn(iterations: list[Tensor]) -> Tensor:
    """Take the states of each row from an iteration drawn at random."""
    stacked = torch.stack(iterations)  # shape: (iterations, batch, length, size)
    count, batch = stacked.shape[:2]
    rows = torch.arange(batch, device=stacked.device)
    return stacked[torch.randint(count, (batch,), device=stacked.device), rows]
