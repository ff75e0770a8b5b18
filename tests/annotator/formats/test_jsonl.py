"""JSON Lines in three dialects, and exactly back in this program's own."""

import io
import json
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
    read,
)
from annotator.formats.jsonl_writer import write
from modeling.spans import Span, outermost

Read = Callable[..., list[Record | FormatError]]
TEXT = "Anna Bohm flew to Basel 😊."


def one(read_file: Read, value: Any) -> Record:
    content = value if isinstance(value, str) else json.dumps(value)
    (item,) = read_file(content, format="jsonl")
    assert isinstance(item, Record), item
    return item


def refusal(read_file: Read, value: Any) -> str:
    content = value if isinstance(value, str) else json.dumps(value)
    (item,) = read_file("\n" + content, format="jsonl")
    assert isinstance(item, FormatError), item
    assert item.line == 2
    return item.message


def test_own_records_hold_everything(read_file: Read) -> None:
    record = one(
        read_file,
        {
            "text": TEXT,
            "id": "n-1",
            "spans": [{"start": 18, "end": 23, "label": "LOC", "surface": "Basel"}],
            "tokens": [[0, 9], [10, 14]],
            "sentence_starts": [0, 1],
            "metadata": {"year": 1921, "by": ["x"]},
        },
    )
    assert record == Record(
        text=TEXT,
        spans=(Span(18, 23, "LOC"),),
        is_annotated=True,
        tokens=((0, 9), (10, 14)),
        sentence_starts=(0, 1),
        metadata={"year": 1921, "by": ["x"]},
        external_id="n-1",
    )


@pytest.mark.parametrize(
    "spans",
    [
        {"label": [[0, 9, "PER"], [18, 23, "LOC"]]},
        {"labels": [[18, 23, "LOC"], [0, 9, "PER"]]},
        {"entities": [[0, 9, "PER"], [18, 23, "LOC"]], "label": []},
        {
            "entities": [
                {"id": 1, "start_offset": 0, "end_offset": 9, "label": "PER"},
                {"id": 2, "start_offset": 18, "end_offset": 23, "label": "LOC"},
            ]
        },
    ],
)
def test_doccano_writes_spans_in_several_ways(
    read_file: Read, spans: dict[str, Any]
) -> None:
    record = one(read_file, {"data": TEXT, "id": 7, **spans, "Comments": []})
    assert record.text == TEXT
    assert record.spans == (Span(0, 9, "PER"), Span(18, 23, "LOC"))
    assert record.external_id == "7"
    assert record.is_annotated


def test_not_annotated_is_not_the_same_as_no_spans(read_file: Read) -> None:
    assert not one(read_file, {"text": "Anna"}).is_annotated
    assert not one(read_file, {"text": "Anna", "label": None}).is_annotated
    assert one(read_file, {"text": "Anna", "label": []}).is_annotated


def prodigy(**more: Any) -> dict[str, Any]:
    tokens = [
        {"text": "Anna", "start": 0, "end": 4, "id": 0, "ws": True},
        {"text": "sang", "start": 5, "end": 9, "id": 1, "ws": False},
    ]
    return {"text": "Anna sang", "tokens": tokens, "_task_hash": -5, **more}


SPAN = {"start": 0, "end": 4, "token_start": 0, "token_end": 0, "label": "PER"}


def test_prodigy_records_are_read_with_their_tokens(read_file: Read) -> None:
    record = one(read_file, prodigy(spans=[SPAN], answer="accept", meta={"a": 1}))
    assert record.spans == (Span(0, 4, "PER"),)
    assert record.tokens == ((0, 4), (5, 9))
    assert record.metadata == {"a": 1, "_task_hash": -5}


def test_prodigy_leaves_spans_out_when_there_are_none(read_file: Read) -> None:
    assert one(read_file, prodigy(answer="accept")).is_annotated


