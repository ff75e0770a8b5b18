"""spaCy's JSON: version 2's training format, and pairs of text and entities."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from annotator.formats import FormatError, Record

Read = Callable[..., list[Record | FormatError]]


def token(word: Any, ner: Any = "O", **more: Any) -> dict[str, Any]:
    return {"orth": word, "ner": ner, **more}


def training(*sentences: Any, **more: Any) -> dict[str, Any]:
    paragraph = {"sentences": [{"tokens": tokens} for tokens in sentences], **more}
    return {"id": 7, "paragraphs": [paragraph]}


def pair(text: Any, *entities: Any, **more: Any) -> list[Any]:
    return [text, {"entities": list(entities), **more}]


def one(read_file: Read, value: Any) -> Record:
    (item,) = read_file(json.dumps(value), name="a.json")
    assert isinstance(item, Record), item
    return item


def marked(record: Record) -> list[tuple[str, str]]:
    return [(record.text[span.start : span.end], span.label) for span in record.spans]


ANN = [token("Ann", "B-PER"), token("Bohm", "L-PER"), token("sang"), token(".")]
BASEL = [token("Basel", "U-LOC"), token("heard")]


def test_tags_are_spans_of_the_raw_text(read_file: Read) -> None:
    record = one(read_file, [training(ANN, BASEL, raw="Ann Bohm sang. Basel heard")])
    assert record.text == "Ann Bohm sang. Basel heard"
    assert marked(record) == [("Ann Bohm", "PER"), ("Basel", "LOC")]
    assert (record.sentence_starts, record.external_id) == ((0, 4), "7")
    assert record.is_annotated and record.notes == ()


def test_tokens_are_joined_where_the_raw_text_is_another(read_file: Read) -> None:
    record = one(read_file, [training(BASEL, raw="Basle heard")])
    assert record.text == "Basel heard"
    assert record.notes == (
        "The raw text is not made of the tokens, which were joined.",
    )


def test_what_nobody_tagged_is_not_annotated(read_file: Read) -> None:
    assert not one(read_file, [training([token("Ann", "-")])]).is_annotated
    record = one(read_file, [training([token("Ann", "-", tag="NNP"), *BASEL])])
    assert record.notes == (
        "Tokens without a tag were read as outside (1).",
        "Not kept: tag (1).",
    )


def test_each_paragraph_is_a_document(read_file: Read) -> None:
    value = training(ANN)
    value["paragraphs"] *= 2
    items = read_file(json.dumps([value]), name="a.json")
    assert [i.external_id for i in items if isinstance(i, Record)] == ["7/1", "7/2"]


def test_pairs_of_text_and_entities_are_read(read_file: Read) -> None:
    first = pair("😊 Ann in Basel", [2, 5, "PER"], [9, 14, "LOC"], cats={"x": 1})
    items = read_file(json.dumps([first, pair("nobody")], indent=1), name="a.json")
    with_spans, without = [item for item in items if isinstance(item, Record)]
    assert marked(with_spans) == [("Ann", "PER"), ("Basel", "LOC")]
    assert with_spans.notes == ("Not kept: cats (1).",)
    assert without.is_annotated and not without.spans
    assert without.line > with_spans.line


def test_ids_of_a_knowledge_base_are_reported(read_file: Read) -> None:
    record = one(read_file, [pair("Ann", [0, 3, "PER", "Q42"])])
    assert marked(record) == [("Ann", "PER")]
    assert record.notes == ("Not kept: kb_id (1).",)


def test_pairs_inside_of_an_object_are_read(read_file: Read) -> None:
    text = json.dumps({"annotations": [pair("Ann", [0, 3, "PER"])]})
    (item,) = read_file(text, format="spacy-json")
    assert isinstance(item, Record) and marked(item) == [("Ann", "PER")]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (pair("Ann", [0, 9, "PER"]), "[0, 9) is not inside a text of 3 characters."),
        (pair("Ann", [0, 3]), "[0, 3] is not an entity: write [start, end, label]."),
        (pair("Ann", [0, "3", "X"]), "is not an entity: write"),
        (["Ann", {"cats": 1}], "behind a text is no object with “entities”."),
        (training([token("", "O")]), "has no word in “orth”."),
        (training([token("Ann", "PER")]), "“PER” is not a tag such as O or B-PER."),
        ({"text": "x"}, "is neither [text, entities] nor has “paragraphs”."),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(
    read_file: Read, value: Any, sentence: str
) -> None:
    text = f"[{json.dumps(pair('good'))},\n{json.dumps(value)}]"
    good, bad = read_file(text, name="a.json")
    assert isinstance(good, Record) and isinstance(bad, FormatError)
    assert (bad.line, sentence in bad.message) == (2, True), bad


def test_pairs_that_only_another_unit_has_on_whole_words_are_refused(
    read_file: Read,
) -> None:
    value = [pair("😊 Ann left", [3, 6, "PER"]), pair("😊 Bo", [2, 4, "PER"])]
    bad, good = read_file(json.dumps(value), name="a.json")
    assert isinstance(bad, FormatError) and "“Ann” if it counts UTF" in bad.message
    assert isinstance(good, Record) and marked(good) == [("Bo", "PER")]
