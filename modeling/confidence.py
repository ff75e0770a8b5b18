"""How sure a model is of a document, in many measures.

Pure arithmetic on numbers that the CRF gives: no torch, no database. One function
for each measure.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

SHRINK_BELOW: Final = 20
OVERHEAD_TOKENS: Final = 33.0
"""Opening and submitting a document (5 s) in words read (0.15 s each)."""


@dataclass(frozen=True, slots=True)
class Confidence:
    """Document-level measures of certainty; each has a function of its name below.

    Attributes:
        mean_marginal: Mean over the tokens of p(decoded tag at t | text), in [0, 1].
        min_marginal: The smallest of those probabilities, in [0, 1].
        mnlp: log p(decoded path | text) / tokens, in (-inf, 0].
        summed_uncertainty: Sum over the tokens of 1 - p(decoded tag), the expected
            number of wrong tags.
        min_span_posterior: Posterior of the least certain decoded span, in [0, 1].
        token_entropy: Mean over the tokens of the entropy of the tag, nats, >= 0.
        entity_uncertainty: Mean uncertainty, tokens weighted by p(in an entity).
        effort_uncertainty: Expected wrong tags a word of reading time.
        margin: p(best path) - p(second best path), in [0, 1]; None if not asked for.
        bald: Mean over the tokens of the information about the weights, nats, >= 0;
            None if not asked for.
    """

    mean_marginal: float
    min_marginal: float
    mnlp: float
    summed_uncertainty: float
    min_span_posterior: float = 1.0
    token_entropy: float = 0.0
    entity_uncertainty: float = 0.0
    effort_uncertainty: float = 0.0
    margin: float | None = None
    bald: float | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a CRF says about one document of n tokens.

    Attributes:
        marginals: p(decoded tag) of each token, in [0, 1].
        log_probability: log p(decoded path), <= 0.
        posteriors: Exact posterior of each decoded span, not bent by any curve, in
            [0, 1].
        entropies: Entropy of each token's tag in nats.
        in_entity: 1 - p(O) of each token.
        gap: Nats from the best path to the second best; None if not asked for.
        samples: Tag probabilities under K dropout masks, (K, n, tags), or None.
    """

    marginals: Sequence[float]
    log_probability: float
    posteriors: Sequence[float] = ()
    entropies: Sequence[float] = ()
    in_entity: Sequence[float] = ()
    gap: float | None = None
    samples: NDArray[np.float64] | None = None


CERTAIN: Final = Confidence(1.0, 1.0, 0.0, 0.0, margin=1.0, bald=0.0)


def mean_marginal(marginals: Sequence[float]) -> float:
    """Average the marginals of the decoded tags: 1/n sum_t p(y*_t | x)."""
    return sum(marginals) / len(marginals) if marginals else 1.0


def shrunk_mean(mean: float, tokens: int, corpus_mean: float | None) -> float:
    """Pull the mean of a short document towards the corpus mean.

    A mean of few tokens is noisy: without this the queue begins with fragments. For n
    tokens under 20 it is (n * mean + (20 - n) * corpus_mean) / 20, the posterior mean
    under a prior worth 20 tokens in all.

    Args:
        mean: Mean marginal of the document.
        tokens: Number of tokens of the document.
        corpus_mean: Mean marginal over a corpus, or None to leave the mean as it is.

    Returns:
        The mean marginal to order by.
    """
    if corpus_mean is None or tokens >= SHRINK_BELOW or tokens == 0:
        return mean
    return (tokens * mean + (SHRINK_BELOW - tokens) * corpus_mean) / SHRINK_BELOW


def min_marginal(marginals: Sequence[float]) -> float:
    """Take the least certain token: min_t p(y*_t | x)."""
    return min(marginals, default=1.0)


def mnlp(log_probability: float, tokens: int) -> float:
    """Normalise the best path's log-probability by length: log p(y* | x) / n.

    Maximum normalised log-probability of Shen et al. (2018), "Deep active learning for
    named entity recognition"; a document without tokens has 0.
    """
    return min(log_probability, 0.0) / tokens if tokens else 0.0


def summed_uncertainty(marginals: Sequence[float]) -> float:
    """Count the tags expected to be wrong: sum_t (1 - p(y*_t | x))."""
    return sum(1.0 - marginal for marginal in marginals)


def min_span_posterior(posteriors: Sequence[float], log_probability: float) -> float:
    """Take the least certain span: min_s p(s | x) (Culotta & McCallum 2004).

    Where no span was decoded, the whole decision is that there is none: p(y* | x).
    Both are probabilities of the CRF at its temperature, so that all documents stand in
    one order. The curve that bends the confidences people see is fitted to decoded
    spans and says nothing of a path without any.
    """
    return min(posteriors, default=math.exp(min(log_probability, 0.0)))


