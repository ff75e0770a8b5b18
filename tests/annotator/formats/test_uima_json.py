"""UIMA CAS as JSON: the same documents as XMI; cassis writes what is read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cassis
import pytest

from annotator.formats import FormatError, Record

Read = Callable[..., list[Record | FormatError]]
TEXT = "😊 Ann saw Basel."
ENTITY = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"


def cas(*structures: Any, members: Any = None, text: Any = TEXT) -> str:
    """A file whose feature structures are numbered from 2 on, all in the one view."""
    sofa = {"%ID": 1, "%TYPE": "uima.cas.Sofa", "sofaID": "v", "sofaString": text}
    numbered = [
        {"%ID": number} | item if isinstance(item, dict) else item
        for number, item in enumerate(structures, 2)
    ]
    listed = list(range(2, 2 + len(structures))) if members is None else members
    value = {
        "%TYPES": {},
        "%FEATURE_STRUCTURES": [sofa, *numbered],
        "%VIEWS": {"v": {"%SOFA": 1, "%MEMBERS": listed}},
    }
    return json.dumps(value)


def entity(begin: Any, end: Any, **features: Any) -> dict[str, Any]:
    place = {"@sofa": 1, "begin": begin, "end": end}
    return {"%TYPE": ENTITY, **place, **features}


def one(read_file: Read, content: str) -> Record:
    (item,) = read_file(content, name="a.json")
    assert isinstance(item, Record), item
    return item


def marked(record: Record) -> list[tuple[str, str]]:
    return [(record.text[span.start : span.end], span.label) for span in record.spans]


def test_annotations_are_spans_and_the_rest_is_named(read_file: Read) -> None:
    relation = {"%TYPE": "my.Owns", "begin": 3, "end": 6}
    content = cas(
        entity(3, 6, value="PER"),
        entity(11, 16, value="LOC", identifier="Q1", **{"@link": 2}),
        relation | {"@Governor": 2, "@Dependent": 3},
        {"%TYPE": "my.Thing", "value": "x"},
        entity(0, 2, value="X"),
        members=[2, 3, 4, 5],
    )
    record = one(read_file, content)
    assert marked(record) == [("Ann", "PER"), ("Basel", "LOC")]
    assert record.is_annotated
    assert record.notes == (
        "Not kept: other values of the layer NamedEntity: identifier (1).",
        "Not kept: links from mentions of the layer NamedEntity (1).",
        "Not kept: relations of the layer Owns (1).",
        "Not kept: what has no place in the text, Thing (1).",
        "Not kept: annotations that are in no view (1).",
    )


def test_what_cassis_writes_is_read(read_file: Read, tmp_path: Path) -> None:
    system = cassis.TypeSystem()
    layer = system.create_type("my.Layer", supertypeName="uima.tcas.Annotation")
    system.create_feature(layer, name="label", rangeType="uima.cas.String")
    made = cassis.Cas(typesystem=system)
    made.sofa_string = "a\r\n👩‍👩‍👧 Ann & “b” é"
    made.add(layer(begin=3, end=8, label="X"))
    made.add(layer(begin=9, end=12, label="PER"))
    made.to_json(tmp_path / "made.json")
    record = one(read_file, (tmp_path / "made.json").read_text(encoding="utf-8"))
    assert record.text == made.sofa_string
    assert marked(record) == [
        (found.get_covered_text(), found.label) for found in made.select("my.Layer")
    ]


def test_structures_may_stand_under_their_numbers(read_file: Read) -> None:
    value = json.loads(cas(entity(3, 6, value="PER")))
    structures = value["%FEATURE_STRUCTURES"]
    value["%FEATURE_STRUCTURES"] = {str(s.pop("%ID")): s for s in structures}
    assert marked(one(read_file, json.dumps(value))) == [("Ann", "PER")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (cas(entity(3, 99)), "[3, 99) is not inside a text of 16 characters."),
        (cas(entity(1, 6)), "[1, 6) is not inside a text"),
        (cas(entity(-1, 6)), "of the feature structure 2 are not offsets."),
        (cas(entity(True, 6)), "of the feature structure 2 are not offsets."),
        (cas(7), "7 is not a feature structure"),
        (cas(members=[9]), "The view v lists 9, which is not in the file."),
        (cas(text=None), "No view of the file has a text."),
        ('{"%VIEWS": {}}', "No view of the file has a text."),
        ('{"%VIEWS": ', "This is not JSON"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(
    read_file: Read, content: str, sentence: str
) -> None:
    (error,) = read_file(content, name="a.json")
    assert isinstance(error, FormatError), error
    assert sentence in error.message
