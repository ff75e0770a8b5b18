"""Label Studio's tasks: whose work is taken, and nothing else lost in silence."""

import io
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

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
from annotator.formats.label_studio_writer import write
from modeling.spans import Span, outermost

Read = Callable[..., list[Record | FormatError]]
TEXT = "😊 Ada met Bo."
PEERS = os.environ.get("MARGINALIA_PEER_FORMATS", "")


def region(start: int, end: int, surface: str | None, *labels: str) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": list(labels)}
    if surface is not None:
        value["text"] = surface
    return {"type": "labels", "to_name": "text", "value": value}


ADA = region(3, 6, "Ada", "PER")  # in UTF-16, as a browser counts
BO = region(11, 13, "Bo", "PER")


def task(*results: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    answers = [{"result": result, "completed_by": 7} for result in results]
    return {"id": 5, "data": {"text": TEXT}, "annotations": answers, **more}


def records(read_file: Read, *tasks: Any) -> list[Record]:
    items = read_file(json.dumps(list(tasks)), name="export.json")
    assert all(isinstance(item, Record) for item in items), items
    return [item for item in items if isinstance(item, Record)]


def test_offsets_are_read_as_a_browser_counts_them(read_file: Read) -> None:
    (record,) = records(read_file, task([ADA, BO]))
    assert record.spans == (Span(2, 5, "PER"), Span(10, 12, "PER"))
    assert (record.external_id, record.notes) == ("5", ())


def test_offsets_that_count_code_points_are_found_out_and_noted(
    read_file: Read,
) -> None:
    (record,) = records(read_file, task([region(2, 5, "Ada", "PER")]))
    assert record.spans == (Span(2, 5, "PER"),)
    assert record.notes == (
        "The offsets count code points, not UTF-16 units: 1 were converted.",
    )


def test_a_surface_that_is_nowhere_refuses_its_task_alone(read_file: Read) -> None:
    bad, good = task([region(3, 6, "Eve", "PER")]), task([ADA])
    items = read_file(json.dumps([bad, {**good, "id": 6}]), name="a.json")
    assert isinstance(items[0], FormatError)
    assert items[0].message == "task 5: At [2, 5) the text says “Ada”, not “Eve”."
    assert isinstance(items[1], Record)


def test_predictions_are_suggestions_and_never_spans(read_file: Read) -> None:
    (record,) = records(read_file, task(predictions=[{"result": [ADA]}]))
    assert (record.spans, record.is_annotated) == ((), False)
    assert record.suggestions == (Span(2, 5, "PER"),)


def test_the_first_annotation_is_taken_and_the_others_are_named(
    read_file: Read,
) -> None:
    value = task([ADA], [BO], drafts=[{"result": []}])
    cancelled = {"result": [], "was_cancelled": True}
    value["annotations"].insert(0, cancelled)
    (record,) = records(read_file, value)
    assert record.spans == (Span(2, 5, "PER"),)
    assert record.notes == (
        "A cancelled annotation by – was left out; regions: 0.",
        "Another annotation, by 7, was left out; regions: 1.",
        "Drafts were left out: 1.",
    )
    value["annotations"][2]["ground_truth"] = True
    assert records(read_file, value)[0].spans == (Span(10, 12, "PER"),)


def test_what_is_no_span_is_named(read_file: Read) -> None:
    choice = {"type": "choices", "value": {"choices": ["x"]}}
    relation = {"type": "relation", "from_id": "a", "to_id": "b"}
    empty = region(3, 6, "Ada")
    (record,) = records(read_file, task([ADA, choice, relation, empty]))
    assert record.notes[1] == "Not kept: choices (1), relation (1)."
    assert "has no label and was left out" in record.notes[0]
    (record,) = records(read_file, task([choice]))
    assert not record.is_annotated


def test_the_old_schema_of_completions_is_read(read_file: Read) -> None:
    old = {"data": {"my_text": TEXT}, "completions": [{"result": [ADA]}]}
    assert records(read_file, old)[0].spans == (Span(2, 5, "PER"),)


def test_rows_of_json_min_for_one_task_are_one_document(read_file: Read) -> None:
    row = {"id": 1, "text": TEXT, "topic": "x", "annotator": 3, "annotation_id": 8}
    first = {**row, "label": [ADA["value"]]}
    second = {**row, "annotator": 4, "label": [BO["value"]]}
    (record,) = records(read_file, first, second)
    assert record.spans == (Span(2, 5, "PER"),)
    assert record.metadata == {"topic": "x"}
    assert record.notes == ("Another annotation, by 4, was left out; regions: 1.",)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ([1], "1 is not a task"),
        ([{"data": {"image": 5}}], "The task's data has no text, only image."),
        ([{"data": {"a": "x", "b": "y"}}], "Which of a, b is the text?"),
        ([task([region(1, 99, None, "X")])], "is not inside a text of 13"),
        ([task([{"type": "labels", "value": {}}])], "has no whole start and end"),
    ],
)
def test_a_bad_task_is_refused_in_one_sentence(
    read_file: Read, value: Any, sentence: str
) -> None:
    (item,) = read_file(json.dumps(value), format="label-studio")
    assert isinstance(item, FormatError)
    assert sentence in item.message


