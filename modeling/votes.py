"""What several people's answers to one text say together, and where they do not.

A reading counts when more than half of the people share it: two have to agree, of three
two are enough. What nobody's majority says is unknown.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from modeling.spans import Span, outermost

Region = tuple[int, int]
"""Half-open code points."""


@dataclass(frozen=True, slots=True)
class Consensus:
    """What most people say; ``known`` holds all regions when None."""

    spans: tuple[Span, ...]
    known: tuple[Region, ...] | None


def consensus(answers: Sequence[Collection[Span]], length: int) -> Consensus:
    """Join the finished answers of several people.

    A span that more than half of them have is known. So is a code point that more than
    half of them leave outside of all spans: nothing begins or goes on there. All other
    code points are unknown.

    Args:
        answers: Every person's spans, which do not overlap.
        length: Code points of the text.

    Returns:
        The spans of the majority, and the regions that are known.
    """
    votes = Counter(span for answer in answers for span in set(answer))
    chosen = majority(votes, len(answers))
    borders = sorted({0, length} | {edge for s in votes for edge in (s.start, s.end)})
    place_of = {border: place for place, border in enumerate(borders)}
    doubts = [0] * len(borders)  # people who have a span over what begins there
    for span, count in votes.items():
        for place in range(place_of[span.start], place_of[span.end]):
            doubts[place] += count
    starts = [span.start for span in chosen]
    known: list[Region] = []
    for (start, end), doubt in zip(pairwise(borders), doubts, strict=False):
        over = bisect_right(starts, start) - 1
        is_chosen = over >= 0 and start < chosen[over].end
        if not is_chosen and 2 * doubt >= len(answers):
            continue
        if known and known[-1][1] == start:
            known[-1] = (known[-1][0], end)
        else:
            known.append((start, end))
    is_complete = known == [(0, length)] or length == 0
    return Consensus(tuple(chosen), None if is_complete else tuple(known))


def majority(votes: Counter[Span], people: int) -> list[Span]:
    """Keep the spans of more than half of the people, in the order of the text."""
    return sorted(outermost(s for s, count in votes.items() if 2 * count > people)[0])


def undisputed(answers: Iterable[Collection[Span]]) -> list[Span]:
    """Join unfinished answers: the spans that overlap no other reading of theirs."""
    spans = sorted({span for answer in answers for span in answer})
    kept: list[Span] = []
    reach = 0
    is_alone = False
    for span in spans:
        if span.start >= reach:
            kept.append(span)
            is_alone = True
        elif is_alone:
            kept.pop()
            is_alone = False
        reach = max(reach, span.end)
    return kept