@pytest.mark.parametrize("answer", ["reject", "ignore"])
def test_only_accepted_prodigy_spans_are_annotations(
    read_file: Read, answer: str
) -> None:
    record = one(read_file, prodigy(spans=[SPAN], answer=answer))
    assert (record.is_annotated, record.spans) == (False, ())
    assert record.metadata["answer"] == answer
    assert record.metadata["spans"] == [SPAN]


def test_an_answer_that_is_not_prodigys_is_metadata(read_file: Read) -> None:
    record = one(read_file, {"text": "Anna", "answer": "42", "spans": []})
    assert record.is_annotated
    assert record.metadata == {"answer": "42"}


def test_other_keys_become_metadata(read_file: Read) -> None:
    record = one(
        read_file, {"text": "a", "source": "web", "relations": [1], "meta": {"n": 1}}
    )
    assert record.metadata == {"source": "web", "relations": [1], "n": 1}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ('{"text": ', "This is not JSON: Expecting value at character 9"),
        ('["a"]', 'The line is not a JSON object: “["a"]”.'),
        ('{"text": "a", "text": "b"}', "the key “text” stands twice"),
        ("[" * 100_000, "nested too deeply"),
        ('{"text": "a", "id": ' + "1" * 5000 + "}", "Bad JSON: Exceeds the limit"),
        ('{"text": "a", "x": NaN}', "nan in the metadata is not a number"),
        ('{"text": "a", "x": 1e999}', "inf in the metadata is not a number"),
        ('{"text": "a\\u0000b"}', "There is a NUL character at [1] in “a\\x00b”."),
        ('{"text": "a\\ud83db"}', "half a surrogate pair (U+D83D) at [1]"),
        ('{"text": "a", "meta": {"\\u0000": 1}}', "There is a NUL character"),
        ({"txt": "a", "spans": []}, "There is no “text”, only txt, spans."),
        ({"text": 5}, "“text” is 5, not a string."),
        ({"text": ""}, "The text is empty."),
        ({"text": "a", "label": ["positive"]}, '"positive" is not a span'),
        ({"text": "a", "span": [[0, 1, "X"]]}, "The key “span” with"),
        ({"text": "a", "label": {"x": 1}}, "The key “label” with"),
        ({"text": "a", "id": [1]}, "The id [1] is neither"),
        ({"text": "a", "id": "x" * 201}, "is longer than 200 characters"),
        ({"text": "a", "meta": {"k": 1}, "k": 2}, "“k” stands in the metadata and"),
        (
            {"text": "a", "label": [[0, 1, "X"]], "spans": [[0, 1, "X"]]},
            "Both “spans” and “label” hold spans.",
        ),
        ({"text": "a", "tokens": ["a"]}, 'The token "a" is not [start, end].'),
        ({"text": "a", "tokens": 3}, "The token 3 is not [start, end]."),
        ({"text": "ab", "tokens": [[1, 2], [0, 1]]}, "Bad tokens: imported token"),
        (
            {"text": "ab", "tokens": [{"start": 0, "end": 1, "text": "b"}]},
            "says “a”.",
        ),
        (
            {"text": "ab", "tokens": [[0, 2]], "sentence_starts": [1]},
            "are not rising token numbers",
        ),
        ({"text": "ab", "sentence_starts": "x"}, "are not a list of token numbers"),
    ],
)
def test_a_bad_record_is_refused_in_one_sentence(
    read_file: Read, value: Any, sentence: str
) -> None:
    assert sentence in refusal(read_file, value)


