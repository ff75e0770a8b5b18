"""JSON Lines of tokens and tags: Hugging Face's way to keep entities."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from annotator.formats import FormatError, Record

Read = Callable[..., list[Record | FormatError]]
TOKENS = ["Ann", "saw", "New", "York", "."]
TAGS = ["B-PER", "O", "B-LOC", "I-LOC", "O"]


def sentence(**more: Any) -> dict[str, Any]:
    return {"id": "7", "tokens": TOKENS, "ner_tags": TAGS} | more


def items(read_file: Read, *values: Any) -> list[Record | FormatError]:
    text = "\n".join(json.dumps(value) for value in values)
    return read_file(text, name="train.jsonl")


def one(read_file: Read, value: Any) -> Record:
    (item,) = items(read_file, value)
    assert isinstance(item, Record), item
    return item


def marked(record: Record) -> list[tuple[str, str]]:
    return [(record.text[span.start : span.end], span.label) for span in record.spans]


def test_a_line_is_a_sentence_of_tokens(read_file: Read) -> None:
    record = one(read_file, sentence())
    assert record.text == "Ann saw New York ."
    assert marked(record) == [("Ann", "PER"), ("New York", "LOC")]
    assert record.tokens is not None and record.tokens[1] == (4, 7)
    assert (record.external_id, record.is_annotated) == ("7", True)


def test_a_text_beside_the_tokens_is_taken_where_it_is_made_of_them(
    read_file: Read,
) -> None:
    record = one(read_file, sentence(text="Ann saw New York."))
    assert (record.text, record.metadata) == ("Ann saw New York.", {})
    other = one(read_file, sentence(text="Bob left."))
    assert (other.text, other.metadata) == ("Ann saw New York .", {"text": "Bob left."})


def test_other_values_are_metadata_or_named(read_file: Read) -> None:
    record = one(read_file, sentence(pos_tags=[1, 2], source="web", lang=None))
    assert record.metadata == {"source": "web"}
    assert record.notes == ("Not kept: pos_tags.",)


def test_tokens_joined_by_nothing_stand_side_by_side(read_file: Read) -> None:
    value = json.dumps({"tokens": ["東", "京"], "ner_tags": ["B-L", "I-L"]})
    (record,) = read_file(value, joiner="")
    assert isinstance(record, Record)
    assert (record.text, marked(record)) == ("東京", [("東京", "L")])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            sentence(ner_tags=[1, 0, 3, 4, 0]),
            "“ner_tags” are numbers, and their names are not in the file: write the "
            "names.",
        ),
        (sentence(ner_tags=["O"]), "There are 1 tags for 5 tokens."),
        (sentence(ner_tags=["X"] * 5), "“X” is not a tag such as O or B-PER."),
        (sentence(tokens=["", "b"]), "The token is empty."),
        (sentence(tokens=[1, 2]), "“tokens” is [1, 2], not a list of strings."),
        (sentence(tokens=None), "“tokens” is null, not a list of strings."),
        (sentence(tokens=[], ner_tags=[]), "The text is empty."),
        ([1], "The line is not a JSON object: “[1]”."),
    ],
)
def test_a_bad_line_does_not_hide_the_next(
    read_file: Read, value: Any, message: str
) -> None:
    first, error, last = items(read_file, sentence(), value, sentence())
    assert isinstance(first, Record) and isinstance(last, Record)
    assert isinstance(error, FormatError)
    assert (error.line, error.message) == (2, message)
