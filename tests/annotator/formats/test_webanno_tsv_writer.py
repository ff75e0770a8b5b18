"""Written WebAnno TSV 3 against the format's published rules, without our reader.

The rules are those of INCEpTION's user guide and of what its importer does with a
file: it puts sentences one behind the other, where the first token's offset says.
"""

import io
import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings

from annotator.formats import Loss, Record
from modeling.spans import Span
from modeling.tokens import Token, tokenize
from tests.annotator.formats.records import any_records
from tests.annotator.formats.test_round_trips import (
    expected,
    expected_text,
    of,
    written,
)

PEERS = os.environ.get("MARGINALIA_PEER_FORMATS", "")
LAYER = re.compile(r"#T_(SP|CH|RL)=([\w.]+)((?:\|[\w.:]*)+)")
UNIT = re.compile(r"([1-9]\d*)-([1-9]\d*)(?:\.([1-9]\d*))?")
OFFSETS = re.compile(r"(0|[1-9]\d*)-(0|[1-9]\d*)")
# A value holds reserved characters behind a backslash only; “->” counts as one.
VALUE = re.compile(
    r"((?:\\->|\\[\\\[\]|_;*tn]|(?!->)[^\\\[\]|_;*\t])+)(?:\[([1-9]\d*)\])?"
)
STACKED = re.compile(r"(?<!\\)\|")
ESCAPE = re.compile(r"\\(->|.)")
CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "b": "\b"}


@dataclass
class Row:
    numbers: tuple[int, int, int]  # sentence, token, part of a token or 0
    start: int
    end: int
    surface: str
    cells: list[str]


@dataclass
class Sentence:
    lines: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


def parse(content: str) -> tuple[list[str], list[Sentence]]:
    """The names of the columns, and the sentences.

    What breaks a rule of the header, of numbers or of offsets fails here.
    """
    head, *blocks = content.split("\n\n")
    version, *layers = head.split("\n")
    assert version == "#FORMAT=WebAnno TSV 3.3"
    kinds, columns = [], []
    for line in layers:
        layer = LAYER.fullmatch(line)
        assert layer, line
        kinds.append(layer[1])
        columns += layer[3][1:].split("|")
    assert kinds == sorted(kinds, key=["SP", "CH", "RL"].index)
    assert blocks and blocks[0].startswith("\n")  # two empty lines behind the header
    assert content.endswith("\n") and not content.endswith("\n\n")
    blocks = [blocks[0][1:], *blocks[1:]]
    blocks[-1] = blocks[-1].removesuffix("\n")
    sentences = [_sentence(block.split("\n"), len(columns)) for block in blocks]
    _check_numbers(sentences)
    _check_offsets(sentences)
    return columns, sentences


def _sentence(lines: list[str], columns: int) -> Sentence:
    sentence = Sentence()
    for line in lines:
        if line.startswith("#"):
            assert not sentence.rows, line
            if not line.startswith("#Sentence.id="):
                assert line.startswith("#Text="), line
                sentence.lines.append(unescape(line.removeprefix("#Text=")))
            continue
        place, offsets, surface, *cells, end = line.split("\t")
        assert (len(cells), end) == (columns, ""), line
        numbers, bounds = UNIT.fullmatch(place), OFFSETS.fullmatch(offsets)
        assert numbers and bounds, line
        first, second, third = (int(number or 0) for number in numbers.groups())
        start, stop = map(int, bounds.groups())
        sentence.rows.append(Row((first, second, third), start, stop, surface, cells))
    assert sentence.lines and sentence.rows
    return sentence


def _check_numbers(sentences: Sequence[Sentence]) -> None:
    """Sentences, tokens and parts of tokens count from 1, without a gap."""
    for number, sentence in enumerate(sentences, 1):
        token = part = 0
        for row in sentence.rows:
            token, part = (token, part + 1) if row.numbers[2] else (token + 1, 0)
            assert row.numbers == (number, token, part)


def _check_offsets(sentences: Sequence[Sentence]) -> None:
    """Tokens follow one another; parts lie inside of theirs."""
    reached = 0
    token = Row((0, 0, 0), 0, 0, "", [])
    for row in (row for sentence in sentences for row in sentence.rows):
        if row.numbers[2]:
            assert token.start <= row.start <= row.end <= token.end
            continue
        assert reached <= row.start < row.end
        token, reached = row, row.end


def unescape(text: str) -> str:
    return ESCAPE.sub(lambda found: CONTROLS.get(found[1], found[1]), text)


