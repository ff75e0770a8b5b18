"""Pre-annotation: texts in, spans with calibrated confidences out."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modeling.acquisition import EXPENSIVE
from modeling.alignment import AlignedDocument
from modeling.batching import budget_batches
from modeling.calibration import bend
from modeling.confidence import CERTAIN, Confidence, Evidence, measure
from modeling.dropout import sampled_marginals
from modeling.parallel import side_by_side
from modeling.tagger import Tagger
from modeling.tokens import Token

ALTERNATIVE_TOKENS: Final = 5
ALTERNATIVE_LABELS: Final = 3

Alternatives = tuple[tuple[int, tuple[tuple[str, float], ...]], ...]


@dataclass(frozen=True, slots=True)
class ScoredSpan:
    """A proposed span and the chance that exactly this span is right.

    Attributes:
        start: Offset of the first code point.
        end: Offset behind the last code point.
        label: Entity type.
        confidence: Exact posterior of span and label under the CRF at the tagger's
            temperature, bent by its curve (`modeling.calibration.bend`), in [0, 1].
    """

    start: int
    end: int
    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says about one document.

    Attributes:
        spans: Decoded spans in the order of the text.
        token_confidences: Marginal of the decoded tag, one a token.
        alternatives: For the five least certain tokens, in the order of the text:
            (token index, the three most probable labels with their probabilities),
            where a label's B- and I- are summed and "O" counts as a label.
        measures: Document-level confidence.
        vector: Mean encoder state over the tokens, (hidden,); None if not asked for or
            without tokens.
    """

    spans: tuple[ScoredSpan, ...]
    token_confidences: tuple[float, ...]
    alternatives: Alternatives
    measures: Confidence
    vector: NDArray[np.float32] | None = None


class _Batch(NamedTuple):
    """Results of a batch on the host; a row of spans is (document, start, end, label).

    Offsets are tokens. Tokens behind a document's end hold nothing of meaning.
    """

    confidences: NDArray[np.float64]  # shape: (batch, tokens)
    log_probabilities: NDArray[np.float64]  # shape: (batch,)
    spans: NDArray[np.float64]  # shape: (spans, 4)
    posteriors: NDArray[np.float64]  # shape: (spans,)
    unsure: NDArray[np.float64]  # shape: (batch, k), token indices
    labels: NDArray[np.float64]  # shape: (batch, k, 3), 0 is "O"
    probabilities: NDArray[np.float64]  # shape: (batch, k, 3)
    entropies: NDArray[np.float64]  # shape: (batch, tokens)
    in_entity: NDArray[np.float64]  # shape: (batch, tokens)
    gaps: NDArray[np.float64]  # shape: (batch,), or (0,) if not asked for
    samples: NDArray[np.float64]  # shape: (batch, samples, tokens, tags), or (0,)
    vectors: NDArray[np.float64]  # shape: (batch, hidden), or (0,)


def predict(
    tagger: Tagger,
    texts: Sequence[tuple[str, Sequence[Token]]],
    *,
    corpus_mean: float | None = None,
    tokens_per_batch: int | None = None,
    also: Collection[str] = (),
) -> Iterator[tuple[int, Prediction]]:
    """Annotate texts.

    All texts are tokenised at once; batches hold documents of similar length, the
    longest first. One CRF runs over each document, whatever its length; its windows are
    encoded within the same budget. On a CPU as many batches run side by side as torch
    has threads, each on one of them: threads that share the operations of one batch
    wait for each other hundreds of times.

    Args:
        tagger: A trained tagger; it is set to evaluation mode.
        texts: Texts and their tokens as half-open code points.
        corpus_mean: Mean marginal towards which short documents are shrunk, see
            `modeling.confidence.shrunk_mean`.
        tokens_per_batch: Sub-tokens in a batch, padding included; None suits the
            device.
        also: What costs extra time: "margin", "bald" (strategies whose measures are
            None otherwise) and "vector".

    Yields:
        Index in the input and prediction, batch by batch.

    Raises:
        ValueError: If there is no such extra.
    """
    if unknown := set(also) - EXPENSIVE - {"vector"}:
        raise ValueError(f"nothing called {sorted(unknown)} can be predicted")
    tagger.eval()
    documents = tagger.align(texts)
    lengths = [document.sub_tokens for document in documents]
    for index, document in enumerate(documents):
        if not document.tokens:
            yield index, Prediction((), (), (), CERTAIN)
    order = [index for index, document in enumerate(documents) if document.tokens]
    order.sort(key=lambda index: -lengths[index])
    budget = tokens_per_batch or tagger.default_tokens_per_batch
    batches = list(budget_batches(order, lengths, budget))
    at_once = min(budget, getattr(tagger.encoder, "tokens_at_once", budget))

    def run(batch: Sequence[int]) -> _Batch:
        return _run(tagger, [documents[index] for index in batch], at_once, also)

    is_shared = tagger.device.type == "cpu" and len(batches) > 1
    results = side_by_side(run, batches) if is_shared else map(run, batches)
    for batch, result in zip(batches, results, strict=True):
        for row, index in enumerate(batch):
            yield index, _prediction(tagger, result, row, texts[index][1], corpus_mean)


