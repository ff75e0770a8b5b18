"""PubAnnotation JSON: denotations of a document or of its tracks."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.formats import FORMATS, FormatError, ReadOptions, Record, Source, read

Read = Callable[..., list[Record | FormatError]]


def denotation(start: Any, end: Any, label: Any) -> dict[str, Any]:
    return {"id": "T1", "span": {"begin": start, "end": end}, "obj": label}


def document(**more: Any) -> dict[str, Any]:
    return {"text": "😊 in Basel", "sourcedb": "PMC", "sourceid": "7", **more}


def one(read_file: Read, value: Any) -> Record:
    (item,) = read_file(json.dumps(value), name="a.json")
    assert isinstance(item, Record), item
    return item


def marked(record: Record) -> list[tuple[str, str]]:
    return [(record.text[span.start : span.end], span.label) for span in record.spans]


def test_denotations_are_spans(read_file: Read) -> None:
    value = document(denotations=[denotation(5, 10, "LOC")], divid=3, section="TIAB")
    record = one(read_file, value)
    assert marked(record) == [("Basel", "LOC")]
    assert record.external_id == "PMC:7:3"
    assert (record.metadata, record.notes) == ({"section": "TIAB"}, ())
    assert record.is_annotated


def test_a_document_without_denotations_is_not_annotated(read_file: Read) -> None:
    assert not one(read_file, [document()]).is_annotated
    assert one(read_file, [document(denotations=[])]).is_annotated


def test_tracks_are_read_together_and_the_rest_is_named(read_file: Read) -> None:
    pieces = [{"begin": 0, "end": 1}, {"begin": 5, "end": 10}]
    first = {"denotations": [denotation(0, 10, "Sentence"), denotation(2, 4, "PREP")]}
    second = {
        "project": "p",
        "denotations": [denotation(5, 10, "LOC"), {"span": pieces, "obj": "X"}],
        "relations": [{"pred": "p"}],
    }
    record = one(read_file, document(tracks=[first, second]))
    assert marked(record) == [("in", "PREP"), ("Basel", "LOC")]
    assert record.notes == (
        "Not kept: Sentence (1), relations (1), denotations of several pieces (1).",
    )


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (
            document(denotations=[denotation(5, 99, "X")]),
            "[5, 99) is not inside a text",
        ),
        (document(denotations=[denotation(5, None, "X")]), "is not a denotation with"),
        (
            document(denotations=[denotation(5, 6, "")]),
            "is not a denotation with a span",
        ),
        (document(denotations=["T1"]), '"T1" is not a denotation with a span'),
        (document(denotations={"T1": 1}), "holds no list of denotations."),
        (document(tracks=[7]), "7 holds no list of denotations."),
        ({"sourcedb": "PMC"}, "is not an object with a “text”."),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(
    read_file: Read, value: Any, sentence: str
) -> None:
    text = f"[{json.dumps(document())},\n{json.dumps(value)}]"
    good, bad = read_file(text, name="a.json")
    assert isinstance(good, Record) and isinstance(bad, FormatError)
    assert (bad.line, sentence in bad.message) == (2, True), bad


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.sampled_from(["", "X", "é"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["span", "begin", "end", "obj"]), inner)
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.sampled_from(["denotations", "tracks", "text"]), json_values))
def test_whatever_the_keys_hold_only_format_errors_come_out(
    changes: dict[str, Any],
) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as stored:
        json.dump(document(**changes), stored)
        stored.flush()
        format = FORMATS["pubannotation"]
        for item in read(Source(Path(stored.name)), format, ReadOptions()):
            assert isinstance(item, Record | FormatError)


def test_units_that_nothing_in_the_file_tells_apart_are_refused(
    read_file: Read,
) -> None:
    value = {"text": "😊 Ann left", "denotations": [denotation(3, 6, "PER")]}
    (item,) = read_file(json.dumps(value), format="pubannotation")
    assert isinstance(item, FormatError) and "“Ann” if it counts UTF" in item.message
