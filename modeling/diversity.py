"""Batches that do not repeat themselves: near-duplicates, chance, and new documents.

Loads no torch and no numpy: the web side asks it too. A signature is the MinHash of a
text (Broder 1997, "On the resemblance and containment of documents"), of which each
value keeps its lowest byte (Li & König 2010, "b-bit minwise hashing").

A simulation, or anything else that serves whole batches, does this each round::

    signatures = [signature(text) for text in texts]        # once for a corpus
    order = rank(confidences, strategy, seed)               # best first
    batch = select_batch(order, signatures, 20, exploration=0.1, seed=seed)
"""

import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from rensa import RMinHash

NEAR: Final = 0.8
"""Texts that share so much of their shingles are nearly the same."""
EXPLORATION: Final = 0.1
"""Default share of documents that are drawn by chance."""
NEW_EVERY: Final = 5
"""While there are documents that no model has read, every so many-th is one."""

_HASHES: Final = 128
_SEED: Final = 1997
_SHINGLE: Final = 5
_LONGEST: Final = 20_000


def shingles(text: str) -> set[str]:
    """Cut the first 20,000 characters of a text into overlapping runs of five.

    Case and the kind and amount of white space do not count. Characters serve every
    script alike; a text shorter than a run is one shingle, an empty one has none.
    """
    plain = " ".join(text[:_LONGEST].casefold().split())
    if not plain:
        return set()
    last = max(1, len(plain) - _SHINGLE + 1)
    return {plain[start : start + _SHINGLE] for start in range(last)}


def signature(text: str) -> bytes:
    """Sketch a text in 129 bytes.

    The first byte is the version of the hash functions: sketches of different versions
    resemble nothing.
    """
    sketch = RMinHash(_HASHES, _SEED)
    # Lone surrogates may stand in a text but are no Unicode that could be hashed.
    sketch.update([s.encode("utf-8", "surrogatepass") for s in shingles(text)])
    return bytes([RMinHash.ALGORITHM_VERSION, *(v & 0xFF for v in sketch.digest())])


def similarity(one: bytes, other: bytes) -> float:
    """Estimate the Jaccard similarity of two texts' shingles from their signatures.

    With b = 8 bits of each of k = 128 values the share m of equal bytes is expected to
    be J + (1 - J) / 256, so J = (m - 1/256) / (1 - 1/256), here cut at 0 (Li & König
    2010, for small sets); the standard error is sqrt(J (1 - J) / k), .035 at J = .8.

    Args:
        one: As given by `signature`.
        other: The same of another text.

    Returns:
        The estimate, in [0, 1]; 0 for signatures of different versions.
    """
    if len(one) != len(other) or one[:1] != other[:1]:
        return 0.0
    size = len(one) - 1
    differing = int.from_bytes(one[1:], "big") ^ int.from_bytes(other[1:], "big")
    share = differing.to_bytes(size, "big").count(0) / size
    return max(0.0, (share - 1 / 256) / (1 - 1 / 256))


def is_near_any(
    one: bytes | None, others: Iterable[bytes | None], threshold: float = NEAR
) -> bool:
    """Say whether a text is nearly the same as one of others; None is like nothing."""
    if one is None:
        return False
    known = (other for other in others if other is not None)
    return any(similarity(one, other) >= threshold for other in known)


def is_by_chance(place: int, share: float) -> bool:
    """Say whether the document served at a place, counted from 0, is a random one.

    The places are spread evenly: after n documents floor(n * share) were drawn by
    chance. Only the count decides, so that the answer is the same whenever it is asked.
    """
    before, behind = (int(count * share + 1e-9) for count in (place, place + 1))
    return behind > before


def is_for_new(place: int) -> bool:
    """Say whether a place, counted from 0, is kept for a document not read yet."""
    return place % NEW_EVERY == NEW_EVERY - 1


def select_batch(
    order: Sequence[int],
    signatures: Sequence[bytes | None],
    size: int,
    *,
    exploration: float = EXPLORATION,
    seed: int = 0,
    unread: Collection[int] = (),
    recent: Sequence[bytes | None] = (),
    served: int = 0,
) -> list[int]:
    """Choose the next documents: the best, some by chance, some new, none twice.

    Place by place the first fitting document is taken: from a seeded shuffle where
    `is_by_chance` says so, from the unread where `is_for_new` says so, else from the
    order. One that is nearly the same (`NEAR`) as a document of the batch, or as a
    recent one, is passed over; when nothing else is left, those come in their order.

    Args:
        order: Indices of the documents that wait, the best first; unread ones may
            stand anywhere in it.
        signatures: Of all documents, by index; None is like nothing else.
        size: Documents wanted.
        exploration: Share of documents drawn by chance, in [0, 1].
        seed: Of the shuffle.
        unread: Indices of documents that no model has read.
        recent: Signatures of documents served before.
        served: Number of documents served before, from which the places count.

    Returns:
        Indices in the order of serving: min(size, len(order)) different ones.

    Raises:
        ValueError: If the size is negative or the share is none.
    """
    if size < 0 or not 0 <= exploration <= 1:
        raise ValueError(f"no batch of {size} documents with {exploration} by chance")
    shuffled = list(order)
    random.Random(seed).shuffle(shuffled)
    lines = {
        "best": iter(order),
        "chance": iter(shuffled),
        "new": iter([index for index in order if index in unread]),
    }
    taken: dict[int, None] = {}
    seen = [known for known in recent if known is not None]
    for place in range(served, served + min(size, len(order))):
        kinds = [_kind(place, exploration), "best"]
        # A line that ran dry gives its place to the order.
        fitting = chain.from_iterable(
            _fitting(lines[kind], signatures, taken, seen) for kind in kinds
        )
        index = next(fitting, None)
        if index is None:
            break
        taken[index] = None
        if (known := signatures[index]) is not None:
            seen.append(known)
    passed_over = (index for index in order if index not in taken)
    return [*taken, *passed_over][: max(0, size)]


def _kind(place: int, exploration: float) -> str:
    """Name the line that a place draws from."""
    if is_by_chance(place, exploration):
        return "chance"
    return "new" if is_for_new(place) else "best"


def _fitting(
    line: Iterator[int],
    signatures: Sequence[bytes | None],
    taken: Collection[int],
    seen: Sequence[bytes],
) -> Iterator[int]:
    """Go on in a line past what is taken or nearly the same as something seen.

    What is passed over once is not looked at again: the seen only grow.
    """
    for index in line:
        if index not in taken and not is_near_any(signatures[index], seen):
            yield index