def token_entropy(entropies: Sequence[float]) -> float:
    """Average the entropies of the tokens' tags: 1/n sum_t H(y_t | x).

    Total token entropy of Settles & Craven (2008), "An analysis of active learning
    strategies for sequence labeling tasks", divided by the length; in nats.
    """
    return sum(entropies) / len(entropies) if entropies else 0.0


def margin(log_probability: float, gap: float) -> float:
    """Subtract the second best path's probability: p(y* | x) - p(y2 | x).

    Margin of Scheffer et al. (2001), for sequences Settles & Craven (2008), with
    p(y2 | x) = p(y* | x) exp(-gap).
    """
    return math.exp(min(log_probability, 0.0)) * -math.expm1(-max(gap, 0.0))


def bald(samples: NDArray[np.float64]) -> float:
    """Measure how much the tags would tell about the weights, mean over tokens.

    1/n sum_t (H(mean_k p_k(y_t)) - mean_k H(p_k(y_t))) in nats: Houlsby et al. (2011),
    "Bayesian active learning by disagreement", with the dropout masks of Gal et al.
    (2017), for each token as Siddhant & Lipton (2018) do for sequences.

    Args:
        samples: Tag probabilities, (K, tokens, tags); each row sums to 1.

    Returns:
        0 without tokens, else within [0, log K].
    """
    if not samples.size:
        return 0.0
    of_mean = _entropies(samples.mean(0)).mean()
    return max(0.0, float(of_mean - _entropies(samples).mean()))


def entity_uncertainty(marginals: Sequence[float], in_entity: Sequence[float]) -> float:
    """Average uncertainty, each token weighted by its chance to be in an entity.

    sum_t w_t (1 - p(y*_t)) / (1 + sum_t w_t) with w_t = 1 - p(y_t = O), after the
    entity-aware weights of Luo et al. (2023): the many certain O of a text do not hide
    its entities. The 1 stands for a certain token, so that a text in which hardly
    anything may be an entity is not judged by that little.
    """
    pairs = zip(in_entity, marginals, strict=False)
    weighted = sum(weight * (1.0 - marginal) for weight, marginal in pairs)
    return weighted / (1.0 + sum(in_entity))


def effort_uncertainty(marginals: Sequence[float]) -> float:
    """Expected wrong tags for the time it takes to see them, in words of reading.

    sum_t (1 - p(y*_t)) / (n + 33): opening a document costs as much as reading 33
    words, so a fragment must be very uncertain to be worth it, and a long document is
    not served for its length alone (return on investment, Settles et al. 2008).
    """
    return summed_uncertainty(marginals) / (len(marginals) + OVERHEAD_TOKENS)


def measure(evidence: Evidence, corpus_mean: float | None = None) -> Confidence:
    """Compute all measures of one document for which there is evidence.

    Args:
        evidence: What the CRF says.
        corpus_mean: See `shrunk_mean`.

    Returns:
        The measures; a document without tokens is certain.
    """
    marginals, log_probability = evidence.marginals, evidence.log_probability
    if not marginals:
        return CERTAIN
    tokens, gap, samples = len(marginals), evidence.gap, evidence.samples
    return Confidence(
        mean_marginal=shrunk_mean(mean_marginal(marginals), tokens, corpus_mean),
        min_marginal=min_marginal(marginals),
        mnlp=mnlp(log_probability, tokens),
        summed_uncertainty=summed_uncertainty(marginals),
        min_span_posterior=min_span_posterior(evidence.posteriors, log_probability),
        token_entropy=token_entropy(evidence.entropies),
        entity_uncertainty=entity_uncertainty(marginals, evidence.in_entity),
        effort_uncertainty=effort_uncertainty(marginals),
        margin=None if gap is None else margin(log_probability, gap),
        bald=None if samples is None else bald(samples),
    )


def shrink(
    confidences: Sequence[Confidence], tokens: Sequence[int]
) -> list[Confidence]:
    """Pull short documents towards the mean of all tokens of the documents given.

    Args:
        confidences: Measured without a corpus mean.
        tokens: Number of tokens of each document.

    Returns:
        The same measures with `shrunk_mean` applied.
    """
    weighted = sum(
        confidence.mean_marginal * count
        for confidence, count in zip(confidences, tokens, strict=True)
    )
    mean = weighted / sum(tokens) if sum(tokens) else None
    return [
        replace(
            confidence,
            mean_marginal=shrunk_mean(confidence.mean_marginal, count, mean),
        )
        for confidence, count in zip(confidences, tokens, strict=True)
    ]


def _entropies(distributions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the entropies of distributions along the last axis, nats."""
    logs = np.log(np.where(distributions > 0, distributions, 1.0))
    return -(distributions * logs).sum(-1)
