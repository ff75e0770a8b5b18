"""brat: pairs of files, in folders and zips, and a note for all that is no span."""

import io
import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.formats import (
    FORMATS,
    FormatError,
    ReadOptions,
    Record,
    Source,
    WriteOptions,
    find_format,
    read,
)
from annotator.formats.brat_writer import write
from modeling.spans import Span, outermost

PEERS = os.environ.get("MARGINALIA_PEER_FORMATS", "")
ReadFolder = Callable[..., list[Record | FormatError]]


def read_all(path: Path) -> list[Record | FormatError]:
    source = Source(path)
    assert find_format(source).name == "brat"
    return list(read(source, FORMATS["brat"], ReadOptions()))


@pytest.fixture
def read_folder(tmp_path: Path) -> ReadFolder:
    def read_files(**files: str) -> list[Record | FormatError]:
        for name, content in files.items():
            path = tmp_path / name.replace("_", ".")
            path.write_text(content, newline="")
        return read_all(tmp_path)

    return read_files


def test_a_text_and_its_annotations_are_one_document(read_folder: ReadFolder) -> None:
    (record,) = read_folder(
        a_txt="Ada met\nBo.\n", a_ann="T1\tPER 0 3\tAda\nT2\tX 4 10\tmet Bo\n"
    )
    assert isinstance(record, Record)
    assert record.spans == (Span(0, 3, "PER"), Span(4, 10, "X"))
    assert (record.external_id, record.notes) == ("a", ())


def test_a_tab_in_the_covered_text_belongs_to_it(read_folder: ReadFolder) -> None:
    (record,) = read_folder(a_txt="5\tml x", a_ann="T1\tDOSE 0 4\t5\tml\n")
    assert isinstance(record, Record)
    assert (record.spans, record.notes) == ((Span(0, 4, "DOSE"),), ())


def test_lines_that_mark_no_text_are_counted_in_a_note(read_folder: ReadFolder) -> None:
    lines = [
        *("T1\tPER 0 3\tAda", "E1\tMeet:T1", "R1\tof Arg1:T1 Arg2:T1", "A1\tOld T1"),
        *("N1\tReference T1 W:1\tAda", "#1\tNote T1\tx", "*\tEquiv T1 T1"),
    ]
    (record,) = read_folder(a_txt="Ada", a_ann="\n".join(lines), README="x")
    assert isinstance(record, Record)
    assert record.notes == (
        "Not read: README.",
        "a: Not kept: 1 events (E), 1 relations (R), 1 attributes (A), "
        "1 normalisations (N), 1 comments (#), 1 equivalences (*).",
    )


def test_a_span_in_pieces_is_left_out_and_named(read_folder: ReadFolder) -> None:
    (record,) = read_folder(a_txt="a b c", a_ann="T1\tX 0 1;4 5\ta c\n")
    assert isinstance(record, Record)
    assert record.spans == ()
    assert record.notes == (
        "a.ann, line 1: T1 X “a c” is in 2 pieces and was left out: [0, 1), [4, 5).",
    )


def test_an_empty_annotation_file_is_an_answer_and_none_is_not(
    read_folder: ReadFolder,
) -> None:
    first, second = read_folder(a_txt="a", a_ann="", b_txt="b")
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert (first.is_annotated, second.is_annotated) == (True, False)
    assert first.notes == ("a has an empty annotation file: no spans is its answer.",)


def test_every_bad_line_is_named_with_its_file(read_folder: ReadFolder) -> None:
    items = read_folder(
        a_txt="Ada",
        a_ann="T1 PER 0 3 Ada\nT2\tPER 0\tAda\n",
        b_txt="Bo",
        b_ann="T1\tPER 0 2\tEve\n",
        c_ann="",
    )
    assert [str(item) for item in items] == [
        "line 1: a.ann: “T1 PER 0 3 Ada” is no line of brat's, such as T1, TAB, "
        "PER 0 4.",
        "line 2: a.ann: “PER 0” is not a label, a start and an end.",
        "line 1: b.ann: At [0, 2) the text says “Bo”, not “Eve”.",
        "line 1: c.ann has no text: c.txt is missing.",
    ]


def test_a_single_annotation_file_takes_the_text_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ada")
    (tmp_path / "a.ann").write_text("T1\tPER 0 3\tAda\n")
    (record,) = read_all(tmp_path / "a.ann")
    assert isinstance(record, Record)
    assert record.spans == (Span(0, 3, "PER"),)


any_text = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1
)
any_label = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=20)


@st.composite
def any_records(draw: st.DrawFn) -> Record:
    text = draw(any_text)
    offsets = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(offsets, offsets, any_label), max_size=6))
    spans = [Span(min(a, b), max(a, b), label) for a, b, label in pairs if a != b]
    return Record(text=text, spans=tuple(outermost(spans)[0]), is_annotated=True)


@settings(deadline=None, max_examples=50)
@given(st.lists(any_records(), min_size=1, max_size=4))
def test_writing_and_reading_again_is_the_identity(written: list[Record]) -> None:
    file = io.BytesIO()
    losses = list(write(written, file, WriteOptions()))
    assert {loss.kind for loss in losses} <= {"label"}
    with tempfile.NamedTemporaryFile(suffix=".zip") as stored:
        stored.write(file.getvalue())
        stored.flush()
        found = read_all(Path(stored.name))
    for before, after in zip(written, found, strict=True):
        assert isinstance(after, Record), after
        assert replace(after, external_id="", notes=()) == before


@pytest.mark.skipif(not PEERS, reason="MARGINALIA_PEER_FORMATS names no folder")
@pytest.mark.parametrize(
    ("folder", "documents"),
    [
        ("brat/example-data/corpora/NCBI-disease", 20),
        ("brat/example-data/tutorials/bio", 13),
    ],
)
def test_real_folders_lose_no_span(folder: str, documents: int) -> None:
    path = Path(PEERS, folder)
    records = [item for item in read_all(path) if isinstance(item, Record)]
    lines = "".join(file.read_text() for file in path.glob("*.ann")).splitlines()
    assert len(records) == documents
    left_out = sum("left out" in note for record in records for note in record.notes)
    kept = sum(len(record.spans) for record in records)
    assert kept + left_out == sum(line.startswith("T") for line in lines)
