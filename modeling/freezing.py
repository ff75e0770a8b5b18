"""Encoder layers that do not learn: locked, and computed once a window.

What lies below the lowest learning layer gives the same states for a window in every
epoch once it runs without dropout. They are kept, and the rest of the encoder goes on
from them.
"""

import copy
from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from modeling.alignment import Ids

CACHE_BYTES: Final = 512 * 2**20


def find_layers(encoder: nn.Module) -> tuple[str, Sequence[nn.Module]]:
    """Find the stack of an encoder's layers, lowest first.

    Args:
        encoder: Any encoder with `config`.

    Returns:
        The path of the stack inside the encoder and its layers; an empty path and no
        layer for encoders without such a stack.
    """
    config: Any = encoder.config
    wanted = getattr(config, "num_hidden_layers", None)
    for name, module in encoder.named_modules():
        if isinstance(module, nn.ModuleList) and len(module) == wanted:
            return name, list(module)
    return "", []


class LayerCache:
    """An encoder that begins where its frozen layers end.

    The states at that point are kept for each window until `memory` is used up; the
    windows that found no room are computed each time. Frozen layers must be in
    evaluation mode.
    """

    def __init__(self, encoder: nn.Module, layers: int, *, memory: int) -> None:
        """Split an encoder, which stays as it is and shares its weights.

        Args:
            encoder: A Hugging Face encoder with a stack of layers.
            layers: How many of the lowest layers are frozen.
            memory: Most bytes of states to keep.
        """
        path, stack = find_layers(encoder)
        self._border = _Border()
        self._is_whole = layers == len(stack)
        self._lower = encoder
        if not self._is_whole:
            stand_ins = [_Skipped(layer, self._border) for layer in stack[:layers]]
            watched = [_Watched(layer, self._border) for layer in stack[:layers]]
            rest = list(stack[layers + 1 :])
            stop = _Stop(stack[layers], self._border)
            resumed = _Resumed(stack[layers], self._border)
            self._lower = _graft(encoder, path, [*watched, stop, *rest])
            self._upper = _graft(encoder, path, [*stand_ins, resumed, *rest])
        self._states: dict[bytes, Tensor] = {}
        self._room = memory

    def __call__(
        self, windows: Sequence[Ids], ids: Tensor, mask: Tensor | None
    ) -> Tensor:
        """Encode windows.

        Args:
            windows: Sub-token ids of each window.
            ids: (windows, length), long: the same, padded.
            mask: (windows, length), bool, True for sub-tokens; None without padding.

        Returns:
            The last layer's states: (windows, length, hidden).
        """
        keys = [window.tobytes() for window in windows]
        rows = [row for row, key in enumerate(keys) if key not in self._states]
        fresh = self._compute(keys, windows, rows, ids, mask)
        known = [
            fresh[key] if key in fresh else self._states[key] for key in keys
        ]  # each of shape: (its sub-tokens, hidden)
        # shape: (windows, length, hidden)
        states = pad_sequence(known, batch_first=True)
        if self._is_whole:
            return states
        self._border.states = states
        output = self._upper(input_ids=ids, attention_mask=mask)
        last: Tensor = output.last_hidden_state
        return last

    @torch.no_grad()
    def _compute(
        self,
        keys: Sequence[bytes],
        windows: Sequence[Ids],
        rows: list[int],
        ids: Tensor,
        mask: Tensor | None,
    ) -> dict[bytes, Tensor]:
        """Run the frozen layers over some rows and keep what there is room for."""
        if not rows:
            return {}
        try:
            output = self._lower(
                input_ids=ids[rows], attention_mask=None if mask is None else mask[rows]
            )
            states = output.last_hidden_state
        except _Reached as reached:
            states = reached.states
        fresh: dict[bytes, Tensor] = {}
        for position, row in enumerate(rows):
            kept = states[position, : len(windows[row])].clone()
            fresh[keys[row]] = kept
            size = kept.numel() * kept.element_size()
            if size <= self._room and keys[row] not in self._states:
                self._room -= size
                self._states[keys[row]] = kept
        return fresh


class _Reached(Exception):
    """Carries the states out of the encoder at the first learning layer."""

    def __init__(self, states: Tensor) -> None:
        self.states = states


class _Border:
    """What the stand-ins of one encoder share."""

    def __init__(self) -> None:
        self.states: Tensor | None = None  # shape: (windows, length, hidden)
        self.gives_tuple = False


class _StandIn(nn.Module):
    """Takes a layer's place in the stack; has its attributes."""

    def __init__(self, layer: nn.Module, border: _Border) -> None:
        super().__init__()
        self.layer = layer
        self.border = border

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("layer"), name)


