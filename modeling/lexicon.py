"""What people's spans teach a dictionary; loads no torch."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from modeling.rules import Matcher
from modeling.spans import Span
from modeling.tokens import Token

LONGEST = 80  # code points of a surface that is learned


@dataclass(frozen=True, slots=True)
class Reading:
    """One person's finished spans of one text."""

    text: str
    spans: frozenset[Span]
    mode: str = "unicode-words"
    imported: Sequence[Token] | None = None


@dataclass(slots=True)
class Agreement:
    """Matches of a rule that people gave the same label, and all others."""

    right: int = 0
    wrong: int = 0


@dataclass(slots=True)
class Lexicon:
    """How often each surface got each label."""

    times: Counter[tuple[str, str]] = field(default_factory=Counter)

    def read(self, reading: Reading) -> None:
        """Count the surfaces of one reading."""
        for span in reading.spans:
            surface = reading.text[span.start : span.end]
            if len(surface) <= LONGEST and surface.isprintable():
                self.times[span.label, surface] += 1

    def worth_learning(self) -> list[tuple[str, str]]:
        """Pairs of label and surface: several words, or seen twice; in a fixed order.

        Several words seen once are right as often as one word seen twice.
        """
        return sorted(
            (label, surface)
            for (label, surface), times in self.times.items()
            if times >= 2 or " " in surface
        )


def agreements(matcher: Matcher, readings: Iterable[Reading]) -> dict[int, Agreement]:
    """Compare every match of every rule with what people marked.

    Args:
        matcher: Rules with different keys.
        readings: Finished work.

    Returns:
        Counts by the rules' keys; rules without a match are missing.
    """
    counts: dict[int, Agreement] = {}
    for reading in readings:
        matches = matcher.find_all(reading.text, reading.mode, reading.imported)
        for match in matches:
            span = Span(match.start, match.end, match.rule.label)
            count = counts.setdefault(match.rule.key, Agreement())
            if span in reading.spans:
                count.right += 1
            else:
                count.wrong += 1
    return counts
