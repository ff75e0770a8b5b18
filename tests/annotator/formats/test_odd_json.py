"""JSON in which a value is of another shape than anybody expects: no other errors."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.formats import FORMATS, FormatError, ReadOptions, Record, find_format
from annotator.formats import read as read_source
from tests.annotator.formats.samples import SAMPLES
from tests.annotator.formats.test_registry import written

Path = tuple[Any, ...]  # the keys and numbers that lead to a value
SPAN = {"start": 0, "end": 3, "label": "PER", "text": "Ann", "labels": ["PER"]}
# What the samples do not hold, by the format that reads it.
VARIANTS: list[tuple[str, Any]] = [
    ("jsonl", {"text": "Ann left", "label": [[0, 3, "PER"]], "meta": {"a": 1}}),
    ("jsonl", {"text": "Ann left", "entities": [{"id": 1, **SPAN}], "id": 1}),
    ("jsonl", {"text": "Ann left", "spans": [SPAN], "answer": "accept", "tokens": []}),
    ("jsonl", {"text": "Ann", "suggestions": [{**SPAN, "confidence": 0.5}]}),
    (
        "tagged-jsonl",
        {
            "features": [{"name": "ner_tags", "type": {"names": ["O", "B-X"]}}],
            "rows": [{"row": {"tokens": ["Ann"], "ner_tags": [1], "id": "1"}}],
        },
    ),
    ("label-studio", [{"id": 1, "text": "Ann left", "label": [SPAN], "annotator": 1}]),
    (
        "label-studio",
        [
            {
                "data": {"text": "Ann left", "id": 1},
                "completions": [{"result": [{"type": "labels", "value": SPAN}]}],
                "predictions": [
                    {"score": 0.5, "result": [{"type": "labels", "value": SPAN}]}
                ],
            }
        ],
    ),
    (
        "w3c-annotation",
        {
            "@context": "http://www.w3.org/ns/anno.jsonld",
            "first": {
                "items": [
                    {
                        "bodies": [{"purpose": ["tagging"], "value": {"label": "X"}}],
                        "target": [
                            {"selector": {"exact": "Ann", "prefix": "", "suffix": " "}}
                        ],
                    }
                ]
            },
        },
    ),
    (
        "pubannotation",
        {
            "target": "a",
            "text": "Ann left",
            "tracks": [{"denotations": [{"id": "T1", "span": [0, 3], "obj": "X"}]}],
        },
    ),
    ("spacy-json", [["Ann", {"entities": [[0, 3, "PER"]], "cats": {}}]]),
]
JSON_FORMATS = (
    *("uima-json", "pubannotation", "lighttag", "w3c-annotation", "spacy-json"),
    *("label-studio", "tagged-jsonl", "jsonl"),
)
SEEDS = [(name, json.loads(SAMPLES[name])) for name in JSON_FORMATS] + VARIANTS
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 3, 10**30, 1.5, -0.0, float("nan"), float("inf")),
    *("", "x", "tagging", "😊", "\ud800", "\0", "3", "B-X"),
    *([], {}, [[]], [None], [1, 2], ["a", "b"], [[0, 3, "X"]], [{}], [{"a": [1]}]),
    *({"a": 1}, {"": None}, {"start": 0}, {"text": "Ann"}, {"label": []}),
)


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where a value and all that is in it stand."""
    yield path
    items = value.items() if isinstance(value, dict) else ()
    for key, inner in enumerate(value) if isinstance(value, list) else items:
        yield from places(inner, (*path, key))


def replaced(value: Any, path: Path, new: Any) -> Any:
    """The value with another one at a place."""
    if not path:
        return new
    first, *rest = path
    inner = replaced(value[first], tuple(rest), new)
    if isinstance(value, dict):
        return {**value, first: inner}
    return [*value[:first], inner, *value[first + 1 :]]


def read_everything(name: str, content: bytes, options: ReadOptions) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = written(folder, name, content)
        formats = {name: FORMATS[name]}
        with suppress(FormatError):  # that is how a file is refused
            found = find_format(source)
            formats[found.name] = found
            found.describe(source)
        for format in formats.values():
            for item in read_source(source, format, options):
                assert isinstance(item, Record | FormatError)


def dumped(*values: Any) -> bytes:
    return "\n".join(json.dumps(value) for value in values).encode()


@pytest.mark.parametrize(("name", "seed"), SEEDS)
def test_every_value_may_be_of_every_other_shape(name: str, seed: Any) -> None:
    for path in places(seed):
        values = (replaced(seed, path, odd) for odd in ODD)
        if name in ("jsonl", "tagged-jsonl"):
            read_everything(name, dumped(*values), ReadOptions())
            continue
        for value in values:
            read_everything(name, dumped(value), ReadOptions())


@pytest.mark.parametrize(("name", "seed"), SEEDS)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_several_values_may_be_of_other_shapes(
    name: str, seed: Any, data: st.DataObject
) -> None:
    value = seed
    inside = [odd for _name, other in SEEDS for odd in (other, [other])]
    for _ in range(data.draw(st.integers(2, 4))):
        path = data.draw(st.sampled_from(list(places(value))))
        value = replaced(value, path, data.draw(st.sampled_from([*ODD, *inside])))
    overlap, column = data.draw(st.booleans()), data.draw(st.sampled_from(["", "text"]))
    options = ReadOptions(may_overlap=overlap, text_column=column)
    read_everything(name, dumped(value), options)
