"""Between two trainings: refit head and CRF on states the encoder gave before."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, Final

import torch
from torch import Tensor, nn

from modeling.configuration import TrainingConfig
from modeling.examples import Example, relabelled
from modeling.features import FeatureStore, Text, encode_states, text_key
from modeling.tagger import Tagger
from modeling.training import TrainingResult, train

# Gentle on purpose: the states of what the encoder was trained on are better than any
# it gives for new texts, and a head fitted hard to both loses F1 and order.
REFIT: Final = TrainingConfig(
    encoder_learning_rate=1e-4,
    head_factor=1.0,
    crf_factor=1.0,
    epochs=8,
    min_steps=50,
    max_steps=100,
    tokens_per_batch=2048,
    dropout=0.1,
)


@dataclass(frozen=True, slots=True)
class CachedDocument:
    """A document whose encoder states are known.

    Attributes:
        states: Of its tokens, float16, (tokens, hidden).
    """

    states: Tensor

    @property
    def tokens(self) -> int:
        """The number of tokens."""
        return len(self.states)

    @property
    def sub_tokens(self) -> int:
        """What it costs in a batch: nothing but its tokens."""
        return len(self.states)

    def cut(self, start: int, end: int) -> "CachedDocument":
        """Keep the tokens [start, end)."""
        return CachedDocument(self.states[start:end])


class _NoEncoder(nn.Module):
    """Stands where the encoder was; knows its size."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.config = SimpleNamespace(hidden_size=hidden_size)


class CachedTagger(Tagger):
    """A tagger that looks its encoder's states up instead of computing them.

    `train` and `predict` take it like any other tagger; what they train are the head
    and the CRF. Texts whose states are not in the store are encoded once and added.
    """

    lookup: Callable[[Sequence[Text]], list[Tensor]]

    @classmethod
    def over(cls, tagger: Tagger, store: FeatureStore) -> "CachedTagger":
        """Copy a tagger's head and CRF over a store of its encoder's states."""
        cached = cls(
            _NoEncoder(tagger.head.in_features),
            tagger.sub_tokenizer.tokenizer,
            tagger.labels,
            dropout=tagger.dropout.p,
        )
        cached.head.load_state_dict(tagger.head.state_dict())
        cached.crf.load_state_dict(tagger.crf.state_dict())
        cached.temperature = tagger.temperature
        cached.curve = tagger.curve
        cached.lookup = lambda texts: _states(tagger, store, texts)
        return cached.to(tagger.device)

    def align(self, documents: Sequence[Text]) -> list[Any]:
        """Fetch the states of texts; a text without tokens has none."""
        return [CachedDocument(states) for states in self.lookup(documents)]

    def first_states(
        self, documents: Sequence[Any], tokens_per_batch: int | None = None
    ) -> Tensor:
        """Join the states of documents: fp32, (tokens, hidden)."""
        states = torch.cat([document.states for document in documents])
        return states.to(self.device, torch.float32)

    def with_labels(self, labels: Sequence[str]) -> "CachedTagger":
        """Copy the head for the same labels.

        Raises:
            ValueError: The labels are others than before: that takes a training.
        """
        if tuple(labels) != self.labels:
            raise ValueError("a refit keeps the labels of its checkpoint")
        other = copy.copy(self)
        other._modules = dict(self._modules)
        other.dropout = nn.Dropout(self.dropout.p)
        other.head = copy.deepcopy(self.head)
        other.crf = copy.deepcopy(self.crf)
        return other


def refit(
    tagger: Tagger,
    store: FeatureStore,
    examples: Sequence[Example],
    *,
    seed: int = 0,
    config: TrainingConfig = REFIT,
) -> TrainingResult:
    """Fit head and CRF to examples, from where they are, with a frozen encoder.

    Args:
        tagger: The model to start from; it is not changed.
        store: States of its encoder.
        examples: All answers so far, those it was trained on included; where spans
            have labels that the tagger does not know, nothing is known.
        seed: Decides on the batches.
        config: The recipe.

    Returns:
        A result whose tagger is a `CachedTagger`.

    Raises:
        modeling.training.TrainingError: There is nothing to learn from.
    """
    names = {label: label for label in tagger.labels}
    usable = [relabelled(example, names) for example in examples]
    config = replace(config, seed=seed, device=str(tagger.device))
    cached = CachedTagger.over(tagger, store)
    return train(usable, tagger.labels, config, initial=cached)


def _states(tagger: Tagger, store: FeatureStore, texts: Sequence[Text]) -> list[Tensor]:
    """Look states up, encoding and storing what is missing."""
    keys = [text_key(text, tokens) for text, tokens in texts]
    found = store.load(keys)
    missing = [
        index
        for index, (key, (_, tokens)) in enumerate(zip(keys, texts, strict=True))
        if key not in found and tokens
    ]
    if missing:
        documents = tagger.align([texts[index] for index in missing])
        states = encode_states(tagger, documents)
        new = {keys[index]: part for index, part in zip(missing, states, strict=True)}
        store.add(new)
        found |= new
    nothing = torch.zeros((0, tagger.head.in_features), dtype=torch.float16)
    return [found.get(key, nothing) for key in keys]
