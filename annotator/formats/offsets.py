"""What a file's offsets count: found by comparing surfaces, then made code points.

Without surfaces a reading is taken that cuts no word, or none.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import eq
from typing import NamedTuple

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_noop

from annotator.formats.records import excerpt
from annotator.formats.source import FormatError
from modeling.tokens import tokenize


class Claim(NamedTuple):
    """Where a file says a span is, in its unit, and which text it says is there."""

    start: int
    end: int
    surface: str | None = None
    line: int = 1


@dataclass(frozen=True, slots=True)
class Unit:
    name: str  # as a file may state it
    bytes_of: str  # the encoding that is counted; empty for code points
    size: int = 1  # bytes a unit
    is_inclusive: bool = False  # the end is the last character, not behind it

    @property
    def shown(self) -> str:
        """Its name in a sentence for a person."""
        name = _t(self.name)
        if self.is_inclusive:
            return _t("{unit}, ends inclusive").format(unit=name)
        return name


CODE_POINTS = Unit(gettext_noop("code points"), "")
UTF_16 = Unit(gettext_noop("UTF-16 units"), "utf-16-le", 2)
UTF_8 = Unit(gettext_noop("UTF-8 bytes"), "utf-8")
HALF_OPEN = (CODE_POINTS, UTF_16, UTF_8)
INCLUSIVE = tuple(replace(unit, is_inclusive=True) for unit in HALF_OPEN)
UNITS = (*HALF_OPEN, *INCLUSIVE)

Same = Callable[[str, str], bool]
Place = tuple[int, int] | None


class Found(NamedTuple):
    """The unit of a file's or a text's offsets, and those that nothing rules out."""

    unit: Unit
    rivals: tuple[Unit, ...] = HALF_OPEN


UNSAID = Found(CODE_POINTS)


class Ruler:
    """The code points at the offsets of one text in one unit."""

    def __init__(self, text: str, unit: Unit) -> None:
        self.text = text
        self.unit = unit
        self._points = None if is_plain(text, unit) else _points(text, unit)

    def place(self, start: int, end: int) -> Place:
        """Half-open code points; None outside the text or inside a character."""
        first, last = self.at(start), self.at(end)
        if last is not None and self.unit.is_inclusive:
            last += 1
        if first is None or last is None or not first < last <= len(self.text):
            return None
        return first, last

    def find(self, claim: Claim, same: Same = eq) -> Place:
        """The place of a claim, unless its surface says something else."""
        place = self.place(claim.start, claim.end)
        if place is None or claim.surface is None:
            return place
        return place if same(self.text[slice(*place)], claim.surface) else None

    def at(self, offset: int) -> int | None:
        """The code point that begins at an offset; None outside or inside of one."""
        if self._points is None:
            return offset if 0 <= offset <= len(self.text) else None
        return self._points.get(offset)


def detect(
    texts: Iterable[tuple[str, Sequence[Claim]]],
    usual: Unit = CODE_POINTS,
    same: Same = eq,
) -> Found:
    """The unit under which most surfaces of a file are where they are said to be.

    Of units that fit equally often the one wins under which more surfaces are there
    to the letter. Give all texts of a file at once where they fit in memory: the more
    surfaces, the surer. A claim without a surface says nothing.

    Args:
        texts: Each text with its claims.
        usual: What the format promises; taken unless another unit fits better.
        same: Whether the text found is the surface, where a format changes some
            characters of it.
    """
    # How many surfaces fit, and how many of them to the letter.
    fits = dict.fromkeys(sorted(UNITS, key=lambda unit: unit != usual), (0, 0))
    for text, claims in texts:
        telling = [claim for claim in claims if claim.surface is not None]
        if not telling:
            continue
        # In ASCII all units count the same, only the ends may differ.
        kinds = (HALF_OPEN, INCLUSIVE) if text.isascii() else [(u,) for u in UNITS]
        for alike in kinds:
            ruler = Ruler(text, alike[0])
            found = sum(1 for claim in telling if ruler.find(claim, same))
            exact = sum(1 for claim in telling if ruler.find(claim))
            for unit in alike:
                fits[unit] = (fits[unit][0] + found, fits[unit][1] + exact)
            if len(alike) > 1 and found == len(telling):
                break
    best = max(fits, key=lambda unit: fits[unit])
    return Found(best, tuple(u for u in _kin(best) if fits[u] == fits[best]))


class Settled(NamedTuple):
    """The unit of a text, and a note where that is no more than the usual one."""

    unit: Unit
    notes: tuple[str, ...] = ()


def settled(
    text: str, claims: Sequence[Claim], of_file: Found = UNSAID, same: Same = eq
) -> Settled:
    """The unit of one text: by its own surfaces, else by those of its whole file.

    Where neither says what is counted, and characters that the units count
    differently stand in the text, its spans are judged by the words that they cut.

    Raises:
        FormatError: only another unit than the usual one has spans on whole words.
    """
    own = detect([(text, claims)], of_file.unit, same)
    rivals = tuple(unit for unit in own.rivals if unit in of_file.rivals)
    notes = check_words(text, claims, Found(own.unit, rivals))
    is_same = own.unit in HALF_OPEN and is_plain(text, own.unit)
    return Settled(CODE_POINTS if is_same else own.unit, notes)


def check_words(text: str, claims: Sequence[Claim], found: Found) -> tuple[str, ...]:
    """Refuse spans that only another unit has on whole words, as nothing else tells.

    Only characters beyond U+FFFF give reason to doubt.

    Returns:
        A note where words do not tell either, and another unit has other spans.

    Raises:
        FormatError: with the first span that would be another one.
    """
    unsaid = [claim for claim in claims if claim.surface is None]
    others = [unit for unit in found.rivals if unit != found.unit]
    if not unsaid or not others or is_plain(text, UTF_16):
        return ()
    words = tokenize(text)
    starts, ends = {start for start, _ in words}, {end for _, end in words}

    def fit(places: Iterable[Place]) -> tuple[int, int]:
        """How many begin where a word does, and how many of these end so."""
        begun = [place for place in places if place and place[0] in starts]
        return len(begun), sum(place[1] in ends for place in begun)

    usual, is_open = Ruler(text, found.unit), False
    for unit in others:
        other = Ruler(text, unit)
        places = [(usual.find(claim), other.find(claim), claim) for claim in unsaid]
        differing = [(a, b, claim) for a, b, claim in places if a != b]
        ours, theirs = fit(a for a, _, _ in differing), fit(b for _, b, _ in differing)
        # A name in a word with an ending, as in Korean, still begins where a word does.
        if theirs[0] > ours[0] and theirs[1] > ours[1]:
            shifted = next(p for p in differing if fit([p[1]])[1] > fit([p[0]])[1])
            raise _doubtful(text, found.unit, unit, *shifted)
        is_read = any(b for _, b, _ in differing)
        is_open |= is_read and theirs[0] >= ours[0] and theirs[1] >= ours[1]
    if not is_open:
        return ()
    sentence = _t("Nothing says what the offsets count; they were read as {unit}.")
    return (sentence.format(unit=found.unit.shown),)


def _doubtful(
    text: str,
    unit: Unit,
    other: Unit,
    place: Place,
    other_place: Place,
    claim: Claim,
) -> FormatError:
    sentence = _t(
        "[{start}, {end}) is “{read}” if it counts {unit}, and “{other_read}” if it "
        "counts {other}: only the latter is made of whole words. Nothing in the file "
        "says which is meant; add the marked text to the spans."
    )
    message = sentence.format(
        start=claim.start,
        end=claim.end,
        read=excerpt(text[slice(*place)]) if place else "",
        unit=unit.shown,
        other_read=excerpt(text[slice(*other_place)]) if other_place else "",
        other=other.shown,
    )
    return FormatError(claim.line, message)


def _kin(unit: Unit) -> tuple[Unit, ...]:
    """All units whose ends mean the same."""
    return INCLUSIVE if unit.is_inclusive else HALF_OPEN


def offsets_of(text: str, unit: Unit) -> Sequence[int]:
    """The half-open unit's offset of every code point, and of the end."""
    return range(len(text) + 1) if is_plain(text, unit) else list(_points(text, unit))


def repaired(unit: Unit, count: int, usual: Unit = CODE_POINTS) -> list[str]:
    """The note that a unit other than the usual was found, where it was."""
    if unit == usual or not count:
        return []
    sentence = _t("The offsets count {unit}, not {usual}: {count} were converted.")
    return [sentence.format(unit=unit.shown, usual=usual.shown, count=count)]


def is_plain(text: str, unit: Unit) -> bool:
    """Whether every character of a text is one of the unit."""
    if not unit.bytes_of or text.isascii():
        return True
    if unit.bytes_of != UTF_16.bytes_of:
        return False
    return len(text.encode(UTF_16.bytes_of, "surrogatepass")) == 2 * len(text)


def _points(text: str, unit: Unit) -> dict[int, int]:
    points, position = {}, 0
    for index, character in enumerate(text):
        points[position] = index
        encoded = character.encode(unit.bytes_of, "surrogatepass")
        position += len(encoded) // unit.size
    points[position] = len(text)
    return points
