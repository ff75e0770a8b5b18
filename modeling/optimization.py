"""The optimiser's recipe: which weight learns how fast, and when."""

import math
import re
from collections import defaultdict
from typing import Any, Final

import torch
from torch import nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from modeling.configuration import TrainingConfig
from modeling.lexical import LexicalEmbeddings

# How many times lower the slanted schedule begins and ends than at its peak.
_SLANT: Final = 32
_LAYER: Final = re.compile(r"\.(?:layers?|h|blocks?)\.(\d+)\.")


def default_learning_rate(hidden_size: int, *, is_over_words: bool = False) -> float:
    """Choose the encoder's rate by its size: small encoders want larger steps.

    Args:
        hidden_size: Size of the encoder's states.
        is_over_words: Whether it is a BiLSTM or an IDCNN, which train from nothing.

    Returns:
        4e-3 over words; else 1e-3 under 256 (the character-level encoder trained from
        nothing), 2e-4 under 512 (MiniLM), 3e-5 under 1024 (BERT-base) and 1e-5 from
        there on.
    """
    if is_over_words:
        return 4e-3
    for limit, rate in ((256, 1e-3), (512, 2e-4), (1024, 3e-5)):
        if hidden_size < limit:
            return rate
    return 1e-5


def parameter_groups(
    model: nn.Module, config: TrainingConfig, hidden_size: int
) -> list[dict]:
    """Group a model's parameters by learning rate and weight decay.

    The rate of the encoder's layer i of n is rate * decay^(n - 1 - i), that of its
    embeddings rate * decay^n (Howard & Ruder 2018). Biases, layer norms and the CRF's
    scores do not decay.

    Args:
        model: A tagger, or the parts of several: what is neither in `encoder` nor in a
            `crf` gets the head's rate.
        config: Rates.
        hidden_size: Of the encoder's states.

    Returns:
        Groups for a torch optimiser, without the parameters that want no gradient.
    """
    base = config.encoder_learning_rate
    if base is None:
        is_over_words = any(isinstance(m, LexicalEmbeddings) for m in model.modules())
        base = default_learning_rate(hidden_size, is_over_words=is_over_words)
    names = [name for name, _ in model.named_parameters()]
    found = [int(match[1]) for name in names if (match := _LAYER.search(name))]
    layers = max(found, default=-1) + 1
    groups: dict[tuple[float, float], list[nn.Parameter]] = defaultdict(list)
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        rate = base * _factor(name, layers, config)
        is_decayed = parameter.ndim > 1 and not _is_of_crf(name)
        groups[rate, config.weight_decay if is_decayed else 0.0].append(parameter)
    return [
        {"params": parameters, "lr": rate, "weight_decay": decay}
        for (rate, decay), parameters in groups.items()
    ]


def build_optimizer(
    model: nn.Module, config: TrainingConfig, total_steps: int, hidden_size: int
) -> tuple[AdamW, LambdaLR]:
    """Build AdamW and the schedule of its rates; see `parameter_groups`."""
    groups: Any = parameter_groups(model, config, hidden_size)
    optimizer = AdamW(groups, fused=True)
    schedules = {"linear": _linear, "slanted": _slanted, "constant": _constant}
    factor = schedules[config.schedule]
    return optimizer, LambdaLR(
        optimizer, lambda step: factor(step, config.warmup, total_steps)
    )


def _linear(step: int, warmup: float, total_steps: int) -> float:
    """Rise for a share of the steps, then fall to nothing."""
    peak = max(1, round(warmup * total_steps))
    if step < peak:
        return (step + 1) / (peak + 1)
    return max(0.0, (total_steps - step) / max(1, total_steps - peak))


def _slanted(step: int, warmup: float, total_steps: int) -> float:
    """Follow the slanted triangle of Howard & Ruder (2018), equation 3."""
    peak = max(1, math.floor(warmup * total_steps))
    if step < peak:
        share = step / peak
    else:
        share = max(0.0, 1 - (step - peak) / max(1, total_steps - peak))
    return (1 + share * (_SLANT - 1)) / _SLANT


def _constant(step: int, warmup: float, total_steps: int) -> float:
    """Rise for a share of the steps, then stay."""
    return min(1.0, (step + 1) / (round(warmup * total_steps) + 1))


class BestWeights:
    """Keeps the weights with the best F1 on held-out documents.

    A tie goes to the later weights, which saw more; only a better F1 resets patience.
    """

    def __init__(self, patience: int) -> None:
        """Allow so many evaluations in a row without a better F1."""
        self._patience = patience
        self._best = -1.0
        self._waited = 0
        self._state: dict[str, torch.Tensor] = {}

    def offer(self, model: nn.Module, f1: float, *, is_counted: bool) -> bool:
        """Note an evaluation; say whether patience is exhausted."""
        self._waited = 0 if f1 > self._best else self._waited + int(is_counted)
        if f1 >= self._best:
            self._best = f1
            self._state = {
                name: value.detach().to("cpu", copy=True)
                for name, value in model.state_dict().items()
            }
        return self._waited >= self._patience

    def restore(self, model: nn.Module) -> None:
        """Load the best weights, if there are any."""
        if self._state:
            model.load_state_dict(self._state)


def _factor(name: str, layers: int, config: TrainingConfig) -> float:
    """Give a parameter's learning rate relative to the encoder's last layer."""
    if _is_of_crf(name):
        return config.crf_factor
    if not name.startswith("encoder."):
        return config.head_factor
    match = _LAYER.search(name)
    if match:
        return config.layer_decay ** (layers - 1 - int(match[1]))
    return config.layer_decay**layers if "embed" in name else 1.0


def _is_of_crf(name: str) -> bool:
    """Say whether a parameter holds a CRF's scores."""
    return "crf" in name.split(".")[:-1]