@torch.inference_mode()
def _run(
    tagger: Tagger,
    documents: Sequence[AlignedDocument],
    budget: int,
    also: Collection[str],
) -> _Batch:
    """Compute a batch on the device and bring it to the host in one transfer."""
    lengths = [document.tokens for document in documents]
    states = tagger.first_states(documents, budget)  # shape: (all tokens, hidden)
    emissions, mask = tagger.score_states(states, lengths)
    output = tagger.crf.infer(emissions, mask, temperature=tagger.temperature)
    # shape: (batch, tokens)
    confidences = output.marginals.gather(2, output.tags.unsqueeze(2)).squeeze(2)
    spans = decoded_spans(output.tags, mask)
    posteriors = tagger.crf.span_posteriors(output, spans)
    count = min(ALTERNATIVE_TOKENS, mask.shape[1])
    # shape: (batch, count)
    unsure = confidences.masked_fill(~mask, 2.0).topk(count, largest=False).indices
    # shape: (batch, count, tags)
    marginals = output.marginals.gather(
        1, unsure.unsqueeze(2).expand(-1, -1, output.marginals.shape[2])
    )
    by_label = torch.cat(
        [marginals[..., :1], marginals[..., 1::2] + marginals[..., 2::2]], dim=2
    )  # shape: (batch, count, 1 + labels)
    best = by_label.topk(min(ALTERNATIVE_LABELS, by_label.shape[2]))
    gaps = samples = vectors = emissions.new_empty(0)
    if "margin" in also:
        gaps = tagger.crf.runner_up_gap(output)  # shape: (batch,)
    if "bald" in also:
        # shape: (batch, samples, tokens, tags)
        samples = sampled_marginals(tagger, states, lengths)
    if "vector" in also:
        parts = [part.mean(0) for part in states.split(lengths)]
        vectors = torch.stack(parts)  # shape: (batch, hidden)
    return _Batch(
        *_to_host(
            confidences.clamp(0, 1),
            output.best_score - output.log_partition,
            spans,
            posteriors.clamp(0, 1),
            unsure,
            best.indices,
            best.values.clamp(0, 1),
            torch.special.entr(output.marginals).sum(2),
            (1 - output.marginals[..., 0]).clamp(0, 1),
            gaps,
            samples,
            vectors,
        )
    )


def decoded_spans(tags: Tensor, mask: Tensor) -> Tensor:
    """Find the spans of decoded tags.

    Args:
        tags: Indices of "O", "B-0", "I-0", "B-1" …, (batch, tokens).
        mask: Real tokens, (batch, tokens).

    Returns:
        Rows (document, first token, token behind the last, label index), (spans, 4).
    """
    is_begin = (tags % 2 == 1) & mask
    is_inside = (tags > 0) & (tags % 2 == 0) & mask
    length = tags.shape[1]
    positions = torch.arange(length, device=tags.device).expand_as(tags)
    ends = positions.masked_fill(is_inside, length)
    # The first position from here on that is not inside a span.
    ends = ends.flip(1).cummin(1).values.flip(1)
    ends = torch.nn.functional.pad(ends, (0, 1), value=length)
    document, first = is_begin.nonzero(as_tuple=True)
    label = (tags[document, first] - 1) // 2
    return torch.stack([document, first, ends[document, first + 1], label], dim=1)


def _to_host(*tensors: Tensor) -> list[NDArray[np.float64]]:
    """Bring tensors to the host in one transfer; integers stay exact."""
    flat = torch.cat([tensor.flatten().double() for tensor in tensors]).cpu().numpy()
    ends = np.cumsum([tensor.numel() for tensor in tensors])
    parts = np.split(flat, ends[:-1])
    return [
        part.reshape(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)
    ]


def _prediction(
    tagger: Tagger,
    batch: _Batch,
    row: int,
    tokens: Sequence[Token],
    corpus_mean: float | None,
) -> Prediction:
    """Translate one row of a batch into spans of code points and labels."""
    is_mine = batch.spans[:, 0] == row
    posteriors = batch.posteriors[is_mine]
    spans = [
        ScoredSpan(
            start=tokens[first][0],
            end=tokens[last - 1][1],
            label=tagger.labels[label],
            confidence=confidence,
        )
        for (first, last, label), confidence in zip(
            batch.spans[is_mine, 1:].astype(int).tolist(),
            bend(posteriors, tagger.curve).tolist(),
            strict=True,
        )
    ]
    count = len(tokens)
    confidences = batch.confidences[row, :count].tolist()
    evidence = Evidence(
        marginals=confidences,
        log_probability=float(batch.log_probabilities[row]),
        posteriors=posteriors.tolist(),
        entropies=batch.entropies[row, :count].tolist(),
        in_entity=batch.in_entity[row, :count].tolist(),
        gap=float(batch.gaps[row]) if batch.gaps.size else None,
        samples=batch.samples[row, :, :count] if batch.samples.size else None,
    )
    has_vector = batch.vectors.size > 0
    return Prediction(
        spans=tuple(spans),
        token_confidences=tuple(confidences),
        alternatives=_alternatives(tagger, batch, row, count),
        measures=measure(evidence, corpus_mean),
        vector=batch.vectors[row].astype(np.float32) if has_vector else None,
    )


def _alternatives(tagger: Tagger, batch: _Batch, row: int, tokens: int) -> Alternatives:
    """Name the likely labels of a document's least certain tokens."""
    names = ("O", *tagger.labels)
    found = []
    for token, labels, probabilities in zip(
        batch.unsure[row].astype(int).tolist(),
        batch.labels[row].astype(int).tolist(),
        batch.probabilities[row].tolist(),
        strict=True,
    ):
        if token < tokens:
            pairs = zip(labels, probabilities, strict=True)
            found.append((token, tuple((names[label], p) for label, p in pairs)))
    return tuple(sorted(found))
