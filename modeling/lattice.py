"""A batch of emissions made ready for the recursions of a linear-chain CRF.

Every recursion runs from both ends at once: direction 0 reads a sequence forwards with
the transitions, direction 1 backwards with their transpose. Padding comes after the
real tokens in either direction, so no loop needs a mask. Sums are kept in float64
(float32 on devices without it), relative to each token's best emission.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

FORBIDDEN = -1e4
"""Added to the score of a forbidden move."""

EXCLUDED = -1e30
"""The emission of a tag outside the set of its token: no sum ever makes up for it."""

# Products may span so many nats before a state underflows.
SAFE_NATS = {torch.float64: 680.0, torch.float32: 80.0}


class Potentials(NamedTuple):
    """Scores of a chain besides its emissions, penalties included."""

    start: Tensor  # shape: (tags,)
    end: Tensor  # shape: (tags,)
    transitions: Tensor  # shape: (tags, tags), [from, to]


class Chains(NamedTuple):
    """A batch as both directions see it."""

    emissions: Tensor  # shape: (steps, 2, batch, tags)
    first: Tensor  # shape: (2, 1, tags)
    transitions: Tensor  # shape: (2, tags, tags), [from, to]

    def in_float32(self, steps: int | None = None) -> "Chains":
        """Give so many steps for maxima, which need no more precision."""
        return Chains(
            self.emissions[:steps].float(),
            self.first.float(),
            self.transitions.float(),
        )


class Lattice:
    """Emissions of a batch, time-major, shifted, and readable from both ends.

    Args:
        emissions: (batch, length, tags), any floating type.
        mask: (batch, length), bool, a dense prefix of every row.
        potentials: Scores besides the emissions.
        mixing_steps: See `mixing_steps`.
        allowed: (rows, length, tags), bool, the tags each token of the last rows may
            have, at least one; the other rows are free.
        dtype: Of the scores; None is the widest that the device has. Maxima are as
            exact in float32, sums are not.
    """

    def __init__(
        self,
        emissions: Tensor,
        mask: Tensor,
        potentials: Potentials,
        mixing_steps: int | None,
        allowed: Tensor | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        wide = torch.float32 if emissions.device.type == "mps" else torch.float64
        wide = dtype or wide
        self.potentials = Potentials(*(scores.to(wide) for scores in potentials))
        self.mixing_steps = mixing_steps
        self.free_rows = len(mask) - (0 if allowed is None else len(allowed))
        self.mask = mask.t()  # shape: (length, batch)
        self.lengths = mask.sum(1)  # shape: (batch,)
        # shape: (batch,)
        self.rows = torch.arange(mask.size(0), device=mask.device)
        # shape: (length, 1)
        self.steps = torch.arange(mask.size(1), device=mask.device).unsqueeze(1)
        # Where each direction finds the token of a step; padding stays where it is.
        backwards = (self.lengths - 1 - self.steps).where(self.mask, self.steps)
        # shape: (length, 2, batch)
        self.order = torch.stack([self.steps.expand_as(backwards), backwards], 1)
        self.places = self.order * len(self.rows) + self.rows
        # shape: (length, batch, tags)
        raw = emissions.transpose(0, 1).to(
            wide, copy=True, memory_format=torch.contiguous_format
        )
        if allowed is not None:
            raw[:, self.free_rows :].masked_fill_(~allowed.transpose(0, 1), EXCLUDED)
        raw.masked_fill_(~self.mask.unsqueeze(2), 0.0)
        self.peaks = raw.detach().amax(2)  # shape: (length, batch)
        # shape: (length, batch, tags)
        self.emissions = raw.sub_(self.peaks.unsqueeze(2))

    def turned(self, states: Tensor) -> Tensor:
        """Give what direction 1 of (length, 2, batch, tags) says of each token."""
        places = self.places[:, 1] + (self.order[:, 1] + 1) * len(self.rows)
        return _pick(states, places)

    def at_last(self, values: Tensor) -> Tensor:
        """Pick what (length, batch, ...) holds at each sequence's last token."""
        return values[self.lengths - 1, self.rows]

    def both_ways(self, steps: int | None = None) -> Chains:
        """Give what both directions walk along, for so many steps, all new."""
        start, end, transitions = self.potentials
        return Chains(
            _pick(self.emissions, self.places[:steps]),
            torch.stack([start, end]).unsqueeze(1),
            torch.stack([transitions, transitions.t()]),
        )

    def score(self, tags: Tensor) -> Tensor:
        """Score tag sequences (length, batch) -> (batch,), without the peaks."""
        start, end, transitions = self.potentials
        # shape: (length, batch)
        emitted = self.emissions.gather(2, tags.unsqueeze(2)).squeeze(2)
        # shape: (length - 1, batch)
        moved = transitions[tags[:-1], tags[1:]]
        # shape: (batch,)
        inner = (emitted * self.mask).sum(0) + (moved * self.mask[1:]).sum(0)
        return start[tags[0]] + inner + end[self.at_last(tags)]

    def safe_steps(self) -> int:
        """Say how many steps a product of exponentials may take between scalings.

        One step moves the best state by at most `nats`, and any state trails the best
        one by at most `mixing_steps` times as much. 0 means that no step is safe. This
        holds for free rows; sets of tags may keep states apart for longer.
        """
        if self.mixing_steps is None:
            return 0
        # shape: (tags * (tags + 2),)
        scores = torch.cat([part.detach().flatten() for part in self.potentials])
        largest = scores.where(scores > FORBIDDEN / 2, 0.0).abs().amax()
        emissions = self.emissions[:, : self.free_rows or None].detach()
        nats = float(2 * largest - emissions.amin())
        nats += math.log(self.emissions.size(2)) + 1e-3
        if not nats < math.inf:
            return 0
        steps = int(SAFE_NATS[self.emissions.dtype] / nats) - self.mixing_steps
        return max(steps, 0)


def _pick(values: Tensor, places: Tensor) -> Tensor:
    """Copy rows of the last dimension of values: (*places, tags)."""
    # Half the time of indexing by step and row.
    rows = values.flatten(0, -2).index_select(0, places.flatten())
    return rows.view(*places.shape, values.size(-1))


def mixing_steps(allowed: Tensor, most: int = 6) -> int | None:
    """Count the moves after which any tag can have led to any other.

    Args:
        allowed: (tags, tags), bool, [from, to].
        most: Where to give up.

    Returns:
        The exponent that makes the matrix positive (2 for IOB2); None beyond most.
    """
    reachable = torch.eye(len(allowed), dtype=torch.bool)
    for steps in range(1, most + 1):
        # shape: (tags, tags)
        reachable = reachable.float() @ allowed.float() > 0
        if reachable.all():
            return steps
    return None
