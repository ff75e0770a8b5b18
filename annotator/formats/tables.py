"""Rows of a table as documents: one column is the text, the others are metadata."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext as _t

from annotator.formats.records import ReadOptions, Record, excerpt
from annotator.formats.source import FormatError

TEXT_HEADINGS = {"text", "sentence", "content", "body", "document", "column_data"}
ID_HEADING = "id"


class Row(NamedTuple):
    number: int  # of its first line in the file, or in the sheet
    cells: Sequence[Any]

    @property
    def is_empty(self) -> bool:
        return all(cell in (None, "") for cell in self.cells)


class Layout(NamedTuple):
    headings: list[str]
    text: int  # column
    has_headings: bool  # else the first row is a document too


def describe_columns(
    rows: Iterable[Row | FormatError], stated: str = ""
) -> dict[str, str]:
    """The first row, and which column of it a person calls the text."""
    for row in rows:
        if isinstance(row, Row) and not row.is_empty:
            shown = ", ".join(_shown(cell).strip() for cell in row.cells)
            described = {"columns": excerpt(shown, limit=200)}
            if stated:
                column = _t("text in {column}").format(column=excerpt(stated))
                described["text"] = column
            return described
    return {}


def find_layout(first: Row, options: ReadOptions) -> Layout:
    """Which column holds the text: the one chosen, or the one that says so.

    Raises:
        FormatError: none does, or several do; then a person has to choose.
    """
    headings = [_shown(cell).strip() for cell in first.cells]
    while headings and not headings[-1]:
        headings.pop()
    repeated = next((h for h in headings if h and headings.count(h) > 1), None)
    if repeated:
        sentence = _t("The heading “{heading}” stands twice.")
        raise FormatError(first.number, sentence.format(heading=excerpt(repeated)))
    if options.text_column:
        return Layout(headings, _chosen(first.number, headings, options), True)
    named = [at for at, h in enumerate(headings) if h.lower() in TEXT_HEADINGS]
    if len(headings) == 1:
        return Layout(headings if named else [""], 0, bool(named))
    if len(named) == 1:
        return Layout(headings, named[0], True)
    sentence = _t("Choose the column that holds the text: {headings}.")
    shown = excerpt(", ".join(headings), limit=200)
    raise FormatError(first.number, sentence.format(headings=shown))


def _chosen(line: int, headings: list[str], options: ReadOptions) -> int:
    column = options.text_column
    if column in headings:
        return headings.index(column)
    if column.isascii() and column.isdecimal() and 0 < int(column[:9]) <= len(headings):
        return int(column[:9]) - 1
    sentence = _t("There is no column “{column}” among {headings}.")
    shown = excerpt(", ".join(headings), limit=200)
    message = sentence.format(column=excerpt(column), headings=shown)
    raise FormatError(line, message)


def records(
    rows: Iterable[Row | FormatError], options: ReadOptions
) -> Iterator[Record | FormatError]:
    """A document a row; rows without any value are no documents."""
    layout: Layout | None = None
    for row in rows:
        if isinstance(row, FormatError):
            yield row
            continue
        if row.is_empty:
            continue
        is_first = layout is None
        layout = layout or find_layout(row, options)
        if is_first and layout.has_headings:
            continue
        try:
            yield _record(row, layout)
        except FormatError as error:
            yield error


def _record(row: Row, layout: Layout) -> Record:
    metadata: dict[str, Any] = {}
    for at, cell in enumerate(row.cells):
        if at == layout.text or cell in (None, ""):
            continue
        heading = layout.headings[at] if at < len(layout.headings) else ""
        if not heading:
            sentence = _t("“{value}” is in column {column}, which has no heading.")
            message = sentence.format(value=excerpt(_shown(cell)), column=at + 1)
            raise FormatError(row.number, message)
        metadata[heading] = _as_json(cell)
    text = row.cells[layout.text] if layout.text < len(row.cells) else ""
    external_id = metadata.pop(ID_HEADING, "")
    return Record(
        text=_shown(text),
        metadata=metadata,
        external_id=_shown(external_id),
        line=row.number,
    )


def _as_json(cell: Any) -> Any:
    return cell if isinstance(cell, str | int | float | bool) else _shown(cell)


def _shown(cell: Any) -> str:
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta) or cell is not None:
        return str(cell)
    return ""
