"""Going on with an encoder's pretraining on the texts of a project, before any label.

Masked language modelling (Devlin et al. 2019) on the documents that wait to be
annotated, which Gururangan et al. (2020) call task-adaptive pretraining.
"""

import math
import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import AdamW
from transformers import (
    DataCollatorForLanguageModeling,
    get_linear_schedule_with_warmup,
)

from modeling.alignment import SubTokenizer
from modeling.batching import shuffled_batches
from modeling.devices import autocast_dtype, resolve_device
from modeling.encoders import EncoderError, max_positions
from modeling.optimization import default_learning_rate
from modeling.reports import StepReport, TrainingCancelled, TrainingError
from modeling.vocabulary import Ids

_TEXTS_AT_ONCE: Final = 1000
_REPORTED_SHARE: Final = 10  # the first and the last tenth of the steps give losses


@dataclass(frozen=True)
class AdaptationConfig:
    """How to adapt.

    Attributes:
        sub_tokens: How many are read in all, each text as often as it takes.
        learning_rate: Of the encoder; None takes one and a half times what fine-tuning
            takes, see `modeling.optimization.default_learning_rate`.
        guess_factor: The guessing head's rate relative to the encoder's.
        masked: Share of the sub-tokens to be guessed.
        warmup: Share of the steps with a rising rate.
        window: Most sub-tokens of a text at a time.
        batch_tokens: Sub-tokens in a step, padding included.
        clip: Largest norm of the gradient.
        seed: Decides on order and masks.
        device: "auto" or a torch device.
        precision: "auto", "fp32" or "bf16".
    """

    sub_tokens: int = 600_000
    learning_rate: float | None = None
    guess_factor: float = 5.0
    masked: float = 0.2
    warmup: float = 0.06
    window: int = 128
    batch_tokens: int = 1024
    clip: float = 1.0
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"

    def __post_init__(self) -> None:
        """Refuse to read nothing."""
        if self.sub_tokens < 1:
            raise ValueError(f"at least 1 sub-token is read, not {self.sub_tokens}")


