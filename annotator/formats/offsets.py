"""What a file's offsets count: found by comparing surfaces, then made code points."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import eq
from typing import NamedTuple

from django.utils.translation import gettext as _t


class Claim(NamedTuple):
    """Where a file says a span is, in its unit, and which text it says is there."""

    start: int
    end: int
    surface: str | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    name: str  # shown to a person
    bytes_of: str  # the encoding that is counted; empty for code points
    size: int = 1  # bytes a unit
    is_inclusive: bool = False  # the end is the last character, not behind it


CODE_POINTS = Unit("code points", "")
UTF_16 = Unit("UTF-16 units", "utf-16-le", 2)
UTF_8 = Unit("UTF-8 bytes", "utf-8")
HALF_OPEN = (CODE_POINTS, UTF_16, UTF_8)
INCLUSIVE = tuple(
    Unit(f"{unit.name}, ends inclusive", unit.bytes_of, unit.size, True)
    for unit in HALF_OPEN
)
UNITS = (*HALF_OPEN, *INCLUSIVE)

Same = Callable[[str, str], bool]


class Ruler:
    """The code points at the offsets of one text in one unit."""

    def __init__(self, text: str, unit: Unit) -> None:
        self.text = text
        self.unit = unit
        self._points = None if _is_plain(text, unit) else _points(text, unit)

    def place(self, start: int, end: int) -> tuple[int, int] | None:
        """Half-open code points; None outside the text or inside a character."""
        first, last = self.at(start), self.at(end)
        if last is not None and self.unit.is_inclusive:
            last += 1
        if first is None or last is None or not first < last <= len(self.text):
            return None
        return first, last

    def find(self, claim: Claim, same: Same = eq) -> tuple[int, int] | None:
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
) -> Unit:
    """The unit under which most surfaces of a file are where they are said to be.

    Give all texts of a file at once where they fit in memory: the more surfaces, the
    surer. A claim without a surface says nothing.

    Args:
        texts: Each text with its claims.
        usual: What the format promises; taken unless another unit fits better.
        same: Whether the text found is the surface, where a format changes some
            characters of it.
    """
    fits = dict.fromkeys(sorted(UNITS, key=lambda unit: unit != usual), 0)
    for text, claims in texts:
        telling = [claim for claim in claims if claim.surface is not None]
        if not telling:
            continue
        # In ASCII all units count the same, only the ends may differ.
        kinds = (HALF_OPEN, INCLUSIVE) if text.isascii() else [(u,) for u in UNITS]
        for alike in kinds:
            ruler = Ruler(text, alike[0])
            found = sum(1 for claim in telling if ruler.find(claim, same))
            for unit in alike:
                fits[unit] += found
            if len(alike) > 1 and found == len(telling):
                break
    return max(fits, key=lambda unit: fits[unit])


def offsets_of(text: str, unit: Unit) -> Sequence[int]:
    """The half-open unit's offset of every code point, and of the end."""
    return range(len(text) + 1) if _is_plain(text, unit) else list(_points(text, unit))


def repaired(unit: Unit, count: int, usual: Unit = CODE_POINTS) -> list[str]:
    """The note that a unit other than the usual was found, where it was."""
    if unit == usual or not count:
        return []
    sentence = _t("The offsets count {unit}, not {usual}: {count} were converted.")
    return [sentence.format(unit=unit.name, usual=usual.name, count=count)]


def _is_plain(text: str, unit: Unit) -> bool:
    if not unit.bytes_of or text.isascii():
        return True
    return unit.bytes_of == UTF_16.bytes_of and max(text) <= "\uffff"


def _points(text: str, unit: Unit) -> dict[int, int]:
    points, position = {}, 0
    for index, character in enumerate(text):
        points[position] = index
        encoded = character.encode(unit.bytes_of, "surrogatepass")
        position += len(encoded) // unit.size
    points[position] = len(text)
    return points
