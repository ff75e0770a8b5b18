"""Reading a file that a test wrote a moment ago."""

from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.formats import (
    FORMATS,
    FormatError,
    ReadOptions,
    Record,
    Source,
    find_format,
    read,
)

Read = Callable[..., list[Record | FormatError]]


@pytest.fixture
def read_file(tmp_path: Path) -> Read:
    """Write content to a file and read it with the format it is recognised as."""

    def read_content(
        content: str | bytes,
        format: str = "auto",
        name: str = "file.txt",
        document: str = "sentence",
        joiner: str = " ",
    ) -> list[Record | FormatError]:
        path = tmp_path / name
        data = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(data)
        source = Source(path)
        chosen = FORMATS[format] if format != "auto" else find_format(source)
        return list(read(source, chosen, ReadOptions(document, joiner)))

    return read_content


def good(items: list[Record | FormatError]) -> list[Record]:
    assert all(isinstance(item, Record) for item in items), items
    return [item for item in items if isinstance(item, Record)]


def refusals(items: list[Record | FormatError]) -> list[str]:
    return [str(item) for item in items if isinstance(item, FormatError)]


def mentions(record: Record) -> list[tuple[str, str]]:
    return [(record.text[s.start : s.end], s.label) for s in record.spans]


def words(record: Record) -> list[str]:
    return [record.text[start:end] for start, end in record.tokens or ()]
