"""This program's own lines: what is exported, imported and exported again is equal."""

import json
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from annotator import storing
from annotator.export_options import ExportOptions
from annotator.exports import export
from annotator.formats import (
    FORMATS,
    FormatError,
    ReadOptions,
    Record,
    Source,
    read,
)
from annotator.imports import import_file
from annotator.models import Annotation, Project, Suggestion
from annotator.models.edits import State
from annotator.opening import ImportOptions
from modeling.spans import Span
from tests.annotator.formats.conftest import Read
from tests.annotator.formats.records import any_records

EVERYTHING = ExportOptions(
    format="jsonl",
    annotated_by="gold",
    states=tuple(State.values),
    has_suggestions=True,
    strict=True,
)
ADA = {"start": 0, "end": 3, "label": "PER"}
numbers = count()


def new_project() -> Project:
    return Project.objects.create(name=f"News {next(numbers)}", allows_overlap=True)


def exported(project: Project) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "out.jsonl")
        export(project, path, EVERYTHING)
        return path.read_bytes()


@pytest.mark.django_db
@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(any_records)
def test_a_project_comes_back_whole_from_its_own_export(records: list[Record]) -> None:
    first, second = new_project(), new_project()
    labels = {s.label for r in records for s in (*r.spans, *r.suggestions)}
    storing.store(first, records, labels=sorted(labels), annotator="gold", split="pool")
    before = exported(first)
    assume(before)
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as stored:
        stored.write(before)
        stored.flush()
        how = ImportOptions(format="jsonl", split="pool", annotated_by="gold")
        report = import_file(stored.name, second, how)
    assert report.errors == [] and report.notes == []
    assert (report.spans_not_stored, report.suggestions_not_stored) == (0, 0)
    assert exported(second) == before


def line(**keys: Any) -> str:
    return json.dumps({"text": "Ada left", **keys})


@pytest.mark.parametrize("bad", [1.5, -0.1, "high", True, float("nan"), [0.5]])
def test_a_confidence_that_is_none_is_refused(read_file: Read, bad: Any) -> None:
    (error,) = read_file(line(suggestions=[{**ADA, "confidence": bad}]))
    assert isinstance(error, FormatError)
    assert "is not a number from 0 to 1" in error.message
    assert json.dumps(bad) in error.message


def test_a_score_that_is_no_confidence_is_noted(read_file: Read) -> None:
    found = [{**ADA, "score": 0.25}, {**ADA, "start": 1, "score": 17}]
    (record,) = read_file(line(spans=found[:1], suggestions=found[1:]))
    assert isinstance(record, Record)
    assert record.confidences == {Span(0, 3, "PER"): 0.25}
    assert record.notes[0].startswith("The score 17 is not a number from 0 to 1")


def test_suggestions_without_a_confidence_are_noted_once(read_file: Read) -> None:
    two = line(suggestions=[ADA]) + "\n" + line(suggestions=[ADA])
    first, second = read_file(two)
    assert isinstance(first, Record) and isinstance(second, Record)
    assert first.notes == ("Suggestions without a confidence: they get 0.5.",)
    assert second.notes == ()


def test_a_state_that_is_none_is_refused(read_file: Read) -> None:
    (error,) = read_file(line(spans=[], annotation_state="done"))
    assert isinstance(error, FormatError)
    assert error.message.startswith('The state "done" is none of open, submitted')


def test_spans_taken_as_suggestions_keep_their_scores(
    project: Project, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(line(spans=[{**ADA, "score": 0.75}], answer="accept"))
    import_file(path, project, ImportOptions(annotated_by="suggestions", split="pool"))
    assert Suggestion.objects.get().confidence == 0.75


def test_an_open_annotation_does_not_come_back_as_submitted(
    project: Project, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(line(spans=[ADA], annotation_state="open"))
    import_file(path, project, ImportOptions(annotated_by="gold"))
    annotation = Annotation.objects.get()
    assert (annotation.state, annotation.submitted_at) == ("open", None)


def test_the_same_span_twice_is_kept_once_and_noted(read_file: Read) -> None:
    (record,) = read_file(line(label=[[0, 3, "PER"], [0, 3, "PER"], [0, 3, "X"]]))
    assert isinstance(record, FormatError)  # two labels do overlap
    (record,) = read_file(line(label=[[0, 3, "PER"], [0, 3, "PER"]]))
    assert isinstance(record, Record)
    assert record.spans == (Span(0, 3, "PER"),)
    assert record.notes == ("PER “Ada” [0, 3) stands 2 times: once kept.",)


@pytest.mark.parametrize("is_indented", [False, True])
def test_the_text_may_be_called_as_a_person_says(
    tmp_path: Path, is_indented: bool
) -> None:
    values = [{"column_data": "Bob", "column_label": []}]
    values += [{"column_data": "Ada left", "column_label": [[0, 3, "PER"]]}]
    path = tmp_path / "a.jsonl"
    lines = "\n".join(json.dumps(value) for value in values)
    path.write_text(json.dumps(values) if is_indented else lines)
    source, how = Source(path), ReadOptions(text_column="column_data")
    first, second = read(source, FORMATS["jsonl"], how)
    assert isinstance(first, Record) and isinstance(second, Record)
    assert (first.text, first.is_annotated, first.metadata) == ("Bob", True, {})
    assert (second.text, second.spans) == ("Ada left", (Span(0, 3, "PER"),))
    (error, _other) = read(source, FORMATS["jsonl"], ReadOptions())
    assert isinstance(error, FormatError)
    assert error.message == "There is no “text”, only column_data, column_label."


def under_another_key(path: Path, content: str) -> list[Record | FormatError]:
    path.write_text(content)
    source = Source(path)
    how = ReadOptions(text_column="body")
    return list(read(source, FORMATS["jsonl"], how))


def test_suggestions_in_triples_are_no_spans_of_a_person(tmp_path: Path) -> None:
    content = json.dumps({"body": "Ada left", "suggestions": [[0, 3, "PER"]]})
    (record,) = under_another_key(tmp_path / "a.jsonl", content)
    assert isinstance(record, Record)
    assert (record.spans, record.is_annotated) == ((), False)
    assert record.suggestions == (Span(0, 3, "PER"),)


def test_a_bad_end_of_an_array_hides_nothing_before_it(tmp_path: Path) -> None:
    content = '[\n{"body": "Ada"},\n{"body"]'
    record, error = under_another_key(tmp_path / "a.json", content)
    assert isinstance(record, Record) and isinstance(error, FormatError)
    assert error.line == 3


def test_a_state_without_spans_is_an_answer(read_file: Read) -> None:
    (record,) = read_file(json.dumps({"text": "a", "annotation_state": "skipped"}))
    assert isinstance(record, Record)
    assert (record.is_annotated, record.state) == (True, "skipped")
