"""From what a file marks to spans that can be stored, and a sentence for the rest."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _t

from annotator.formats import offsets
from annotator.formats.offsets import UNSAID, Claim, Found, Ruler, Unit
from annotator.formats.records import LONGEST_LABEL, check_length, excerpt, out_of_range
from annotator.formats.source import FormatError
from modeling.spans import Span, outermost

NO_LABEL_CHARACTER = re.compile(r"[\s\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Mention:
    """Something a file marks, in the file's offsets; maybe empty or overlapping."""

    start: int
    end: int
    label: str
    line: int = 1
    surface: str | None = None  # what stands there, if the file says so
    confidence: float | None = None


def settle(
    text: str,
    mentions: Sequence[Mention],
    may_overlap: bool = False,
    unit: Unit | None = None,
    of_file: Found = UNSAID,
) -> tuple[tuple[Span, ...], tuple[str, ...]]:
    """The spans that can be stored, and a note for each thing that was changed.

    Offsets are code points unless the surfaces, or those of the whole file, show that
    they count something else, or unless the unit is known, of which nothing is noted
    then.

    Raises:
        FormatError: a mention is outside the text, or the text there is another one,
            or nothing says what its offsets count, or it is too long for a document.
    """
    check_length(mentions[0].line if mentions else 1, text)
    notes: dict[str, None] = {}
    if unit is None:
        unit, open_notes = offsets.settled(text, claims_of(mentions), of_file, is_alike)
        repaired = offsets.repaired(unit, len(mentions))
        notes |= dict.fromkeys([*open_notes, *repaired])
    ruler = Ruler(text, unit)
    spans: list[Span] = []
    for mention in mentions:
        label = as_label(mention.label)
        if label != mention.label:
            notes[_renamed(mention.label, label)] = None
        if _is_empty(mention, unit, len(text)):
            notes[_left_out(mention)] = None
            continue
        span = Span(*_place(ruler, mention), label)
        notes |= dict.fromkeys(_check(text, span, mention))
        spans.append(span)
    if may_overlap:
        return tuple(dict.fromkeys(spans)), tuple(notes)
    kept, dropped = outermost(spans)
    notes |= dict.fromkeys(_dropped(text, kept, dropped))
    return tuple(kept), tuple(notes)


def claims_of(mentions: Iterable[Mention]) -> list[Claim]:
    return [Claim(m.start, m.end, m.surface, m.line) for m in mentions]


def confidences(
    text: str, mentions: Sequence[Mention], unit: Unit
) -> dict[Span, float]:
    """The stated ones of spans that settled; of equal spans the highest."""
    found: dict[Span, float] = {}
    ruler = Ruler(text, unit)
    for mention in mentions:
        place = ruler.place(mention.start, mention.end)
        if mention.confidence is None or place is None or place[0] == place[1]:
            continue
        span = Span(*place, as_label(mention.label))
        found[span] = max(mention.confidence, found.get(span, 0.0))
    return found


def as_label(value: str) -> str:
    """The value as the one word that a label is."""
    return NO_LABEL_CHARACTER.sub("_", value.strip())[:LONGEST_LABEL] or "_"


def is_alike(found: str, said: str) -> bool:
    """Whether two texts differ in white space at most."""
    return found.split() == said.split()


def _is_empty(mention: Mention, unit: Unit, length: int) -> bool:
    is_empty = mention.start == mention.end and not unit.is_inclusive
    return is_empty and 0 <= mention.start <= length


def _place(ruler: Ruler, mention: Mention) -> tuple[int, int]:
    place = ruler.place(mention.start, mention.end)
    if place is None:
        length = len(ruler.text)
        raise out_of_range(mention.line, mention.start, mention.end, length)
    return place


def _check(text: str, span: Span, mention: Mention) -> Iterator[str]:
    found, said = text[span.start : span.end], mention.surface
    if said is None or said == found:
        return
    shown: dict[str, str | int] = {"found": excerpt(found), "said": excerpt(said)}
    shown |= {"start": span.start, "end": span.end}
    if not is_alike(found, said):
        sentence = _t("At [{start}, {end}) the text says “{found}”, not “{said}”.")
        raise FormatError(mention.line, sentence.format(**shown))
    sentence = _t(
        "At [{start}, {end}) the file says “{said}”, which has other white space than "
        "the text's “{found}”; the offsets were kept."
    )
    yield sentence.format(**shown)


def _renamed(before: str, after: str) -> str:
    sentence = _t("The label “{before}” is not one word; it became “{after}”.")
    return sentence.format(before=excerpt(before), after=excerpt(after))


def _left_out(mention: Mention) -> str:
    sentence = _t("“{label}” at [{start}, {end}) marks no character and was left out.")
    return sentence.format(
        label=excerpt(mention.label), start=mention.start, end=mention.end
    )


def _dropped(text: str, kept: list[Span], dropped: list[Span]) -> Iterator[str]:
    """A note for each span that overlaps a kept one, both in the text's order."""
    reached = 0
    for span in dropped:
        while kept[reached].end <= span.start:
            reached += 1
        outer = kept[reached]
        sentence = _t(
            "{label} “{surface}” [{a}, {b}) was left out: it overlaps {outer_label} "
            "“{outer}” [{c}, {d})."
        )
        yield sentence.format(
            label=excerpt(span.label),
            surface=excerpt(text[span.start : span.end]),
            a=span.start,
            b=span.end,
            outer_label=excerpt(outer.label),
            outer=excerpt(text[outer.start : outer.end]),
            c=outer.start,
            d=outer.end,
        )
