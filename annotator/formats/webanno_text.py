"""The text of a WebAnno TSV file: sentences put where the offsets of tokens say."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _t

from annotator.formats.offsets import CODE_POINTS, UTF_16, Ruler, Unit, repaired
from annotator.formats.records import check_size, excerpt
from annotator.formats.source import LONGEST_LINE, FormatError
from annotator.formats.webanno_layers import unescape


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    is_token: bool  # or a part of one
    start: int  # in the file's units
    end: int
    surface: str
    cells: list[str]


@dataclass(slots=True)
class Sentence:
    texts: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


@dataclass(frozen=True, slots=True)
class PlacedText:
    text: str
    ruler: Ruler

    def index(self, line: int, offset: int) -> int:
        found = self.ruler.at(offset)
        if found is None:
            message = _t("{offset} is not the offset of a character of the text.")
            raise FormatError(line, message.format(offset=offset))
        return found


def place(sentences: list[Sentence]) -> tuple[PlacedText, list[str]]:
    """The text in which all tokens are found, and a note if their unit is not UTF-16.

    Raises:
        FormatError: some token is not where the file says, in either unit.
    """
    try:
        return _place(sentences, UTF_16), []
    except FormatError as error:
        rows = sum(len(sentence.rows) for sentence in sentences)
        try:
            return _place(sentences, CODE_POINTS), repaired(CODE_POINTS, rows, UTF_16)
        except FormatError:
            raise error from None


def _place(sentences: list[Sentence], unit: Unit) -> PlacedText:
    pieces: list[str] = []
    position = size = 0
    for sentence in sentences:
        text, first = sentence.text, sentence.rows[0]
        # Spaces and controls are one unit each, whatever is counted.
        start = first.start - (len(text) - len(text.lstrip()))
        if not position <= start <= position + LONGEST_LINE:
            message = _t(
                "“{token}” cannot begin at {start}: the text before it ends at {end}."
            )
            token = excerpt(first.surface)
            raise FormatError(
                first.line, message.format(token=token, start=start, end=position)
            )
        size += start - position + len(text)
        check_size(first.line, size)
        pieces += [("\n" if pieces else " ") * (start - position), text]
        position = start + len(text)
        if unit == UTF_16:
            position += sum(character > "\uffff" for character in text)
    whole = "".join(pieces)
    placed = PlacedText(whole, Ruler(whole, unit))
    _check(placed, (row for sentence in sentences for row in sentence.rows))
    return placed


def _check(placed: PlacedText, rows: Iterable[Row]) -> None:
    for row in rows:
        start = placed.index(row.line, row.start)
        end = placed.index(row.line, row.end)
        found = placed.text[start:end]
        if found not in (row.surface, unescape(row.surface)):
            message = _t("At [{start}, {end}) the text says “{found}”, not “{said}”.")
            raise FormatError(
                row.line,
                message.format(
                    start=row.start,
                    end=row.end,
                    found=excerpt(found),
                    said=excerpt(row.surface),
                ),
            )