class _Watched(_StandIn):
    """Notes what kind of value a layer gives."""

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        output = self.layer(*args, **kwargs)
        self.border.gives_tuple = isinstance(output, tuple)
        return output


class _Stop(_StandIn):
    """Ends the pass with the states it is given."""

    def forward(self, hidden_states: Tensor, *args: Any, **kwargs: Any) -> Any:
        raise _Reached(hidden_states)


class _Skipped(_StandIn):
    """Hands on what it is given."""

    def forward(self, hidden_states: Tensor, *args: Any, **kwargs: Any) -> Any:
        return (hidden_states, None) if self.border.gives_tuple else hidden_states


class _Resumed(_StandIn):
    """Takes the kept states in the place of those it is given."""

    def forward(self, hidden_states: Tensor, *args: Any, **kwargs: Any) -> Any:
        return self.layer(self.border.states, *args, **kwargs)


def _graft(encoder: nn.Module, path: str, layers: Sequence[nn.Module]) -> nn.Module:
    """Copy the modules on the way to the stack, and no other, with other layers."""
    name, _, rest = path.partition(".")
    copied = copy.copy(encoder)
    child: Any = encoder.get_submodule(name)
    copied._modules = dict(encoder._modules)
    copied._modules[name] = (
        _graft(child, rest, layers) if rest else nn.ModuleList(layers)
    )
    return copied


class Freezing:
    """Decides, step by step, which of an encoder's parts learn.

    Parts are counted from below: the embeddings, then the layers. The lowest
    `frozen_layers` parts never learn. With gradual unfreezing (Howard & Ruder 2018)
    the run is cut into as many equal stretches as there are parts left; in the first
    the top layer learns alone, and each stretch adds the part below.
    """

    def __init__(
        self,
        encoder: nn.Module,
        frozen_layers: int | None,
        *,
        is_gradual: bool,
        steps: int,
    ) -> None:
        """Lock what never learns.

        Args:
            encoder: The encoder.
            frozen_layers: 0 for nothing, 1 for the embeddings, n for the embeddings
                and the lowest n - 1 layers; None for 1 with an encoder that was
                trained before its first run here, else 0.
            is_gradual: Whether the parts above begin to learn one after the other.
            steps: Optimiser steps of the run.

        Raises:
            ValueError: If the encoder has fewer parts.
        """
        _, self._layers = find_layers(encoder)
        parts = 1 + len(self._layers)
        if frozen_layers is None:
            config: Any = encoder.config
            is_new = getattr(config, "starts_untrained", False)
            frozen_layers = 1 if self._layers and not is_new else 0
        if not 0 <= frozen_layers <= parts:
            raise ValueError(
                f"frozen_layers is {frozen_layers}, but the encoder has only its "
                f"embeddings and {len(self._layers)} layers."
            )
        self._encoder = encoder
        self._fixed, self._steps = frozen_layers, steps
        self._stretches = max(1, parts - frozen_layers) if is_gradual else 1
        self._depth = -1
        self.cache: LayerCache | None = None
        self._set_depth(frozen_layers)

    def begin_step(self, step: int) -> None:
        """Lock and unlock for a step, counted from 0; frozen parts leave training."""
        stretch = min(step * self._stretches // self._steps, self._stretches - 1)
        self._set_depth(self._fixed + self._stretches - 1 - stretch)
        for module in self._frozen_modules():
            module.eval()

    def end(self) -> None:
        """Let everything learn again and forget what was kept."""
        self._encoder.requires_grad_(True)
        self.cache = None

    def _set_depth(self, depth: int) -> None:
        if depth == self._depth:
            return
        self._depth = depth
        self._encoder.requires_grad_(True)
        for module in self._frozen_modules():
            module.requires_grad_(False)
        is_worth_it = depth > 1  # an embedding is looked up as fast as a kept state
        self.cache = (
            LayerCache(self._encoder, depth - 1, memory=CACHE_BYTES)
            if is_worth_it
            else None
        )

    def _frozen_modules(self) -> list[nn.Module]:
        if self._depth == 0:
            return []
        if self._depth == 1 + len(self._layers) and self._layers:
            return [self._encoder]
        in_layers = {id(part) for layer in self._layers for part in layer.modules()}
        embeddings = [
            module
            for name, module in self._encoder.named_modules()
            if "embed" in name.rpartition(".")[2] and id(module) not in in_layers
        ]
        return [*embeddings, *self._layers[: self._depth - 1]]