any_text = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1
)
any_word = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=20)


@st.composite
def any_records(draw: st.DrawFn) -> Record:
    text = draw(any_text)
    offsets = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(offsets, offsets, any_word), max_size=6))
    spans = [Span(min(a, b), max(a, b), label) for a, b, label in pairs if a != b]
    is_annotated = draw(st.booleans())
    suggestions = tuple(dict.fromkeys(spans)) if draw(st.booleans()) else ()
    return Record(
        text=text,
        spans=tuple(outermost(spans)[0]) if is_annotated else (),
        is_annotated=is_annotated,
        suggestions=suggestions,
        confidences={span: draw(st.floats(0, 1)) for span in suggestions},
        metadata=draw(st.dictionaries(any_word, any_text, max_size=2)),
        external_id=draw(any_word),
    )


@settings(deadline=None, max_examples=50)
@given(st.lists(any_records(), max_size=4, unique_by=lambda r: r.external_id))
def test_writing_and_reading_again_is_the_identity(written: list[Record]) -> None:
    written = [r for r in written if not {"text", "id"} & r.metadata.keys()]
    file = io.BytesIO()
    assert list(write(written, file, WriteOptions())) == []
    with tempfile.NamedTemporaryFile(suffix=".json") as stored:
        stored.write(file.getvalue())
        stored.flush()
        source = Source(Path(stored.name))
        found = list(read(source, FORMATS["label-studio"], ReadOptions()))
    assert len(found) == len(written)
    for before, after in zip(written, found, strict=True):
        assert isinstance(after, Record), after
        assert replace(after, line=1) == before


@pytest.mark.skipif(not PEERS, reason="MARGINALIA_PEER_FORMATS names no folder")
@pytest.mark.parametrize(
    ("name", "documents", "errors"),
    [
        ("test_export_csv__csv_test2.json", 1, 0),
        ("test_export_csv__csv_test_colliding_keys.json", 1, 0),
        ("test_export_csv__csv_test_history.json", 1, 0),
    ],
)
def test_real_files_are_read_or_refused(name: str, documents: int, errors: int) -> None:
    source = Source(Path(PEERS, "label_studio/sdk_tests", name))
    items = list(read(source, find_format(source), ReadOptions()))
    found = [item for item in items if isinstance(item, Record)]
    assert (len(found), len(items) - len(found)) == (documents, errors)
    assert not any(record.is_annotated for record in found)


def test_scores_of_regions_and_predictions_are_confidences(read_file: Read) -> None:
    value = {"start": 0, "end": 3, "labels": ["PER"]}
    region = {"type": "labels", "value": value}
    other = {**value, "start": 1}
    result = [{**region, "score": 0.25}, {**region, "value": other}]
    task = {"data": {"text": "Ada"}, "predictions": [{"result": result, "score": 0.75}]}
    (record,) = read_file(json.dumps([task]), "label-studio")
    assert isinstance(record, Record)
    places = {Span(0, 3, "PER"): 0.25, Span(1, 3, "PER"): 0.75}
    assert record.confidences == places
    result[0]["score"] = -3.5
    (record,) = read_file(json.dumps([task]), "label-studio")
    assert isinstance(record, Record)
    assert record.confidences == {Span(1, 3, "PER"): 0.75}
    strange, without = record.notes
    assert strange.startswith("The score -3.5 is not a number from 0 to 1")
    assert without == "Suggestions without a confidence: they get 0.5."


def test_offsets_without_surfaces_that_cut_words_are_refused(read_file: Read) -> None:
    code_points = task([region(2, 5, None, "PER")])
    (item,) = read_file(json.dumps([code_points]), name="export.json")
    assert isinstance(item, FormatError)
    assert "“ Ad” if it counts UTF-16 units, and “Ada” if it" in item.message


def test_rows_of_one_task_keep_the_predictions_and_data_of_all(read_file: Read) -> None:
    first = task([ADA], predictions=[])
    first["data"] = {"text": TEXT, "topic": "a"}
    second = task(predictions=[{"result": [BO]}])
    second["data"] = {"text": TEXT, "topic": "b", "page": 3}
    (record,) = records(read_file, first, second)
    assert record.spans == (Span(2, 5, "PER"),)
    assert record.suggestions == (Span(10, 12, "PER"),)
    assert record.metadata == {"topic": "a", "page": 3}
    assert '“topic” of line 1 is "b": the first value was kept.' in record.notes


def test_a_label_that_is_no_word_is_noted(read_file: Read) -> None:
    odd = region(3, 6, "Ada", "PER")
    odd["value"]["labels"].append(5)
    (record,) = records(read_file, task([odd]))
    assert record.spans == (Span(2, 5, "PER"),)
    (note,) = record.notes
    assert note.endswith("these are no words: [5].")
