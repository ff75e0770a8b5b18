"""Batches that cover what is uncertain, from encoder states: the BADGE-style baseline.

A whole batch is drawn at once, so this is for simulations: a queue that serves one
document at a time has `modeling.diversity`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def badge_order(
    vectors: Sequence[ArrayLike | None],
    uncertainties: Sequence[float],
    size: int,
    seed: int = 0,
) -> list[int]:
    """Order documents so that the first ones are uncertain and unlike each other.

    BADGE (Ash et al. 2020, "Deep batch active learning by diverse, uncertain gradient
    lower bounds") draws a batch by k-means++ on gradients of the last layer, which for
    a token are its state times how wrong its tag may be. Here a document stands for its
    tokens: its mean state, of length 1, times its uncertainty. k-means++ (Arthur &
    Vassilvitskii 2007) draws each next document with a probability in proportion to its
    squared distance from the nearest one drawn before, the first from the origin.

    Args:
        vectors: Mean encoder state of each document, (hidden,); None without tokens.
        uncertainties: Of each document, >= 0.
        size: How many to draw; the others follow, the most uncertain first.
        seed: Of the draws.

    Returns:
        A permutation of the indices.

    Raises:
        ValueError: If the numbers of vectors and uncertainties differ.
    """
    if len(vectors) != len(uncertainties):
        raise ValueError(f"{len(vectors)} vectors, {len(uncertainties)} uncertainties")
    points = _scaled(vectors, uncertainties)  # shape: (documents, hidden)
    generator = np.random.default_rng(seed)
    # shape: (documents,)
    distances = (points**2).sum(1)
    chosen: list[int] = []
    while len(chosen) < min(size, len(points)) and distances.sum() > 0:
        index = int(generator.choice(len(points), p=distances / distances.sum()))
        chosen.append(index)
        distances = np.minimum(distances, ((points - points[index]) ** 2).sum(1))
        distances[index] = 0.0
    rest = set(range(len(points))) - set(chosen)
    return chosen + sorted(rest, key=lambda index: (-uncertainties[index], index))


def _scaled(
    vectors: Sequence[ArrayLike | None], uncertainties: Sequence[float]
) -> NDArray[np.float64]:
    """Give the vectors the length of their uncertainty; none becomes zero."""
    known = [np.asarray(vector, float) for vector in vectors if vector is not None]
    hidden = len(known[0]) if known else 1
    points = np.zeros((len(vectors), hidden))
    for row, (vector, scale) in enumerate(zip(vectors, uncertainties, strict=True)):
        if vector is not None:
            direction = np.asarray(vector, float)
            length = float(np.linalg.norm(direction)) or 1.0
            points[row] = direction * (scale / length)
    return points