def text_of(sentences: Sequence[Sentence]) -> str:
    """The document as INCEpTION puts it together, less the line break at its end."""
    units = b""
    for sentence in sentences:
        first = sentence.rows[0].start * 2
        if len(units) > first:  # no place for the line break behind the sentence before
            assert units[first:] == "\n".encode("utf-16-le")
            units = units[:first]
        units += " ".encode("utf-16-le") * ((first - len(units)) // 2)
        units += "".join(f"{line}\n" for line in sentence.lines).encode("utf-16-le")
    return units.decode("utf-16-le").removesuffix("\n")


def spans_of(columns: list[str], sentences: Sequence[Sentence]) -> Iterator[Span]:
    """The spans of the one layer, in UTF-16 units; numbers tell them apart.

    A span has a number where it is in several rows or stacked, and else none.
    """
    assert columns in ([], ["identifier", "value"])
    pieces: dict[str, list[Span]] = {}
    stacked: set[str] = set()
    for row in (row for sentence in sentences for row in sentence.rows):
        if not columns or row.cells == ["_", "_"]:
            continue
        identifiers, values = (STACKED.split(cell) for cell in row.cells)
        for identifier, value in zip(identifiers, values, strict=True):
            found = VALUE.fullmatch(value)
            assert found, value
            piece, number = Span(row.start, row.end, unescape(found[1])), found[2]
            assert identifier == (f"*[{number}]" if number else "*")
            if number:
                pieces.setdefault(number, []).append(piece)
                stacked |= {number} if len(values) > 1 else set()
            else:
                assert len(values) == 1
                yield piece
    for number, found_pieces in pieces.items():
        assert len(found_pieces) > 1 or number in stacked
        (label,) = {piece.label for piece in found_pieces}
        yield Span(found_pieces[0].start, found_pieces[-1].end, label)


def points(text: str, start: int, end: int) -> tuple[int, int]:
    """UTF-16 units as code points."""
    units = text.encode("utf-16-le")
    before, inside = units[: 2 * start], units[2 * start : 2 * end]
    first = len(before.decode("utf-16-le"))
    return first, first + len(inside.decode("utf-16-le"))


def tokens_of(record: Record, losses: list[Loss]) -> list[Token] | None:
    """The tokens that are in the file, None where a loss says that they changed."""
    if of(losses, record, "token"):
        return None
    return tokenize(record.text) if record.tokens is None else list(record.tokens)


@settings(deadline=None, max_examples=150)
@given(any_records)
def test_every_document_keeps_to_the_published_rules(records: list[Record]) -> None:
    data, losses = written(records, "webanno-tsv")
    kept = [record for record in records if not of(losses, record, "empty")]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        contents = [archive.read(name).decode() for name in archive.namelist()]
    for record, content in zip(kept, contents, strict=True):
        columns, sentences = parse(content)
        text = text_of(sentences)
        assert text == expected_text(record, losses, "webanno-tsv")
        assert bool(columns) == record.is_annotated
        rows = [row for sentence in sentences for row in sentence.rows]
        for row in rows:
            start, end = points(text, row.start, row.end)
            assert unescape(row.surface) == text[start:end]
        tokens = [points(text, r.start, r.end) for r in rows if not r.numbers[2]]
        assert tokens_of(record, losses) in (None, tokens)
        spans = [
            Span(*points(text, span.start, span.end), span.label)
            for span in spans_of(columns, sentences)
        ]
        assert sorted(spans) == sorted(expected(record, losses))


@pytest.mark.parametrize(
    "label", ["A->B", "a|b", "x[1]", "[2]", "_", "*", "x\\", ";", "\\t", "->1-2"]
)
def test_a_label_of_reserved_characters_is_escaped(label: str) -> None:
    spans = Span(0, 3, label), Span(0, 7, label), Span(8, 9, label)
    data, losses = written([Record("Ann Bob C", spans, True)], "webanno-tsv")
    assert losses == []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (name,) = archive.namelist()
        found = spans_of(*parse(archive.read(name).decode()))
    assert sorted(found) == sorted(spans)


def test_white_space_before_the_first_token_shifts_nothing() -> None:
    record = Record("\n\t Ann\n\nBob", (Span(3, 6, "PER"),), True)
    data, losses = written([record], "webanno-tsv")
    assert [(loss.kind, loss.became) for loss in losses] == [("character", (0, 3))]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (name,) = archive.namelist()
        content = archive.read(name).decode()
    assert "\n\n#Text=Ann\n#Text=\n#Text=\n1-1\t3-6\tAnn\t*\tPER\t\n\n" in content
    assert text_of(parse(content)[1]) == "   Ann\n\nBob"


@pytest.mark.skipif(not PEERS, reason="MARGINALIA_PEER_FORMATS names no folder")
def test_inceptions_own_files_keep_to_the_same_rules() -> None:
    suite = Path(PEERS, "webanno_tsv/inception/tsv3-suite")
    paths = sorted(suite.glob("*/reference.tsv"))
    assert len(paths) == 75
    for path in paths:
        columns, sentences = parse(path.read_text(encoding="utf-8"))
        text = text_of(sentences)
        for sentence in sentences:
            for row in sentence.rows:
                start, end = points(text, row.start, row.end)
                assert row.surface == text[start:end], path.parent.name
        assert columns or not any(r.cells for s in sentences for r in s.rows)
