"""CSV and TSV: a document a row, its text in one column, the others as metadata."""

import csv
from collections.abc import Iterator

from django.utils.translation import gettext as _t

from annotator.formats.records import Format, Record
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import LONGEST_LINE, FormatError, Line, Source
from annotator.formats.tables import Row, describe_columns, records

DELIMITERS = ",;\t|"


class Lines(Iterator[str]):
    """The lines of a file for the csv module, which goes on after a bad one.

    It gets a guess at a bad line, since a cell may go on behind it, and the row is
    not taken: ``error`` says why.
    """

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self.number = 0
        self.error: FormatError | None = None

    def __next__(self) -> str:
        line = next(self._lines)
        self.number = line.number
        self.error = self.error or line.error
        return line.guess if line.error else line.raw


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    return records(_rows(source), options)


def _rows(source: Source) -> Iterator[Row | FormatError]:
    csv.field_size_limit(LONGEST_LINE)
    lines = Lines(source.lines())
    reader = csv.reader(lines, delimiter=_delimiter(source), strict=True)
    while True:
        number, lines.error = lines.number + 1, None
        try:
            row = Row(number, next(reader))
            yield lines.error or row
        except StopIteration:
            return
        except csv.Error as error:
            sentence = _t("The row that begins here is not CSV: {why}.")
            yield lines.error or FormatError(number, sentence.format(why=error))
        except FormatError as error:
            yield error


def _delimiter(source: Source) -> str:
    """The one that cuts the first line into most columns."""
    first = next((line.text for line in source.head(100) if line.text.strip()), "")
    if source.suffix == ".tsv":
        return "\t"
    unquoted = "".join(first.split('"')[::2])
    return max(DELIMITERS, key=unquoted.count)


def recognises(source: Source) -> bool:
    """Only a file that calls itself a table: every text could be one."""
    return source.suffix in FORMAT.suffixes


def describe(source: Source, stated: str = "") -> dict[str, str]:
    """The delimiter and the first row, for the person to choose the text's column."""
    delimiter = _delimiter(source)
    shown = {"delimiter": "TAB" if delimiter == "\t" else delimiter}
    return shown | describe_columns(_rows(source), stated)


FORMAT = Format(
    name="table",
    suffixes=(".csv", ".tsv"),
    recognises=recognises,
    read=read,
    describe=describe,
    describe_stated=describe,
)
