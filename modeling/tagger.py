"""The model: encoder, dropout, linear emissions, CRF over the whole document."""

import copy
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from modeling.alignment import (
    AlignedDocument,
    AnySubTokenizer,
    SubTokenizer,
    encode_documents,
)
from modeling.calibration import IDENTITY
from modeling.crf import CRF
from modeling.devices import autocast_dtype
from modeling.encoders import max_positions
from modeling.freezing import LayerCache
from modeling.shape_encoder import ShapeEncoder
from modeling.tagging import allowed_start, allowed_transitions, tag_names
from modeling.tokens import Token
from modeling.vocabulary import Ids, WordTokenizer

CPU_TOKENS_PER_BATCH: Final = 512
GPU_TOKENS_PER_BATCH: Final = 32768


class Tagger(nn.Module):
    """An encoder with a linear layer and a CRF over a document's tokens.

    Attributes:
        labels: Entity types.
        shapes: What the shapes of words add to their states, if anything.
        tag_names: The CRF's tags: "O", then "B-" and "I-" of each label.
        precision: "auto", "fp32" or "bf16" for the encoder; the CRF is always fp32.
        layer_cache: What encodes in training mode instead of the encoder, if anything.
        temperature: Divides the CRF's scores before they become probabilities, see
            `modeling.temperature`; decoding does not depend on it.
        curve: Maps the posteriors of spans behind it, see `modeling.calibration.bend`.
    """

    def __init__(
        self,
        encoder: nn.Module,
        tokenizer: Any,
        labels: Sequence[str],
        *,
        dropout: float = 0.1,
        max_length: int = 512,
        context: int = 128,
        has_word_shapes: bool = False,
    ) -> None:
        """Put an untrained head on an encoder.

        Args:
            encoder: See `modeling.encoders.load_encoder`.
            tokenizer: Its fast tokenizer, or what numbers its words.
            labels: Entity types.
            dropout: Rate between encoder and head.
            max_length: Most sub-tokens in a window; the encoder may allow less.
            context: Sub-tokens that neighbouring windows share.
            has_word_shapes: Whether states know the shapes of words too.
        """
        super().__init__()
        self.labels = tuple(labels)
        self.tag_names = tuple(tag_names(labels))
        self.max_length = min(max_length, max_positions(encoder))
        self.context = context
        self.precision = "auto"
        self.layer_cache: LayerCache | None = None
        self.temperature = 1.0
        self.curve = IDENTITY
        self.sub_tokenizer: AnySubTokenizer = (
            tokenizer
            if isinstance(tokenizer, WordTokenizer)
            else SubTokenizer(tokenizer)
        )
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        config: Any = encoder.config
        self.shapes = ShapeEncoder(config.hidden_size) if has_word_shapes else None
        self.head = nn.Linear(config.hidden_size, len(self.tag_names))
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)
        self.crf = CRF(
            len(self.tag_names),
            allowed=allowed_transitions(self.tag_names),
            allowed_start=allowed_start(self.tag_names),
            batch_first=True,
        )

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.head.weight.device

    @property
    def default_tokens_per_batch(self) -> int:
        """A batch size for prediction, in sub-tokens, that suits the device."""
        is_cpu = self.device.type == "cpu"
        return CPU_TOKENS_PER_BATCH if is_cpu else GPU_TOKENS_PER_BATCH

    def align(
        self, documents: Sequence[tuple[str, Sequence[Token]]]
    ) -> list[AlignedDocument]:
        """Tokenise texts with their tokens for this encoder."""
        return encode_documents(
            self.sub_tokenizer,
            documents,
            max_length=self.max_length,
            context=self.context,
        )

    def with_labels(self, labels: Sequence[str]) -> "Tagger":
        """Copy the tagger for other labels; tags in common keep what they learnt."""
        tokenizer = self.sub_tokenizer.tokenizer
        other = Tagger(
            copy.deepcopy(self.encoder),
            tokenizer,
            labels,
            dropout=self.dropout.p,
            max_length=self.max_length,
            context=self.context,
        ).to(self.device)
        other.shapes = copy.deepcopy(self.shapes)
        other.precision = self.precision
        old = {name: index for index, name in enumerate(self.tag_names)}
        kept = [(i, old[name]) for i, name in enumerate(other.tag_names) if name in old]
        new_tags, old_tags = (list(tags) for tags in zip(*kept, strict=True))
        rows, columns = np.ix_(new_tags, new_tags), np.ix_(old_tags, old_tags)
        with torch.no_grad():
            other.head.weight[new_tags] = self.head.weight[old_tags]
            other.head.bias[new_tags] = self.head.bias[old_tags]
            other.crf.transitions[rows] = self.crf.transitions[columns]
            for vector in ("start_transitions", "end_transitions"):
                getattr(other.crf, vector)[new_tags] = getattr(self.crf, vector)[
                    old_tags
                ]
        return other

    def emissions(
        self, documents: Sequence[AlignedDocument], tokens_per_batch: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Score every tag of every token.

        Windows are encoded in batches of at most `tokens_per_batch` sub-tokens,
        padding included. When gradients are wanted and one batch is not enough, the
        encoder's activations are recomputed in the backward pass, so memory is bounded
        by one batch however long a document is.

        Args:
            documents: At least one, each with at least one token.
            tokens_per_batch: None encodes all windows at once.

        Returns:
            Emissions, fp32, (batch, tokens, tags), zero behind a document's end, and
            the mask, bool, (batch, tokens).
        """
        states = self.first_states(documents, tokens_per_batch)
        return self.score_states(states, [document.tokens for document in documents])

    def score_states(
        self, states: Tensor, lengths: Sequence[int]
    ) -> tuple[Tensor, Tensor]:
        """Score every tag from the states of the tokens' first sub-tokens.

        Args:
            states: Of all documents one after the other, (tokens, hidden).
            lengths: Tokens of each document, each at least 1.

        Returns:
            See `emissions`.
        """
        is_token = np.arange(max(lengths)) < np.array(lengths)[:, None]
        scores = self.head(self.dropout(states))  # shape: (all tokens, tags)
        emissions = scores.new_zeros((is_token.size, len(self.tag_names)))
        rows = torch.from_numpy(np.flatnonzero(is_token)).to(self.device)
        emissions = emissions.index_copy(0, rows, scores)
        mask = torch.from_numpy(is_token).to(self.device)
        return emissions.view(*is_token.shape, -1), mask

    def first_states(
        self,
        documents: Sequence[AlignedDocument],
        tokens_per_batch: int | None = None,
    ) -> Tensor:
        """Encode documents, pick first sub-tokens and add what words' shapes say.

        Args:
            documents: At least one, each with at least one token.
            tokens_per_batch: See `emissions`.

        Returns:
            States, fp32, of all documents one after the other, (tokens, hidden).
        """
        windows = [window for document in documents for window in document.windows]
        counts = np.cumsum([0, *(len(document.windows) for document in documents)])
        window_of_token = np.concatenate(
            [d.token_windows + c for d, c in zip(documents, counts[:-1], strict=True)]
        )
        position = np.concatenate([d.token_positions for d in documents])
        chunks = list(_window_batches(windows, tokens_per_batch))
        is_recomputed = len(chunks) > 1 and torch.is_grad_enabled() and self.training
        states = []
        for first, last in chunks:  # tokens lie in the order of their windows
            part_windows = windows[first:last]
            ids, mask = self.pad(part_windows)
            chosen = slice(*np.searchsorted(window_of_token, (first, last)))
            flat = (window_of_token[chosen] - first) * ids.shape[1] + position[chosen]
            index = torch.from_numpy(flat).to(self.device)
            if is_recomputed:
                part = checkpoint(
                    self._encode, part_windows, ids, mask, index, use_reentrant=False
                )
            else:
                part = self._encode(part_windows, ids, mask, index)
            states.append(part)
        found = torch.cat(states)
        if self.shapes is None:
            return found
        return found + self.shapes([document.shapes for document in documents])

    def _encode(
        self, windows: Sequence[Ids], ids: Tensor, mask: Tensor | None, index: Tensor
    ) -> Tensor:
        """Run the encoder and pick positions of the flattened batch, in fp32."""
        dtype = autocast_dtype(self.device, self.precision)
        with torch.autocast(self.device.type, dtype=dtype, enabled=dtype is not None):
            if self.training and self.layer_cache is not None:
                states = self.layer_cache(windows, ids, mask)
            else:
                output = self.encoder(input_ids=ids, attention_mask=mask)
                states = output.last_hidden_state  # shape: (windows, length, hidden)
        return states.flatten(0, 1)[index].float()

    def pad(self, windows: Sequence[Ids]) -> tuple[Tensor, Tensor | None]:
        """Stack windows; no mask without padding, which is the faster attention."""
        lengths = np.array([len(window) for window in windows])
        ids = np.full(
            (len(windows), lengths.max(), *windows[0].shape[1:]),
            self.sub_tokenizer.pad_id,
            dtype=np.int64,
        )
        is_real = np.arange(ids.shape[1]) < lengths[:, None]
        ids[is_real] = np.concatenate(windows)
        mask = None if is_real.all() else torch.from_numpy(is_real).to(self.device)
        return torch.from_numpy(ids).to(self.device), mask


def _window_batches(
    windows: Sequence[Ids], tokens_per_batch: int | None
) -> Iterator[tuple[int, int]]:
    """Cut a list of windows into ranges [first, last) within a budget of sub-tokens."""
    first, longest = 0, 0
    for index, window in enumerate(windows):
        longest = max(longest, len(window))
        size = (index + 1 - first) * longest
        if tokens_per_batch is not None and size > tokens_per_batch and index > first:
            yield first, index
            first, longest = index, len(window)
    if len(windows) > first:
        yield first, len(windows)