@pytest.mark.parametrize(
    ("span", "sentence"),
    [
        ([5, 99, "X"], "[5, 99) is not inside a text of 26 characters."),
        ([4, 4, "X"], "[4, 4) is not inside"),
        ([-1, 4, "X"], "[-1, 4) is not inside"),
        ([0, 4], "[0, 4] is not a span"),
        ([0, 4.0, "X"], "has no whole start and end"),
        ([False, True, "X"], "has no whole start and end"),
        ([0, 4, None], "has no whole start and end"),
        ([0, 4, "Job title"], "The label “Job title” is not one word"),
        ([0, 4, "PER\n"], "The label “PER\\x0a” is not one word"),
        ([0, 4, ""], "The label “” is not one word"),
        ([0, 4, "x" * 81], "is longer than 80 characters"),
        ({"start": 0, "label": "X"}, "lacks start, end or label"),
        (
            {"start": 0, "end": 4, "label": "X", "certainty": 1},
            "The key “certainty” of the span",
        ),
        (
            {"start": 1, "end": 5, "label": "X", "surface": "Anna"},
            "At [1, 5) the text says “nna ”, not “Anna”.",
        ),
        (
            {"start": 1, "end": 5, "label": "X", "text": "Anna"},
            "At [1, 5) the text says “nna ”, not “Anna”.",
        ),
    ],
)
def test_a_bad_span_is_refused_with_its_value(
    read_file: Read, span: Any, sentence: str
) -> None:
    assert sentence in refusal(read_file, {"text": TEXT, "spans": [span]})


def test_overlapping_spans_are_refused(read_file: Read) -> None:
    spans = [[0, 9, "PER"], [5, 9, "PER"]]
    message = refusal(read_file, {"text": TEXT, "spans": spans})
    assert message == "“Bohm” [5, 9) overlaps “Anna Bohm” [0, 9)."


def test_a_bad_line_does_not_hide_the_next(read_file: Read) -> None:
    items = read_file('{"text": "a"}\n{\n\n{"text": "b"}\n', name="a.jsonl")
    assert [type(item) for item in items] == [Record, FormatError, Record]
    assert [item.line for item in items] == [1, 2, 4]


@pytest.mark.parametrize(
    ("start", "end", "unit"),
    [(3, 6, "UTF-16 units"), (5, 8, "UTF-8 bytes"), (2, 4, "code points, ends")],
)
def test_offsets_that_count_something_else_are_repaired_and_told(
    read_file: Read, start: int, end: int, unit: str
) -> None:
    span = {"start": start, "end": end, "label": "PER", "text": "Ann"}
    line = json.dumps({"text": "😊 Ann left", "spans": [span]}, ensure_ascii=False)
    (record,) = read_file(line, name="a.jsonl")
    assert isinstance(record, Record), record
    assert record.spans == (Span(2, 5, "PER"),)
    (note,) = record.notes
    assert note.startswith(f"The offsets count {unit}")


def test_indented_objects_and_arrays_are_read_too(read_file: Read) -> None:
    values = [{"text": "Ann", "label": [[0, 3, "PER"]]}, {"text": 7}]
    pretty = "\n".join(json.dumps(value, indent=1) for value in values)
    for content in (pretty, json.dumps(values), json.dumps(values, indent=1)):
        good, bad = read_file(content, name="a.json")
        assert isinstance(good, Record) and good.spans == (Span(0, 3, "PER"),)
        assert isinstance(bad, FormatError)
        assert bad.message == "“text” is 7, not a string."


any_text = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1
)
any_label = st.text(
    st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=80
)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | any_text | st.floats(-1e9, 1e9),
    lambda inner: st.lists(inner) | st.dictionaries(any_text, inner),
    max_leaves=5,
)


@st.composite
def any_records(draw: st.DrawFn) -> Record:
    text = draw(any_text)
    offsets = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(offsets, offsets, any_label), max_size=6))
    spans = [Span(min(a, b), max(a, b), label) for a, b, label in pairs if a != b]
    cuts = sorted(draw(st.sets(offsets)))
    tokens = tuple(zip(cuts[::2], cuts[1::2], strict=False))
    starts = sorted(draw(st.sets(st.integers(0, len(tokens) - 1)))) if tokens else []
    is_annotated = draw(st.booleans())
    return Record(
        text=text,
        spans=tuple(outermost(spans)[0]) if is_annotated else (),
        is_annotated=is_annotated,
        tokens=tokens if draw(st.booleans()) else None,
        sentence_starts=tuple(starts) if draw(st.booleans()) else None,
        metadata=draw(st.dictionaries(any_text, any_json, max_size=3)),
        external_id=draw(st.just("") | any_label),
    )


