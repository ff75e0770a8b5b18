"""Dictionary entries and regular expressions that find spans; loads no torch."""

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from operator import attrgetter

import ahocorasick
import regex

from modeling.tokens import Token, tokenize

SECONDS = 0.5  # that one pattern may spend on one text
PATIENCE = 3  # texts on which a pattern may run out of time before it is given up
MOST_UNROLLED = 200_000  # characters of a pattern whose {counts} are written out
_COUNT = regex.compile(r"\{(\d+)")
_PROBES = ("", "a", "Aa 1.")  # a pattern that finds nothing in one of them is refused

# Letters and digits of scripts that put spaces between words.
_SPACED = (
    r"[[\p{L}\p{N}]--[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}"
    r"\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]]"
)
_UNITS = regex.compile(rf"(?: (?={_SPACED}) \X )++ | \X", regex.V1 | regex.VERBOSE)


class BadPattern(ValueError):
    """A regular expression that cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One dictionary entry or pattern and the label it proposes.

    Args:
        key: The caller's number for it.
        label: Entity type of its spans.
        text: What stands in the text, or a regular expression.
        is_pattern: Whether the text is a regular expression. Its first group, where
            there is one, marks the span.
        is_case_sensitive: Otherwise both sides are folded (entries) or compared
            without case (patterns).
        is_learned: Taken from people's spans; yields to rules that people wrote.
        rank: Place of the label among its project's labels.
    """

    key: int
    label: str
    text: str
    is_pattern: bool = False
    is_case_sensitive: bool = False
    is_learned: bool = False
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Match:
    """One place that a rule found: half-open code points of the text as given."""

    start: int
    end: int
    rule: Rule

    @property
    def precedence(self) -> tuple[int, bool, int, bool, int, int]:
        """Orders matches that overlap: the first one stays."""
        rule = self.rule
        length = self.end - self.start
        by_rule = (rule.is_learned, rule.rank, rule.is_pattern)
        return (-length, *by_rule, self.start, rule.key)


def compile_pattern(text: str, is_case_sensitive: bool) -> "regex.Pattern[str]":
    """Compile a regular expression of a rule.

    Raises:
        BadPattern: It cannot be read, or it finds the empty text.
    """
    flags = 0 if is_case_sensitive else regex.IGNORECASE
    # The library writes a{1000} out; nested counts would fill the memory.
    unrolled = prod(max(1, int(count)) for count in _COUNT.findall(text))
    if unrolled * len(text) > MOST_UNROLLED:
        raise BadPattern("its counts in braces are too large together")
    try:
        pattern = regex.compile(text, flags)
    except (regex.error, OverflowError, RecursionError) as error:
        raise BadPattern(str(error)) from error
    for probe in _PROBES:
        try:
            spans = [_marked(found) for found in pattern.finditer(probe, timeout=1.0)]
        except TimeoutError as error:
            raise BadPattern("it runs for too long") from error
        if any(start == end != -1 for start, end in spans):
            raise BadPattern("it finds the empty text")
    return pattern


