"""Trying a rule on documents before it is stored."""

import time
from dataclasses import dataclass, field

from annotator import excerpts, rulebook
from annotator.models import Rule
from modeling.rules import Matcher
from modeling.spans import Span

DOCUMENTS = 1000
CODE_POINTS = 1_000_000
SECONDS = 0.2  # that a pattern may spend on one document
SECONDS_IN_ALL = 3.0  # somebody waits for the page
SHOWN = 8


@dataclass(slots=True)
class Trial:
    """What a rule found."""

    documents: int = 0  # that were read
    matches: int = 0
    is_slow: bool = False
    shown: list[list[excerpts.Piece]] = field(default_factory=list)


def try_out(rule: Rule) -> Trial:
    """Let an unsaved rule read documents of the pool, up to a bound."""
    ranks = rulebook.label_ranks(rule.project)
    matcher = Matcher([rulebook.for_matching(rule, ranks)], seconds=SECONDS)
    trial = Trial()
    read, started = 0, time.monotonic()
    pool = rule.project.documents.filter(split="pool").order_by("shuffle_key", "pk")
    for document in pool[:DOCUMENTS].iterator(chunk_size=100):
        is_late = time.monotonic() - started > SECONDS_IN_ALL
        if read > CODE_POINTS or matcher.given_up or is_late:
            break
        document.project = rule.project
        matches = matcher.find(*rulebook.reading_of(document))
        read += len(document.text)
        trial.documents += 1
        trial.matches += len(matches)
        for match in matches[: SHOWN - len(trial.shown)]:
            span = Span(match.start, match.end, rule.label.name)
            near = excerpts.around(document.text, [span], match.start, match.end, 40)
            trial.shown.append(near)
    trial.is_slow = bool(matcher.given_up)
    return trial
