"""LightTag: examples, reviewed annotations, several people."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from annotator.formats import FormatError, Record

Read = Callable[..., list[Record | FormatError]]
TEXT = "😊 Ann saw Basel."


def annotation(start: Any, end: Any, tag: Any, **more: Any) -> dict[str, Any]:
    return {"tagged_token_id": "t", "start": start, "end": end, "tag": tag, **more}


def example(*annotations: Any, **more: Any) -> dict[str, Any]:
    given = {"example_id": "e1", "content": TEXT, "annotations": list(annotations)}
    return given | more


def items(read_file: Read, *examples: Any, **more: Any) -> list[Record | FormatError]:
    value = {"examples": list(examples), "annotators_per_example": 1, **more}
    return read_file(json.dumps(value), name="a.json")


def one(read_file: Read, *examples: Any, **more: Any) -> Record:
    (item,) = items(read_file, *examples, **more)
    assert isinstance(item, Record), item
    return item


def marked(record: Record) -> list[tuple[str, str]]:
    return [(record.text[span.start : span.end], span.label) for span in record.spans]


def test_an_example_is_a_document(read_file: Read) -> None:
    found = [annotation(2, 5, "PERSON", value="Ann"), annotation(10, 15, "LOCATION")]
    record = one(read_file, example(*found, metadata={"page": 3}))
    assert marked(record) == [("Ann", "PERSON"), ("Basel", "LOCATION")]
    assert (record.external_id, record.metadata) == ("e1", {"page": 3})
    assert record.is_annotated and record.notes == ()


def test_an_example_that_nobody_saw_is_not_annotated(read_file: Read) -> None:
    assert not one(read_file, example(seen_by=[])).is_annotated
    assert one(read_file, example(seen_by=[{"annotator": "ann"}])).is_annotated


def test_offsets_in_utf16_are_repaired_and_the_repair_is_told(read_file: Read) -> None:
    record = one(read_file, example(annotation(3, 6, "PERSON", value="Ann")))
    assert marked(record) == [("Ann", "PERSON")]
    assert record.notes == (
        "The offsets count UTF-16 units, not code points: 1 were converted.",
    )


def test_what_is_left_out_is_named(read_file: Read) -> None:
    found = [
        annotation(2, 5, "PERSON", annotated_by=[{"annotator": "ann"}]),
        annotation(2, 5, "TITLE", annotated_by=[{"annotator": "bob"}]),
        annotation(10, 15, "PERSON", value="Basel", correct=False),
    ]
    record = one(read_file, example(*found, classifications=[{}]), relations=[{}])
    assert marked(record) == [("Ann", "PERSON")]
    assert record.notes == (
        "TITLE “Ann” [2, 5) was left out: it overlaps PERSON “Ann” [2, 5).",
        "PERSON “Basel” was left out: a reviewer called it wrong.",
        "The annotations of ann, bob were put together.",
        "Not kept: classifications (1).",
        "Not kept: relations (1).",
    )


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (7, "7 is not an example: an object with “content”."),
        (example(7), "example e1: [7] is no list of annotations."),
        (example(annotation(2, None, "X")), "is not an annotation with a start, an"),
        (example(annotation(2, 99, "X")), "[2, 99) is not inside a text of 16"),
        (
            example(annotation(2, 5, "X", value="Bob")),
            "example e1: At [2, 5) the text says “Ann”, not “Bob”.",
        ),
    ],
)
def test_a_bad_example_does_not_hide_the_next(
    read_file: Read, value: Any, sentence: str
) -> None:
    error, record = items(read_file, value, example())
    assert isinstance(error, FormatError) and isinstance(record, Record)
    assert sentence in error.message


def test_annotations_without_a_value_count_as_those_that_have_one(
    read_file: Read,
) -> None:
    bare = example(annotation(3, 6, "PER"), content="😊 Bob left")
    told = example(annotation(3, 6, "PER", value="Ann"), content="😊 Ann left")
    found = items(read_file, bare, told)
    assert [marked(r) for r in found if isinstance(r, Record)] == [
        [("Bob", "PER")],
        [("Ann", "PER")],
    ]
    (refused,) = items(read_file, bare)
    assert isinstance(refused, FormatError) and "“Bob” if it" in refused.message
