"""Fitting a tagger's temperature on documents that it was not trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modeling.batching import budget_batches
from modeling.calibration import Curve, bend, fit_curve, fit_temperature, log_loss
from modeling.crf import CRF
from modeling.examples import Example
from modeling.inference import decoded_spans
from modeling.spans import Span
from modeling.tagger import Tagger

_TOKENS_PER_BATCH = 2048


class _Batch(NamedTuple):
    """Emissions of some documents, and the spans decoded from them."""

    emissions: Tensor  # shape: (batch, tokens, tags)
    mask: Tensor  # shape: (batch, tokens)
    spans: Tensor  # shape: (spans, 4)
    is_right: tuple[bool, ...]
    documents: tuple[int, ...]  # of each span


@dataclass(frozen=True)
class Proposals:
    """What a tagger proposes on held-out documents, ready for any temperature.

    Attributes:
        crf: The tagger's.
        batches: Emissions, decoded spans and whether those are right.
    """

    crf: CRF
    batches: tuple[_Batch, ...]

    @property
    def documents(self) -> list[int]:
        """The index of the example of each span."""
        return [index for batch in self.batches for index in batch.documents]

    @property
    def is_right(self) -> list[bool]:
        """Whether each span, with its label, is in its example."""
        return [answer for batch in self.batches for answer in batch.is_right]

    @torch.inference_mode()
    def confidences(self, temperature: float) -> list[float]:
        """Give the spans' exact posteriors at a temperature, unbent, in [0, 1]."""
        found: list[float] = []
        for batch in self.batches:
            output = self.crf.infer(
                batch.emissions, batch.mask, temperature=temperature
            )
            # shape: (spans,)
            part = self.crf.span_posteriors(output, batch.spans)
            found += part.clamp(0, 1).tolist()
        return found


@torch.inference_mode()
def propose(
    tagger: Tagger,
    examples: Sequence[Example],
    *,
    tokens_per_batch: int = _TOKENS_PER_BATCH,
) -> Proposals:
    """Encode held-out documents once and note which proposals are right.

    Args:
        tagger: A trained tagger; it is set to evaluation mode.
        examples: Annotated documents that it has not learnt from.
        tokens_per_batch: Sub-tokens in a batch, padding included.

    Returns:
        The proposals; each costs a few CRF passes at every further temperature.
    """
    tagger.eval()
    aligned = tagger.align([(example.text, example.tokens) for example in examples])
    lengths = [document.sub_tokens for document in aligned]
    order = [index for index, document in enumerate(aligned) if document.tokens]
    order.sort(key=lambda index: -lengths[index])
    batches = []
    for batch in budget_batches(order, lengths, tokens_per_batch):
        emissions, mask = tagger.emissions([aligned[i] for i in batch])
        decoded = decoded_spans(tagger.crf.infer(emissions, mask).tags, mask)
        answers = [_answer(tagger, examples, batch, row) for row in decoded.tolist()]
        is_judged = torch.tensor([a is not None for a in answers], dtype=torch.bool)
        spans = decoded[is_judged.to(decoded.device)]
        is_right = tuple(answer for answer in answers if answer is not None)
        documents = tuple(batch[row] for row in spans[:, 0].tolist())
        batches.append(_Batch(emissions, mask, spans, is_right, documents))
    return Proposals(tagger.crf, tuple(batches))


def fit(
    pools: Sequence[Proposals], is_used: Sequence[NDArray[np.bool_]] | None = None
) -> float:
    """Fit one temperature to spans of held-out documents.

    Args:
        pools: Proposals of the same tagger.
        is_used: For each pool which of its spans count; all when None.

    Returns:
        The temperature, see `modeling.calibration.fit_temperature`; 1 without spans.
    """

    def loss(temperature: float) -> float:
        return log_loss(*_answers(pools, is_used, temperature))

    count = sum(len(pool.is_right) for pool in pools)
    if is_used is not None:
        count = sum(int(used.sum()) for used in is_used)
    return fit_temperature(loss, count)


def fit_bent(
    pools: Sequence[Proposals],
    temperature: float,
    is_used: Sequence[NDArray[np.bool_]] | None = None,
) -> Curve:
    """Fit the curve that is left to correct behind a temperature.

    One temperature cannot make the sure spans surer and the doubtful ones more
    doubtful, which is what is left to do: see docs/benchmarks.md.

    Args:
        pools: As given to `fit`.
        temperature: What `fit` gave.
        is_used: As given to `fit`.

    Returns:
        See `modeling.calibration.fit_curve`.
    """
    return fit_curve(*_answers(pools, is_used, temperature))


def cross_fit(judged: Proposals, others: Sequence[Proposals] = ()) -> list[float]:
    """Give confidences of spans under scalings that did not see their documents.

    Two halves of the documents take turns: temperature and curve fitted on one half,
    and on the other proposals, scale the other half (two-fold cross-fitting), so a
    calibration error of the result is honest although all documents are used.

    Args:
        judged: Proposals to give confidences of.
        others: Further proposals of the same tagger, on other documents.

    Returns:
        One a span, in [0, 1].
    """
    is_odd = np.array(judged.documents, dtype=int) % 2 == 1
    everything = [np.ones(len(pool.is_right), dtype=bool) for pool in others]
    found = np.zeros(len(is_odd))
    for half in (is_odd, ~is_odd):
        pools, is_used = [judged, *others], [~half, *everything]
        temperature = fit(pools, is_used)
        curve = fit_bent(pools, temperature, is_used)
        found[half] = bend(judged.confidences(temperature), curve)[half]
    return [float(confidence) for confidence in found]


def _answers(
    pools: Sequence[Proposals],
    is_used: Sequence[NDArray[np.bool_]] | None,
    temperature: float,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Join the confidences of the spans that count, and whether they are right."""
    if is_used is None:
        is_used = [np.ones(len(pool.is_right), dtype=bool) for pool in pools]
    pairs = list(zip(pools, is_used, strict=True))
    found = [np.array(pool.confidences(temperature))[used] for pool, used in pairs]
    right = [np.array(pool.is_right, dtype=bool)[used] for pool, used in pairs]
    return np.concatenate(found), np.concatenate(right)


def _answer(
    tagger: Tagger, examples: Sequence[Example], batch: Sequence[int], row: list[int]
) -> bool | None:
    """Say whether a proposal is right; None where a document was not read so far."""
    document, first, behind, label = row
    example = examples[batch[document]]
    start, end = example.tokens[first][0], example.tokens[behind - 1][1]
    is_right = Span(start, end, tagger.labels[label]) in example.spans
    if example.known is None or is_right:
        return is_right
    is_read = any(low <= start and end <= high for low, high in example.known)
    collides = any(span.start < end and start < span.end for span in example.spans)
    return False if is_read or collides else None
