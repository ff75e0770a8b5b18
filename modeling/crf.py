"""A conditional random field: torchcrf's, with constraints and exact posteriors."""

import math
from collections.abc import Collection, Sequence

import torch
import torchcrf
from torch import Tensor

from modeling.lattice import FORBIDDEN, Lattice, Potentials, mixing_steps
from modeling.partial import partial_log_likelihood
from modeling.span_posteriors import CRFOutput as CRFOutput
from modeling.span_posteriors import span_posteriors
from modeling.sum_product import forward_backward, log_likelihood, posteriors
from modeling.viterbi import runner_up_gap, viterbi

_REDUCTIONS = ("none", "sum", "mean", "token_mean")


class CRF(torchcrf.CRF):
    """Linear-chain CRF (Lafferty et al. 2001) with torchcrf's parameters.

    Forbidden moves cost `FORBIDDEN`, from buffers that are added at use and never
    saved. Scores are float32 whatever the autocast state; sums over paths are float64.

    Args:
        num_tags: Number of tags.
        allowed: Moves ``(from, to)`` that are allowed; all when None.
        allowed_start: For each tag, whether a sequence may start with it.
        batch_first: Whether tensors come as (batch, length), not as (length, batch).

    Raises:
        ValueError: There are no tags, the constraints name unknown tags, or no tag may
            start a sequence.
    """

    transition_penalty: Tensor
    start_penalty: Tensor

    def __init__(
        self,
        num_tags: int,
        *,
        allowed: Collection[tuple[int, int]] | None = None,
        allowed_start: Sequence[bool] | None = None,
        batch_first: bool = True,
    ) -> None:
        super().__init__(num_tags, batch_first=batch_first)
        # shape: (tags, tags)
        moves = torch.full((num_tags, num_tags), allowed is None)
        for source, target in allowed or ():
            if not (0 <= source < num_tags and 0 <= target < num_tags):
                raise ValueError(f"no move {source, target} among {num_tags} tags")
            moves[source, target] = True
        starts = list(allowed_start or [True] * num_tags)
        if len(starts) != num_tags or not any(starts):
            raise ValueError(f"allowed_start must allow some of {num_tags} tags")
        self._mixing_steps = mixing_steps(moves)
        penalties = {
            "transition_penalty": ~moves,  # shape: (tags, tags)
            "start_penalty": ~torch.tensor(starts),  # shape: (tags,)
        }
        for name, forbidden in penalties.items():
            self.register_buffer(name, forbidden * FORBIDDEN, persistent=False)

    def forward(
        self,
        emissions: Tensor,
        tags: Tensor,
        mask: Tensor | None = None,
        reduction: str = "sum",
    ) -> Tensor:
        """Compute the log-likelihood of tag sequences.

        Args:
            emissions: (batch, length, tags), any floating type.
            tags: (batch, length), long; padding may hold anything.
            mask: (batch, length), bool; True for the tokens, which come before padding.
            reduction: ``none``, ``sum``, ``mean`` over sequences or ``token_mean``.

        Returns:
            Nats, float32: (batch,) for ``none``, else a scalar.

        Raises:
            ValueError: Shapes, mask, tags or reduction are wrong.
        """
        _check_reduction(reduction)
        emissions, mask = self._prepare(emissions, mask)
        tags = self._prepare_tags(tags, mask)
        with torch.autocast(emissions.device.type, enabled=False):
            # shape: (batch,)
            result = log_likelihood(
                emissions, tags, mask, self.potentials(), self._mixing_steps
            )
        return _reduce(result, mask, reduction)

    def partial_log_likelihood(
        self,
        emissions: Tensor,
        allowed: Tensor,
        mask: Tensor | None = None,
        reduction: str = "sum",
    ) -> Tensor:
        """Compute the log-probability that every token has one of its allowed tags.

        Sums over all tag sequences inside the sets (Tsuboi et al. 2008), so that a
        token of which nothing is known teaches nothing. One tag a token gives the
        likelihood of that sequence, all tags everywhere give 0.

        Args:
            emissions: (batch, length, tags), any floating type.
            allowed: (batch, length, tags), bool; padding may hold anything.
            mask: (batch, length), bool; True for the tokens, which come before padding.
            reduction: ``none``, ``sum``, ``mean`` over sequences or ``token_mean``,
                which divides by all tokens, unknown ones included.

        Returns:
            Nats, float32: (batch,) for ``none``, else a scalar.

        Raises:
            ValueError: Shapes, mask or reduction are wrong, or a row has no tag
                sequence inside its sets that the constraints allow.
        """
        _check_reduction(reduction)
        emissions, mask = self._prepare(emissions, mask)
        allowed = self._prepare_allowed(allowed, mask)
        with torch.autocast(emissions.device.type, enabled=False):
            # shape: (batch,)
            result = partial_log_likelihood(
                emissions, allowed, mask, self.potentials(), self._mixing_steps
            )
        return _reduce(result, mask, reduction)

    @torch.no_grad()
    def decode(self, emissions: Tensor, mask: Tensor | None = None) -> list[list[int]]:
        """Find the best tag sequence of each row by Viterbi's algorithm.

        Args:
            emissions: (batch, length, tags), any floating type.
            mask: (batch, length), bool; True for the tokens, which come before padding.

        Returns:
            One list for each row, as long as the row has tokens.

        Raises:
            ValueError: Shapes or mask are wrong.
        """
        emissions, mask = self._prepare(emissions, mask)
        potentials = self.potentials()
        lattice = Lattice(
            emissions, mask, potentials, self._mixing_steps, dtype=torch.float32
        )
        with torch.autocast(emissions.device.type, enabled=False):
            # shape: (1 + length, batch)
            packed = torch.cat([lattice.lengths.unsqueeze(0), viterbi(lattice)])
        rows: list[list[int]] = packed.t().tolist()
        return [tags[:length] for length, *tags in rows]

    @torch.no_grad()
    def marginals(self, emissions: Tensor, mask: Tensor | None = None) -> Tensor:
        """Compute p(tag on token | emissions) by a forward and a backward pass.

        Args:
            emissions: (batch, length, tags), any floating type.
            mask: (batch, length), bool; True for the tokens, which come before padding.

        Returns:
            (batch, length, tags), float32: rows sum to 1, to 0 at padding.

        Raises:
            ValueError: Shapes or mask are wrong.
        """
        lattice = self._lattice(*self._prepare(emissions, mask))
        with torch.autocast(emissions.device.type, enabled=False):
            result = posteriors(lattice, forward_backward(lattice)).float()
        return result.transpose(0, 1) if self.batch_first else result

    @torch.no_grad()
    def infer(
        self,
        emissions: Tensor,
        mask: Tensor | None = None,
        *,
        temperature: float = 1.0,
    ) -> CRFOutput:
        """Decode and sum over paths in one go, without leaving the device.

        Args:
            emissions: (batch, length, tags), any floating type.
            mask: (batch, length), bool; True for the tokens, which come before padding.
            temperature: Divides emissions and transitions alike (Guo et al. 2017, here
                of a whole path): above 1 it flattens all probabilities and leaves the
                order of the paths, so the tags, as they are.

        Raises:
            ValueError: Shapes, mask or temperature are wrong.
        """
        lattice = self._lattice(*self._prepare(emissions, mask), temperature)
        with torch.autocast(emissions.device.type, enabled=False):
            chains = lattice.both_ways()
            tags = viterbi(lattice, chains)  # shape: (length, batch)
            passes = forward_backward(lattice, chains)
            marginals = posteriors(lattice, passes).float()
            peaks = lattice.peaks.sum(0)  # shape: (batch,)
            return CRFOutput(
                tags=tags.t(),
                best_score=lattice.score(tags) + peaks,
                log_partition=passes.log_partition + peaks,
                marginals=marginals.transpose(0, 1),
                lattice=lattice,
                passes=passes,
            )

    @torch.no_grad()
    def runner_up_gap(self, output: CRFOutput) -> Tensor:
        """Say how many nats the second best path of each row trails the best one.

        Args:
            output: What `infer` gave; its temperature counts.

        Returns:
            (batch,), float32, >= 0; infinite where there is only one path.
        """
        return runner_up_gap(output.lattice, output.tags.t())

    @torch.no_grad()
    def span_posteriors(self, output: CRFOutput, spans: Tensor) -> Tensor:
        """Compute the exact probability that just these spans carry these labels.

        See `modeling.span_posteriors` for the formula. The tags must be those of
        `modeling.tagging.tag_names`.

        Args:
            output: What `infer` gave; its temperature counts.
            spans: (spans, 4), long: row of the batch, first token, token behind the
                last one, index of the label.

        Returns:
            (spans,), float32.

        Raises:
            ValueError: A span is empty, leaves its row or has an unknown label.
        """
        return span_posteriors(output.lattice, output.passes, spans)

    def potentials(self, temperature: float = 1.0) -> Potentials:
        """Give start, end and transition scores in float32, penalties included.

        Raises:
            ValueError: The temperature, which divides all but penalties, is not > 0.
        """
        if not 0 < temperature < math.inf:
            raise ValueError(f"a temperature must be positive, got {temperature}")
        return Potentials(
            self.start_transitions.float() / temperature + self.start_penalty.float(),
            self.end_transitions.float() / temperature,
            self.transitions.float() / temperature + self.transition_penalty.float(),
        )

    def _lattice(
        self, emissions: Tensor, mask: Tensor, temperature: float = 1.0
    ) -> Lattice:
        potentials = self.potentials(temperature)
        if temperature != 1.0:
            emissions = emissions / temperature
        return Lattice(emissions, mask, potentials, self._mixing_steps)

    def _prepare(self, emissions: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Check emissions and mask; give them in float32 and bool, batch first."""
        if emissions.dim() == 3 and 0 in emissions.shape:
            raise ValueError(f"emissions are empty, got {tuple(emissions.shape)}")
        if mask is None:
            mask = emissions.new_ones(emissions.shape[:2], dtype=torch.bool)
        self._validate(emissions, mask=mask)
        if mask.dtype != torch.bool:
            raise ValueError(f"mask must be bool, got {mask.dtype}")
        if not self.batch_first:
            emissions, mask = emissions.transpose(0, 1), mask.t()
        if (mask[:, 1:] > mask[:, :-1]).any():
            raise ValueError("mask must be a dense prefix: no token behind padding")
        return emissions.float(), mask

    def _prepare_tags(self, tags: Tensor, mask: Tensor) -> Tensor:
        """Check tags against a batch-first mask; give them batch first, padding 0."""
        if not self.batch_first:
            tags = tags.t()
        if tags.shape != mask.shape:
            raise ValueError(
                "the first two dimensions of emissions and tags must match, "
                f"got {tuple(mask.shape)} and {tuple(tags.shape)}"
            )
        tags = tags.where(mask, 0)
        lowest, highest = torch.stack(torch.aminmax(tags)).tolist()
        if lowest < 0 or highest >= self.num_tags:
            raise ValueError(
                f"tags must lie in [0, {self.num_tags}), got {lowest} to {highest}"
            )
        return tags

    def _prepare_allowed(self, allowed: Tensor, mask: Tensor) -> Tensor:
        """Check sets of tags against a batch-first mask; padding may have any tag."""
        if not self.batch_first:
            allowed = allowed.transpose(0, 1)
        if allowed.shape != (*mask.shape, self.num_tags) or allowed.dtype != torch.bool:
            raise ValueError(
                f"allowed must be bool of shape {(*mask.shape, self.num_tags)}, "
                f"got {allowed.dtype} of {tuple(allowed.shape)}"
            )
        allowed = allowed | ~mask.unsqueeze(2)
        empty = ~allowed.any(2)  # shape: (batch, length)
        if empty.any():
            row, token = empty.nonzero()[0].tolist()
            raise ValueError(f"row {row}: token {token} has no allowed tag")
        return allowed


def _check_reduction(reduction: str) -> None:
    """Refuse a reduction that torchcrf does not know either."""
    if reduction not in _REDUCTIONS:
        raise ValueError(f"invalid reduction: {reduction}")


def _reduce(result: Tensor, mask: Tensor, reduction: str) -> Tensor:
    """Reduce (batch,) as the caller asked."""
    if reduction == "none":
        return result
    if reduction == "sum":
        return result.sum()
    return result.sum() / (mask.sum() if reduction == "token_mean" else len(mask))
