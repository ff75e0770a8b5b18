"""Rules as lines of text: label, tab, text, and where it matters kind and case."""

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from annotator.models import Rule
from annotator.models.rules import RuleKind
from annotator.rulebook import Entry, RuleRefused

EXACT, FOLDED = "exact", "folded"  # the words of the fourth column


def parse(text: str, *, is_case_sensitive: bool = False) -> list[Entry]:
    """Read lines of two to four columns, as in ``LOC<TAB>Basel``.

    Args:
        text: Lines; empty ones are passed over.
        is_case_sensitive: For lines without a fourth column.

    Raises:
        RuleRefused: a line has too few or too many columns, or an unknown word.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    return [
        _entry(number, line, is_case_sensitive)
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]


def _entry(number: int, line: str, is_case_sensitive: bool) -> Entry:
    columns = line.split("\t")
    if not 2 <= len(columns) <= 4:
        raise RuleRefused(
            _("Line %(number)s: “%(line)s” is not a label, a tab and a text.")
            % {"number": number, "line": line[:40]}
        )
    label, surface, *rest = columns
    kind = rest[0].strip() if rest else RuleKind.DICTIONARY.value
    case = rest[1].strip() if len(rest) > 1 else ""
    if kind not in RuleKind.values:
        raise RuleRefused(
            _("Line %(number)s: “%(word)s” is no kind of rule: write %(known)s.")
            % {"number": number, "word": kind, "known": "dictionary, pattern"}
        )
    if case not in ("", EXACT, FOLDED):
        raise RuleRefused(
            _("Line %(number)s: “%(word)s” says nothing about case: write %(known)s.")
            % {"number": number, "word": case, "known": f"{EXACT}, {FOLDED}"}
        )
    counts = case == EXACT if case else is_case_sensitive
    return Entry(label.strip(), surface, kind, counts)


def lines(rules: Iterable[Rule]) -> Iterator[str]:
    """The rules in the form that `parse` reads, all four columns written."""
    for rule in rules:
        case = EXACT if rule.is_case_sensitive else FOLDED
        yield f"{rule.label.name}\t{rule.text}\t{rule.kind}\t{case}\n"
