"""What annotating costs: a person's actions on suggestions, and simulated minutes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from modeling.spans import Span, overlaps

SECONDS_A_DOCUMENT: Final = 5.0
SECONDS_A_TOKEN: Final = 0.15
SECONDS_A_CORRECTION: Final = 2.0
SECONDS_AN_ACCEPTED: Final = 1.0


@dataclass(frozen=True, slots=True)
class Actions:
    """What a person did to suggestions until the answer was right.

    Attributes:
        accepted: Suggestions that were right.
        rejected: Suggestions where there is no span.
        fixed: Suggestions with a wrong border or label.
        added: Spans that nobody suggested.
    """

    accepted: int = 0
    rejected: int = 0
    fixed: int = 0
    added: int = 0

    @property
    def corrections(self) -> int:
        """Everything but accepting."""
        return self.rejected + self.fixed + self.added

    @property
    def total(self) -> int:
        """All of them."""
        return self.accepted + self.corrections

    def __add__(self, other: "Actions") -> "Actions":
        """Sum each kind."""
        return Actions(
            self.accepted + other.accepted,
            self.rejected + other.rejected,
            self.fixed + other.fixed,
            self.added + other.added,
        )


def answer(gold: Collection[Span], suggested: Iterable[Span]) -> Actions:
    """Count how a person who knows the answer treats the suggestions of a document.

    A suggestion with the offsets and the label of a gold span is accepted. Of the rest
    each is fixed into at most one gold span that it overlaps, those with the longest
    overlap first, else rejected; gold spans that are left are added.

    Args:
        gold: The right spans.
        suggested: Spans shown to the person.

    Returns:
        The actions.
    """
    right = set(gold)
    shown = set(suggested)
    accepted = right & shown
    wanted, wrong = right - accepted, shown - accepted
    pairs = sorted(
        (_distance(span, guess), span, guess)
        for span in wanted
        for guess in wrong
        if overlaps(span, guess)
    )
    fixed_spans: set[Span] = set()
    fixed_guesses: set[Span] = set()
    for _, span, guess in pairs:
        if span not in fixed_spans and guess not in fixed_guesses:
            fixed_spans.add(span)
            fixed_guesses.add(guess)
    fixed = len(fixed_spans)
    return Actions(len(accepted), len(wrong) - fixed, fixed, len(wanted) - fixed)


def minutes(documents: int, tokens: int, actions: Actions) -> float:
    """Estimate a person's time: 5 s a document, 0.15 s a token, then the actions.

    A correction (reject, fix, add) takes 2 s, accepting a suggestion 1 s.

    Args:
        documents: Documents read.
        tokens: Their tokens.
        actions: What was done to the suggestions of these documents.

    Returns:
        Minutes.
    """
    seconds = (
        SECONDS_A_DOCUMENT * documents
        + SECONDS_A_TOKEN * tokens
        + SECONDS_A_CORRECTION * actions.corrections
        + SECONDS_AN_ACCEPTED * actions.accepted
    )
    return seconds / 60


def _distance(one: Span, other: Span) -> int:
    """Say how little two spans overlap: minus the code points they share."""
    return max(one.start, other.start) - min(one.end, other.end)
