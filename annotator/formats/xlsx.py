"""Excel: a document a row of the first sheet that holds something."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _t
from lxml.etree import LxmlError
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook import Workbook

from annotator.formats import members
from annotator.formats.errors import MIB
from annotator.formats.records import Format, Record
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import LARGEST_WHOLE, FormatError, Source
from annotator.formats.tables import Row, describe_columns, records

LARGEST_UNPACKED = 512 * MIB
SHEET = re.compile(r"/?xl/worksheets/")  # read row by row; the rest is read at once
WORKBOOK = "xl/workbook.xml"
# What openpyxl lets out when a workbook is not as it should be.
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, EOFError, ParseError, LxmlError),
    *(InvalidFileException, ValueError, KeyError, TypeError, AttributeError),
    *(IndexError, OverflowError, RuntimeError, NotImplementedError, OSError),
)


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    with _opened(source) as workbook:
        sheets = _sheets(workbook)
        others = ", ".join(title for title, _rows in islice(sheets, 1, None))
        found = next(_sheets(workbook), None)
        items = records(found[1], options) if found else iter(())
        for item in items:
            if others and isinstance(item, Record):
                sentence = _t("Not kept: the other sheets {sheets}.")
                item = replace(item, notes=(sentence.format(sheets=others),))
                others = ""
            yield item


@contextmanager
def _opened(source: Source) -> Iterator[Workbook]:
    _check_size(source)
    try:
        with source.path.open("rb") as file:
            workbook = load_workbook(file, read_only=True, data_only=True)
            yield workbook
            workbook.close()
    except FormatError:
        raise
    except BROKEN as error:
        sentence = _t("This is not a workbook that can be read: {why}.")
        why = str(error).rstrip(".") or type(error).__name__
        raise FormatError(1, sentence.format(why=why[:200])) from error


def _check_size(source: Source) -> None:
    try:
        with zipfile.ZipFile(source.path) as archive:
            entries = archive.infolist()
    except BROKEN as error:
        sentence = _t("This is not a workbook that can be read: {why}.")
        raise FormatError(1, sentence.format(why=error)) from error
    if len(entries) > members.MOST_MEMBERS:
        raise members.too_many()
    for entry in entries:
        members.check_packing(entry)
    whole = sum(e.file_size for e in entries if not SHEET.match(e.filename))
    if whole > LARGEST_WHOLE:
        sentence = _t("All but the sheets unpacks to more than {limit} MiB: refused.")
        raise FormatError(1, sentence.format(limit=LARGEST_WHOLE // MIB))
    has_bomb = any(members.is_bomb(entry) for entry in entries)
    limit = members.SMALL if has_bomb else LARGEST_UNPACKED
    if has_bomb or sum(entry.file_size for entry in entries) > limit:
        sentence = _t("The workbook unpacks to more than {limit} MiB: refused.")
        raise FormatError(1, sentence.format(limit=limit // MIB))


def _sheets(workbook: Workbook) -> Iterator[tuple[str, Iterator[Row]]]:
    """The sheets that hold something, each with its rows."""
    for sheet in workbook.worksheets:
        sheet.reset_dimensions()  # what the file says of its size need not be true
        values = enumerate(sheet.iter_rows(values_only=True), 1)
        rows = (Row(number, cells) for number, cells in values)
        first = next((row for row in rows if not row.is_empty), None)
        if first is not None:
            yield sheet.title, _with(first, rows)


def _with(first: Row, rest: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rest


def recognises(source: Source) -> bool:
    if source.suffix in FORMAT.suffixes:
        return True
    if not source.is_collection or source.path.is_dir():
        return False
    return WORKBOOK in members.names(source.path, source.shown_name)


def describe(source: Source, stated: str = "") -> dict[str, str]:
    """The first row, for the person to choose the text's column."""
    with _opened(source) as workbook:
        for title, rows in _sheets(workbook):
            return {"sheet": title} | describe_columns(rows, stated)
    return {}


FORMAT = Format(
    name="xlsx",
    suffixes=(".xlsx", ".xlsm"),
    recognises=recognises,
    read=read,
    describe=describe,
    describe_stated=describe,
    is_binary=True,
    takes_collections=True,
    is_zip=True,
)
