"""The text of a BioC document: its passages arranged by their offsets."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _t

from annotator.formats.mentions import Mention, is_alike
from annotator.formats.offsets import (
    CODE_POINTS,
    HALF_OPEN,
    Claim,
    Ruler,
    Unit,
    repaired,
)
from annotator.formats.records import check_size, excerpt
from annotator.formats.source import FormatError


@dataclass(slots=True)
class Passage:
    """A passage or sentence with text; its mentions have the file's offsets."""

    offset: int
    text: str
    joiner: str  # what fills the gap before it
    mentions: list[Mention] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A text under one reading of the offsets, and where each passage begins."""

    text: str
    starts: tuple[int, ...]  # in the unit
    unit: Unit
    is_relative: bool  # mentions count from their own passage
    notes: tuple[str, ...] = ()

    def place(self, passages: list[Passage]) -> Iterator[tuple[Mention, Claim]]:
        shift = passages[0].offset if passages else 0
        for passage, start in zip(passages, self.starts, strict=True):
            base = start if self.is_relative else -shift
            for mention in passage.mentions:
                first, last = mention.start + base, mention.end + base
                yield mention, Claim(first, last, mention.surface)


def arrange(passages: list[Passage], line: int) -> tuple[str, list[Mention], list[str]]:
    """The text, the mentions in code points, and what had to be repaired.

    By the standard offsets count from the beginning of the document; real files also
    count bytes or UTF-16 units, or from the beginning of each passage. The reading is
    taken under which most mentions say what stands there.

    Raises:
        FormatError: a mention is nowhere, or the offsets make too long a text.
    """
    readings = list(_readings(passages, line))
    fits = [_fitting(reading, passages) for reading in readings]
    best = readings[fits.index(max(fits))]
    ruler = Ruler(best.text, best.unit)
    mentions = []
    for mention, claim in best.place(passages):
        place = ruler.place(claim.start, claim.end)
        if place is None:
            raise _nowhere(mention)
        mentions.append(replace(mention, start=place[0], end=place[1]))
    notes = [*best.notes, *repaired(best.unit, len(mentions))]
    if best.is_relative and any(passage.offset for passage in passages) and mentions:
        sentence = _t("Offsets count from their own passage: {count} were converted.")
        notes.append(sentence.format(count=len(mentions)))
    return best.text, mentions, notes


def _nowhere(mention: Mention) -> FormatError:
    sentence = _t("“{surface}” is not at [{start}, {end}), however that is counted.")
    shown = {"start": mention.start, "end": mention.end}
    surface = excerpt(mention.surface or mention.label)
    return FormatError(mention.line, sentence.format(surface=surface, **shown))


def _readings(passages: list[Passage], line: int) -> Iterator[Arrangement]:
    """Ways to understand the offsets, the standard's first."""
    arranged: list[tuple[Unit, tuple[str, tuple[int, ...]] | None]] = []
    too_long: FormatError | None = None
    for unit in HALF_OPEN:
        try:
            arranged.append((unit, _by_offsets(passages, unit, line)))
        except FormatError as error:
            too_long = error
    for is_relative in (False, True):
        for unit, found in arranged:
            if found is not None:
                yield Arrangement(*found, unit, is_relative)
    if all(found is None for _unit, found in arranged):
        if too_long:
            raise too_long
        yield _one_after_another(passages)


def _by_offsets(
    passages: list[Passage], unit: Unit, line: int
) -> tuple[str, tuple[int, ...]] | None:
    """The text with gaps filled, None where passages would overlap.

    Raises:
        FormatError: the text would be too long.
    """
    first = passages[0].offset if passages else 0
    pieces: list[str] = []
    starts, end, size = [], 0, 0
    for passage in passages:
        start = passage.offset - first
        if start < end:
            return None
        size += start - end + len(passage.text)
        check_size(line, size)
        pieces += [passage.joiner * (start - end), passage.text]
        starts.append(start)
        end = start + _length(passage.text, unit)
    return "".join(pieces), tuple(starts)


def _one_after_another(passages: list[Passage]) -> Arrangement:
    starts, end = [], 0
    for passage in passages:
        starts.append(end)
        end += len(passage.text) + 1
    text = "\n".join(passage.text for passage in passages)
    note = _t("The offsets of the passages overlap; they were joined by line breaks.")
    return Arrangement(text, tuple(starts), CODE_POINTS, True, (note,))


def _length(text: str, unit: Unit) -> int:
    if not unit.bytes_of:
        return len(text)
    return len(text.encode(unit.bytes_of, "surrogatepass")) // unit.size


def _fitting(reading: Arrangement, passages: list[Passage]) -> int:
    ruler = Ruler(reading.text, reading.unit)
    claims = (claim for _mention, claim in reading.place(passages))
    return sum(1 for claim in claims if ruler.find(claim, is_alike))
