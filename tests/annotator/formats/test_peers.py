"""Real files of other tools: what each gives, or why it is refused, from a table.

The files are not ours; they are read where MARGINALIA_PEER_FORMATS says they are.
"""

import csv
import os
from collections import Counter
from pathlib import Path

import pytest

from annotator.formats import (
    FormatError,
    ReadOptions,
    Record,
    Source,
    find_format,
    read,
)

PEERS = os.environ.get("MARGINALIA_PEER_FORMATS", "")
CORPORA = os.environ.get("MARGINALIA_CORPORA", "")
TABLE = Path(__file__).parents[2] / "data" / "peer_formats.tsv"
NOT_DATA = ("LICENSE", "SOURCE.md")


def rows() -> list[tuple[str, list[str]]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        _head, *lines = csv.reader(file, delimiter="\t")
    return [(name, expected) for name, *expected in lines]


def outcome(path: Path) -> list[str]:
    """The cells of the table: format, counts, and the first refusal."""
    source = Source(path)
    try:
        format = find_format(source)
    except FormatError as error:
        return ["–", *"000001", str(error)[:60]]
    items = list(read(source, format, ReadOptions()))
    found = [item for item in items if isinstance(item, Record)]
    refused = [str(item) for item in items if isinstance(item, FormatError)]
    counts = (
        len(found),
        sum(record.is_annotated for record in found),
        sum(len(record.spans) for record in found),
        sum(len(record.suggestions) for record in found),
        sum("left out" in note for record in found for note in record.notes),
        len(refused),
    )
    return [format.name, *map(str, counts), "".join(refused[:1])]


@pytest.mark.skipif(not PEERS, reason="MARGINALIA_PEER_FORMATS names no folder")
@pytest.mark.parametrize(("name", "expected"), rows() if PEERS else [])
def test_a_real_file_gives_what_the_table_says(name: str, expected: list[str]) -> None:
    assert outcome(Path(PEERS, name)) == expected


@pytest.mark.skipif(not PEERS, reason="MARGINALIA_PEER_FORMATS names no folder")
def test_every_real_file_is_in_the_table() -> None:
    files = (path for path in Path(PEERS).rglob("*") if path.is_file())
    names = {
        path.relative_to(PEERS).as_posix()
        for path in files
        if not path.name.startswith(NOT_DATA)
    }
    assert names == {name for name, _expected in rows()}


def documents(path: Path) -> list[Record]:
    source = Source(path)
    items = list(read(source, find_format(source), ReadOptions()))
    assert all(isinstance(item, Record) for item in items)
    return [item for item in items if isinstance(item, Record)]


def mentions(records: list[Record]) -> Counter[str]:
    """What is marked, without white space: the formats have it in other places."""
    return Counter(
        "".join(record.text[span.start : span.end].split())
        for record in records
        for span in record.spans
    )


@pytest.mark.skipif(not CORPORA, reason="MARGINALIA_CORPORA names no folder")
@pytest.mark.parametrize(
    ("split", "count", "widened"),
    [("devel", 787, 0), ("test", 960, 0), ("train", 5145, 2)],
)
def test_ncbi_disease_is_the_same_from_conll_brat_and_pubtator(
    split: str, count: int, widened: int
) -> None:
    folder = Path(CORPORA, "ncbi_disease")
    brat = documents(folder / "brat" / split)
    (file,) = (folder / "original_pubtator").glob(f"NCBI{split[:3]}*")
    pubtator = documents(file)
    columns = documents(folder / "conll" / f"{split}.tsv")
    for records in (brat, pubtator, columns):
        assert sum(len(record.spans) for record in records) == count
    # One article is twice in the corpus, under the same number.
    by_text = {record.text.rstrip(): record.spans for record in pubtator}
    assert by_text == {record.text.rstrip(): record.spans for record in brat}
    # Columns cannot end a mention inside a token, as two of brat's do.
    missing = mentions(brat) - mentions(columns)
    assert missing.total() == widened
    assert all(any(m in found for found in mentions(columns)) for m in missing)