class Matcher:
    """Finds all entries in one pass over a text, then each pattern in its own.

    An entry is found only as whole tokens. In the token mode ``characters`` words of
    scripts with spaces count as one token, so that ``art`` is not found in ``party``;
    Chinese, Japanese and Thai are cut anywhere between two grapheme clusters.

    A pattern gets `SECONDS` a text; `given_up` names those that ran out of time on
    `PATIENCE` texts and are not tried again.

    Raises:
        BadPattern: The text of a pattern cannot be used.
    """

    def __init__(self, rules: Iterable[Rule], seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._late: Counter[Rule] = Counter()
        self._patterns: dict[Rule, regex.Pattern[str]] = {}
        entries: defaultdict[str, list[Rule]] = defaultdict(list)
        for rule in rules:
            if rule.is_pattern:
                compiled = compile_pattern(rule.text, rule.is_case_sensitive)
                self._patterns[rule] = compiled
            else:
                entries[rule.text.casefold()].append(rule)
        self._automaton = ahocorasick.Automaton()
        for folded, alike in entries.items():
            self._automaton.add_word(folded, (len(folded), alike))
        self._automaton.make_automaton()
        self._has_entries = bool(entries)

    @property
    def given_up(self) -> set[int]:
        """Keys of the patterns that ran out of time too often."""
        return {rule.key for rule, times in self._late.items() if times >= PATIENCE}

    def find(
        self,
        text: str,
        mode: str = "unicode-words",
        imported: Sequence[Token] | None = None,
    ) -> list[Match]:
        """The matches that stay when no two may overlap, in the order of the text.

        The longest stay, then those of rules that people wrote, then those whose
        label comes first, then the leftmost.

        Args:
            text: Text as stored.
            mode: Token mode, see `modeling.tokens.tokenize`.
            imported: Tokens the text came with, for the mode ``as-imported``.
        """
        return flat(self.find_all(text, mode, imported))

    def find_all(
        self,
        text: str,
        mode: str = "unicode-words",
        imported: Sequence[Token] | None = None,
    ) -> list[Match]:
        """Every match of every rule, overlapping ones too; see `find`."""
        found = list(self._entries_in(text))
        if found:
            tokens = whole_tokens(text, mode, imported)
            starts = {start for start, _ in tokens}
            ends = {end for _, end in tokens}
            found = [m for m in found if m.start in starts and m.end in ends]
        found += self._patterns_in(text)
        return found

    def mentions(self, text: str) -> bool:
        """Whether a match is possible at all; much quicker than `find`."""
        return any(self._entries_in(text)) or any(self._patterns_in(text))

    def _entries_in(self, text: str) -> Iterator[Match]:
        if not self._has_entries:
            return
        folded, origins = fold(text)
        for last, (length, alike) in self._automaton.iter(folded):
            start, end = last + 1 - length, last + 1
            if origins is not None:
                start, end = origins[start], origins[end]
                if start < 0 or end < 0:  # inside what one code point folds to
                    continue
            for rule in alike:
                if not rule.is_case_sensitive or text[start:end] == rule.text:
                    yield Match(start, end, rule)

    def _patterns_in(self, text: str) -> Iterator[Match]:
        for rule, pattern in self._patterns.items():
            if self._late[rule] >= PATIENCE:
                continue
            try:
                found = pattern.finditer(text, timeout=self._seconds)
                places = {_marked(match) for match in found}
            except TimeoutError:
                self._late[rule] += 1
                continue
            for start, end in places:
                if start < end:
                    yield Match(start, end, rule)


def flat(matches: Iterable[Match]) -> list[Match]:
    """Keep matches that do not overlap, by precedence; in the order of the text."""
    kept: list[Match] = []
    for match in sorted(matches, key=attrgetter("precedence")):
        after = bisect_left(kept, match.start, key=attrgetter("start"))
        neighbours = kept[max(after - 1, 0) : after + 1]
        if all(n.end <= match.start or match.end <= n.start for n in neighbours):
            insort(kept, match, key=attrgetter("start"))
    return kept


def fold(text: str) -> tuple[str, list[int] | None]:
    """Fold the case of a text and remember where each code point came from.

    Folding may lengthen a text (``ß`` becomes ``ss``).

    Returns:
        The folded text, and for each of its places, its end included, the place in the
        text as given, or -1 inside what one code point became. None instead of the
        list when no code point changed its length.
    """
    folded = text.casefold()
    if len(folded) == len(text):  # no code point folds to nothing
        return folded, None
    origins: list[int] = []
    for place, character in enumerate(text):
        origins.append(place)
        origins += [-1] * (len(character.casefold()) - 1)
    return folded, [*origins, len(text)]


def whole_tokens(
    text: str, mode: str, imported: Sequence[Token] | None = None
) -> list[Token]:
    """What an entry may begin and end at: tokens, or words where characters rule."""
    if mode == "characters":
        return [match.span() for match in _UNITS.finditer(text)]
    return tokenize(text, mode, imported)


def _marked(match: "regex.Match[str]") -> tuple[int, int]:
    """The first group, if the pattern has one, else the whole match."""
    return match.span(1 if match.re.groups else 0)
