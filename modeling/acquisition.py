"""Which documents a person should see first: query strategies over confidences."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from modeling.confidence import Confidence

EXPENSIVE: Final = frozenset({"margin", "bald"})
"""Strategies whose measure is computed only when asked for."""
BADGE: Final = "badge"
"""The diverse batches of `modeling.coverage`; needs "vector" of predictions."""

# A key says how late a document is served: the lowest comes first. "random" has a
# constant key, so that the seeded tie-break alone decides.
STRATEGIES: Final[Mapping[str, Callable[[Confidence], float]]] = {
    "lowest_marginal": lambda confidence: confidence.mean_marginal,
    "lowest_min_marginal": lambda confidence: confidence.min_marginal,
    "mnlp": lambda confidence: confidence.mnlp,
    "summed_uncertainty": lambda confidence: -confidence.summed_uncertainty,
    "lowest_span_posterior": lambda confidence: confidence.min_span_posterior,
    "token_entropy": lambda confidence: -confidence.token_entropy,
    "margin": lambda confidence: _asked("margin", confidence.margin),
    "bald": lambda confidence: -_asked("bald", confidence.bald),
    "random": lambda confidence: 0.0,
    # For simulations: no project can choose these.
    "entity_uncertainty": lambda confidence: -confidence.entity_uncertainty,
    "effort_uncertainty": lambda confidence: -confidence.effort_uncertainty,
    BADGE: lambda confidence: confidence.mean_marginal,  # behind the batch it draws
}


def rank(
    confidences: Sequence[Confidence], strategy: str = "lowest_marginal", seed: int = 0
) -> list[int]:
    """Order documents, the one to annotate first at the front.

    Args:
        confidences: One entry a document.
        strategy: A name in `STRATEGIES`.
        seed: Decides between documents that are equally certain.

    Returns:
        Indices into `confidences`.

    Raises:
        ValueError: If the strategy is unknown.
    """
    if strategy not in STRATEGIES:
        known = ", ".join(STRATEGIES)
        raise ValueError(f"unknown query strategy '{strategy}' (known: {known})")
    key = STRATEGIES[strategy]
    order = list(range(len(confidences)))
    random.Random(seed).shuffle(order)
    return sorted(order, key=lambda index: key(confidences[index]))


def _asked(name: str, value: float | None) -> float:
    """Refuse to order by a measure that was not computed."""
    if value is None:
        raise ValueError(f"the measure '{name}' was not asked for when predicting")
    return value