@settings(deadline=None)
@given(st.lists(any_records(), min_size=1, max_size=4))
def test_writing_and_reading_again_is_the_identity(records: list[Record]) -> None:
    file = io.BytesIO()
    assert list(write(records, file, WriteOptions())) == []
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as stored:
        stored.write(file.getvalue())
        stored.flush()
        source = Source(Path(stored.name))
        found = list(read(source, FORMATS["jsonl"], ReadOptions()))
    for line, (before, after) in enumerate(zip(records, found, strict=True), 1):
        assert isinstance(after, Record), after
        assert after == replace(before, line=line)


@settings(deadline=None)
@given(st.binary(max_size=200) | any_text.map(str.encode))
def test_whatever_a_file_holds_only_format_errors_come_out(data: bytes) -> None:
    with tempfile.NamedTemporaryFile() as stored:
        stored.write(b'{"text": ' + data)
        stored.flush()
        for format in FORMATS.values():
            for item in read(Source(Path(stored.name)), format, ReadOptions()):
                assert isinstance(item, Record | FormatError)


def test_spans_without_surfaces_count_as_those_that_have_some(read_file: Read) -> None:
    lines = [
        {"text": "😊 Bob left", "label": [[3, 6, "PER"]]},
        {
            "text": "😊 Ann left",
            "spans": [{"start": 3, "end": 6, "label": "PER", "text": "Ann"}],
        },
        {"text": "Ann left", "label": [[0, 3, "PER"]]},
    ]
    content = "\n".join(json.dumps(line) for line in lines)
    items = [item for item in read_file(content) if isinstance(item, Record)]
    found = [r.text[r.spans[0].start : r.spans[0].end] for r in items]
    assert found == ["Bob", "Ann", "Ann"]
    converted = "The offsets count UTF-16 units, not code points: 1 were converted."
    assert [r.notes for r in items] == [(converted,), (converted,), ()]


def test_triples_that_only_another_unit_has_on_whole_words_are_refused(
    read_file: Read,
) -> None:
    line = {"text": "😊 Ann left", "label": [[3, 6, "PER"]]}
    assert "“Ann” if it counts UTF-16 units" in refusal(read_file, line)
    stated = one(read_file, line | {"offset_unit": "UTF-16 units"})
    assert stated.spans == (Span(2, 5, "PER"),) and stated.metadata == {}
    wrong = refusal(read_file, line | {"offset_unit": ["bytes"]})
    assert wrong.startswith('“offset_unit” is ["bytes"], none of code points, ')


def test_the_texts_of_tokens_say_that_characters_are_counted(read_file: Read) -> None:
    line = {"text": "😊 Ann", "label": [[3, 5, "X"]], "offset_unit": "code points"}
    assert one(read_file, line).spans == (Span(3, 5, "X"),)
    text = "😊 xAn"
    tokens = [{"text": "xAn", "start": 2, "end": 5}]
    spans = [{"start": 3, "end": 6, "label": "X"}]
    line = {"text": text + "n a", "spans": spans}
    assert one(read_file, line | {"tokens": tokens}).spans == (Span(3, 6, "X"),)


def test_spans_of_a_rejected_task_are_noted(read_file: Read) -> None:
    spans = [{"start": 0, "end": 3, "label": "PER"}]
    record = one(read_file, {"text": "Ann left", "spans": spans, "answer": "reject"})
    assert record.metadata["spans"] == spans and not record.is_annotated
    assert record.notes == ("The answer is “reject”: spans became metadata (1).",)


def test_a_span_that_the_unit_of_the_others_has_nowhere_is_refused(
    read_file: Read,
) -> None:
    told = [{"start": 3, "end": 6, "label": "PER", "text": "Ann"}]
    lines = [
        {"text": "😊 Ann left", "spans": told},
        {"text": "😊 Bob left", "label": [[0, 1, "X"], [3, 6, "PER"]]},
    ]
    _good, bad = read_file("\n".join(json.dumps(line) for line in lines))
    assert isinstance(bad, FormatError)
    assert bad.message.startswith("[0, 1) is no piece of the text if it counts UTF-16")