DEFAULT_ADAPTATION: Final = AdaptationConfig()


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What adapting did.

    Attributes:
        texts: Texts that were read.
        sub_tokens: Their sub-tokens, each counted once.
        passes: How often each text was read.
        loss_before: Nats a guessed sub-token, mean over the first tenth.
        loss_after: The same over the last tenth.
        seconds: Time it took.
    """

    texts: int
    sub_tokens: int
    passes: float
    loss_before: float
    loss_after: float
    seconds: float


def can_adapt(encoder: nn.Module, tokenizer: Any) -> bool:
    """Say whether an encoder knows sub-tokens and its tokenizer a mask."""
    knows_mask = getattr(tokenizer, "mask_token_id", None) is not None
    return knows_mask and hasattr(encoder, "get_input_embeddings")


def adapt(
    encoder: nn.Module,
    tokenizer: Any,
    texts: Iterable[str],
    config: AdaptationConfig = DEFAULT_ADAPTATION,
    *,
    on_step: Callable[[StepReport], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Adaptation:
    """Let an encoder guess masked sub-tokens of texts; it learns in place.

    The guess is a layer on the encoder's states, compared with its own input
    embeddings, which stay as they are; the layer is thrown away.

    Args:
        encoder: See `modeling.encoders.load_encoder`.
        tokenizer: Its fast tokenizer.
        texts: Any texts; no more are taken than can be read once, so that a large
            collection should come in random order.
        config: How.
        on_step: Called after every optimiser step.
        should_stop: Asked before every step.

    Raises:
        EncoderError: The encoder cannot guess sub-tokens.
        TrainingError: The texts hold nothing to learn from, or the loss is no number.
        TrainingCancelled: When should_stop() says so.
    """
    if not can_adapt(encoder, tokenizer):
        raise EncoderError("This encoder has no mask to guess behind.")
    start = time.perf_counter()
    length = min(config.window, max_positions(encoder))
    windows, count = _windows(SubTokenizer(tokenizer), texts, length, config.sub_tokens)
    if not windows:
        raise TrainingError("There is no text to adapt the encoder to.")
    device = resolve_device(config.device)
    encoder.to(device)
    sizes = [len(window) for window in windows]
    steps = list(_steps(sizes, config))
    losses = []
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(config.seed)
        learner = _Learner(encoder, tokenizer, config, len(steps))
        for number, step in enumerate(steps, 1):
            if should_stop is not None and should_stop():
                raise TrainingCancelled(f"cancelled after {number - 1} steps")
            losses.append(learner.learn([windows[index] for index in step]))
            if on_step is not None:
                seconds = time.perf_counter() - start
                on_step(StepReport(number, len(steps), 1, losses[-1], seconds))
    encoder.eval()
    few = max(1, len(losses) // _REPORTED_SHARE)
    return Adaptation(
        texts=count,
        sub_tokens=sum(sizes),
        passes=sum(sizes[i] for step in steps for i in step) / sum(sizes),
        loss_before=sum(losses[:few]) / few,
        loss_after=sum(losses[-few:]) / few,
        seconds=time.perf_counter() - start,
    )


def _windows(
    sub_tokenizer: SubTokenizer, texts: Iterable[str], length: int, most: int
) -> tuple[list[Ids], int]:
    """Cut texts into windows until there are so many sub-tokens; count the texts."""
    prefix, suffix = sub_tokenizer.prefix, sub_tokenizer.suffix
    room = length - len(prefix) - len(suffix)
    windows: list[Ids] = []
    count = size = 0
    waiting = iter(texts)
    while size < most and (some := list(islice(waiting, _TEXTS_AT_ONCE))):
        for encoding in sub_tokenizer.encode(some):
            ids = np.array(encoding.ids, dtype=np.int64)
            count += bool(len(ids))
            for at in range(0, len(ids), room):
                windows.append(np.concatenate([prefix, ids[at : at + room], suffix]))
                size += len(windows[-1])
    return windows, count


def _steps(sizes: list[int], config: AdaptationConfig) -> Iterator[list[int]]:
    """Plan the windows of every step, pass after pass."""
    generator = random.Random(config.seed)
    read = 0
    while True:
        for batch in shuffled_batches(sizes, config.batch_tokens, generator):
            if read >= config.sub_tokens:
                return
            read += sum(sizes[index] for index in batch)
            yield batch


class _Learner:
    """An encoder that guesses, and its optimiser."""

    def __init__(
        self, encoder: Any, tokenizer: Any, config: AdaptationConfig, steps: int
    ) -> None:
        embeddings: nn.Embedding = encoder.get_input_embeddings()
        hidden: int = encoder.config.hidden_size
        self._device = embeddings.weight.device
        self._dtype = autocast_dtype(self._device, config.precision)
        self._encoder, self._clip = encoder, config.clip
        self._guess = _Guess(hidden, embeddings.weight).to(self._device)
        self._masking = DataCollatorForLanguageModeling(
            tokenizer, mlm_probability=config.masked
        )
        rate = config.learning_rate or 1.5 * default_learning_rate(hidden)
        below = {id(parameter) for parameter in embeddings.parameters()}
        body = [p for p in encoder.parameters() if id(p) not in below]
        head = list(self._guess.parameters())
        self._learning = [*body, *head]
        groups: Any = [
            {"params": body, "lr": rate},
            {"params": head, "lr": rate * config.guess_factor},
        ]
        self._optimizer = AdamW(groups, weight_decay=0.01, fused=True)
        self._scheduler = get_linear_schedule_with_warmup(
            self._optimizer, math.ceil(config.warmup * steps), steps
        )

    def learn(self, windows: list[Ids]) -> float:
        """Learn from some windows and give the loss."""
        self._encoder.train()
        batch = self._masking([{"input_ids": window} for window in windows])
        labels = batch["labels"].to(self._device)  # shape: (windows, length)
        is_guessed = labels != -100  # of few sub-tokens perhaps none
        with torch.autocast(
            self._device.type, dtype=self._dtype, enabled=self._dtype is not None
        ):
            output = self._encoder(
                input_ids=batch["input_ids"].to(self._device),
                attention_mask=batch["attention_mask"].to(self._device),
            )
            # shape: (guessed, vocabulary)
            logits = self._guess(output.last_hidden_state[is_guessed])
        summed = nn.functional.cross_entropy(
            logits.float(), labels[is_guessed], reduction="sum"
        )
        loss = summed / max(1, len(logits))
        value = loss.item()
        if not math.isfinite(value):
            raise TrainingError(f"The loss became {value} while adapting.")
        self._optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self._learning, self._clip)
        self._optimizer.step()
        self._scheduler.step()
        return value


class _Guess(nn.Module):
    """BERT's prediction head (Devlin et al. 2019), which begins near the identity."""

    def __init__(self, hidden: int, embeddings: Tensor) -> None:
        super().__init__()
        vocabulary, size = embeddings.shape
        self.dense = nn.Linear(hidden, size)
        if hidden == size:
            nn.init.eye_(self.dense.weight)
            nn.init.zeros_(self.dense.bias)
        self.norm = nn.LayerNorm(size)
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        self._embeddings = [embeddings]  # of the encoder, not of this module

    def forward(self, states: Tensor) -> Tensor:
        """Score the vocabulary: (states, hidden) to (states, vocabulary)."""
        found = self.norm(nn.functional.gelu(self.dense(states)))
        return nn.functional.linear(
            found, self._embeddings[0].detach().to(found.dtype), self.bias
        )
