"""The recipe of a training run."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, get_args

from modeling.names import OVER_WORDS, UNTRAINED

Schedule = Literal["linear", "slanted", "constant"]
Unfreezing = Literal["none", "gradual"]
AuxiliaryLoss = Literal["none", "boundary", "r_drop", "contrastive"]
Adapting = Literal["none", "texts"]
Start = Literal["encoder", "checkpoint"]

# Few steps from a checkpoint find less than a full training from the encoder.
DEFAULT_START: Final[Start] = "encoder"

# What a person may change, besides where training starts from.
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "schedule": get_args(Schedule),
    "unfreezing": get_args(Unfreezing),
    "auxiliary": get_args(AuxiliaryLoss),
    "adaptation": get_args(Adapting),
}
_RANGES: Final[dict[str, tuple[type, float, float]]] = {
    "frozen_layers": (int, 0, 100),
    "auxiliary_weight": (float, 0.0, 100.0),
    "layer_decay": (float, 0.1, 1.0),
    "encoder_learning_rate": (float, 1e-7, 1e-1),
    "epochs": (int, 1, 1000),
    "max_steps": (int, 1, 1_000_000),
}


@dataclass(frozen=True)
class TrainingConfig:
    """How to train.

    Attributes:
        encoder: See `modeling.encoders.load_encoder`; not used with an initial tagger.
        adaptation: "texts" lets the encoder read a project's texts before the first
            training from it, see `modeling.adaptation`; `modeling.training.train` knows
            only examples and leaves that to its caller.
        encoder_learning_rate: Of the last layer; None chooses by the encoder's size,
            see `modeling.optimization.default_learning_rate`.
        head_factor: The head's rate relative to the encoder's.
        crf_factor: The CRF's rate relative to the encoder's.
        layer_decay: Rate of an encoder layer relative to the one above it.
        schedule: How the rate moves: up and down to nothing ("linear"), up and down to
            a 32nd of its height ("slanted"; Howard & Ruder 2018), or only up
            ("constant").
        warmup: Share of the steps with a rising rate.
        unfreezing: "gradual" begins with the top layer and adds the next lower part in
            each of as many equal stretches of the run as there are parts.
        frozen_layers: Parts of the encoder that never learn, counted from below: 0 for
            nothing, 1 for the embeddings, n for these and the lowest n - 1 layers. They
            run without dropout, and from 2 on only once a window. None freezes the
            embeddings of encoders that were trained before, and nothing in others.
        auxiliary: A loss beside the CRF's, see `modeling.auxiliary`; its weights are
            not part of the tagger.
        auxiliary_weight: What the auxiliary loss is multiplied by.
        has_word_shapes: Whether capitals, digits and marks of words are learnt from,
            see `modeling.shapes`. None does so beside sub-tokens, but not beside the
            encoders over words, which read characters.
        weight_decay: Of AdamW; none on biases, layer norms and the CRF.
        clip: Largest norm of the gradient.
        epochs: Passes over the examples; the steps are clipped to
            [min_steps, max_steps]. None chooses by the encoder, see `passes`.
        min_steps: Fewest optimiser steps; early stopping waits for them.
        max_steps: Most optimiser steps.
        tokens_per_batch: Sub-tokens in a batch, padding included. None chooses by the
            encoder, see `batch_tokens`.
        dropout: Rate between encoder and head.
        patience: Evaluations in a row without a better F1 before stopping early.
        seed: Decides on everything random.
        device: "auto" or a torch device.
        precision: "auto", "fp32" or "bf16", for the encoder.
        max_length: Most sub-tokens in a window.
        context: Sub-tokens that neighbouring windows share.
    """

    encoder: str = "bundled"
    adaptation: Adapting = "none"
    encoder_learning_rate: float | None = None
    head_factor: float = 20.0
    crf_factor: float = 100.0
    layer_decay: float = 0.9
    schedule: Schedule = "linear"
    warmup: float = 0.1
    unfreezing: Unfreezing = "none"
    frozen_layers: int | None = None
    auxiliary: AuxiliaryLoss = "none"
    auxiliary_weight: float = 0.5
    has_word_shapes: bool | None = None
    weight_decay: float = 0.01
    clip: float = 1.0
    epochs: int | None = None
    min_steps: int = 150
    max_steps: int = 1500
    tokens_per_batch: int | None = None
    dropout: float = 0.1
    patience: int = 3
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    max_length: int = 512
    context: int = 128

    @property
    def passes(self) -> int:
        """Passes over the examples; who begins with nothing needs more of them."""
        return self.epochs or (8 if self.encoder in UNTRAINED else 3)

    @property
    def batch_tokens(self) -> int:
        """Sub-tokens in a batch; many small steps suit an encoder that knows much."""
        return self.tokens_per_batch or (512 if self.encoder in UNTRAINED else 256)

    @property
    def learns_word_shapes(self) -> bool:
        """Whether a fresh tagger learns from the shapes of words."""
        if self.has_word_shapes is None:
            return self.encoder not in OVER_WORDS
        return self.has_word_shapes


def with_recipe(config: TrainingConfig, recipe: Mapping[str, Any]) -> TrainingConfig:
    """Change what a recipe names; its `start` is not part of the configuration.

    Args:
        config: What holds for everything else.
        recipe: Attributes of `TrainingConfig` that a person may choose.

    Returns:
        The changed configuration; fewest steps never exceed most steps.

    Raises:
        ValueError: With one sentence, when an option or a value is unknown.
    """
    changes = {name: value for name, value in recipe.items() if name != "start"}
    for name, value in changes.items():
        if name in _CHOICES:
            if value not in _CHOICES[name]:
                known = ", ".join(_CHOICES[name])
                raise ValueError(f"The option {name} is {value!r}, not one of {known}.")
        elif name in _RANGES:
            _check_range(name, value)
        else:
            raise ValueError(f"There is no training option {name!r}.")
    changed = replace(config, **changes)
    return replace(changed, min_steps=min(changed.min_steps, changed.max_steps))


def starts_from(recipe: Mapping[str, Any]) -> Start:
    """Say whether training starts from the encoder or the active checkpoint.

    Raises:
        ValueError: The recipe names something else.
    """
    start: Start = recipe.get("start", DEFAULT_START)
    if start not in get_args(Start):
        raise ValueError(f"The option start is {start!r}, not encoder or checkpoint.")
    return start


def option_range(name: str) -> tuple[float, float]:
    """Give the least and the greatest value of an option that is a number."""
    _, least, most = _RANGES[name]
    return least, most


def _check_range(name: str, value: Any) -> None:
    """Refuse a number of the wrong kind or size."""
    kind, least, most = _RANGES[name]
    is_number = isinstance(value, (int, kind)) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:
        raise ValueError(
            f"The option {name} is {value!r}, not a number from {least:g} to {most:g}."
        )
