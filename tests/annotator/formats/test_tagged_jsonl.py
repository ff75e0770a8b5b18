"""JSON Lines of tokens and tags: Hugging Face's way to keep entities."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from annotator.formats import (
    FormatError,
    ReadOptions,
    Record,
    Source,
    find_format,
    members,
    read,
)
from modeling.spans import Span
from tests.annotator.formats.test_other_programs import folder_of

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
            "“ner_tags” are numbers, and their names are not in the file: put the data "
            "set's README.md or dataset_info.json beside it, in a folder or zip, or "
            "write the names.",
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


NAMES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
NUMBERS = [1, 0, 3, 4, 0]
BY_NUMBER = json.dumps({str(number): tag for number, tag in enumerate(NAMES)})
CARD = f"""---
license: mit
dataset_info:
  features:
  - name: tokens
    sequence: string
  - name: ner_tags
    sequence:
      class_label:
        names: {BY_NUMBER}
---
# News
"""
INFO = {"ner_tags": {"feature": {"names": NAMES}, "_type": "Sequence"}}
BESIDE = {
    "README.md": CARD,
    "dataset_info.json": json.dumps({"features": {"text": {}, **INFO}}),
    "dataset_infos.json": json.dumps({"default": {"features": INFO}}),
    "label.json": json.dumps({tag: number for number, tag in enumerate(NAMES)}),
    "config.json": json.dumps({"id2label": dict(enumerate(NAMES))}),
}


def read_whole(path: Path) -> list[Record | FormatError]:
    source = Source(path)
    return list(read(source, find_format(source), ReadOptions()))


@pytest.mark.parametrize("name", BESIDE)
@pytest.mark.parametrize("holds", ["folder", "zip", "file"])
def test_numbers_get_their_names_from_what_lies_beside(
    tmp_path: Path, name: str, holds: str
) -> None:
    lines = json.dumps(sentence(ner_tags=NUMBERS))
    folder = tmp_path / "set"
    (folder / "data").mkdir(parents=True)
    (folder / name).write_text(BESIDE[name])
    path = folder / "data" / "train.jsonl"
    path.write_text(lines)
    if holds == "file":
        path = path.rename(folder / "train.jsonl")
    elif holds == "folder":
        path = folder
    else:
        path = tmp_path / "set.zip"
        with ZipFile(path, "w") as archive:
            archive.writestr(f"set/{name}", BESIDE[name])
            archive.writestr("set/data/train.jsonl", lines)
    (record,) = read_whole(path)
    assert isinstance(record, Record), record
    assert marked(record) == [("Ann", "PER"), ("New York", "LOC")]
    note, *others = record.notes
    assert all("descriptions of them" in other for other in others)
    assert bool(others) == (holds != "file")
    assert f"The names of “ner_tags” are those in {name}: O, B-PER, I-PER" in note


def test_numbers_of_a_page_of_rows_have_its_names(read_file: Read) -> None:
    label = {"feature": {"names": NAMES, "_type": "ClassLabel"}, "_type": "Sequence"}
    rows = [{"row_idx": 0, "row": sentence(ner_tags=NUMBERS)}]
    page = {"features": [{"name": "ner_tags", "type": label}], "rows": rows}
    record = one(read_file, page)
    assert marked(record) == [("Ann", "PER"), ("New York", "LOC")]


def test_a_number_without_a_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(CARD)
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps(sentence(ner_tags=[1, 0, 3, 9, 0])))
    (error,) = read_whole(path)
    assert isinstance(error, FormatError)
    assert error.message == (
        "The tag 9 has no name; there are 5: O, B-PER, I-PER, B-LOC, I-LOC."
    )


@pytest.mark.parametrize("bad", ["", "---\n[", "---\na: &a [*a]\n---\n", "\xff", "---"])
def test_a_description_that_says_nothing_gives_no_names(
    tmp_path: Path, bad: str
) -> None:
    for name in BESIDE:
        (tmp_path / name).write_text(bad, encoding="latin-1")
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps(sentence(ner_tags=NUMBERS)))
    (error,) = read_whole(path)
    assert isinstance(error, FormatError) and "are numbers" in error.message


@pytest.mark.parametrize(
    "bad",
    [
        "a: !!int ''",
        "a: !!bool x",
        "a: !!timestamp x",
        "ner_tags: {names: {.inf: O}}",
        "ner_tags: {names: {0: O, 2: B-PER}}",
        "ner_tags: {names: {1: O, 2: B-PER}}",
        "ner_tags: {names: {0xf: O, 0: B-PER}}",
        "a: {<<: {names: [O]}}",
    ],
)
def test_a_card_that_numbers_no_names_gives_none(tmp_path: Path, bad: str) -> None:
    (tmp_path / "README.md").write_text(f"---\n{bad}\n---\n")
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps(sentence(ner_tags=[1, 0, 0, 0, 0])))
    (error,) = read_whole(path)
    assert isinstance(error, FormatError) and "are numbers" in error.message


def test_a_description_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither again for each line nor for each member, and whether it helps or not."""
    asked: list[str] = []
    content, beside = members.content, Source.beside

    def counted(path: Path, shown: str, name: str) -> bytes | None:
        asked.append(name)
        return content(path, shown, name)

    def counted_too(source: Source, name: str) -> bytes | None:
        asked.append(f"beside {name}")
        return beside(source, name)

    monkeypatch.setattr(members, "content", counted)
    monkeypatch.setattr(Source, "beside", counted_too)
    line = json.dumps(sentence(ner_tags=NUMBERS))
    path = tmp_path / "set.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("README.md", "---\na: b\n---\n")
        for number in range(3):
            archive.writestr(f"{number}.jsonl", f"{line}\n{line}\n")
    errors = read_whole(path)
    assert len(errors) == 6 and all(isinstance(e, FormatError) for e in errors)
    assert asked.count("README.md") == 1
    assert asked.count("beside README.md") == 3


def test_a_description_full_of_references_or_numbers_takes_no_time(
    tmp_path: Path,
) -> None:
    many = ",".join(["1"] * 500_000)
    references = "- {ner_tags: [*b]}\n" * 500
    (tmp_path / "README.md").write_text(
        f"---\nb: &b [{'x, ' * 5_000}]\nc:\n{references}---\n"
    )
    (tmp_path / "label.json").write_text(f"[{many}]")
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps(sentence(ner_tags=NUMBERS)))
    start = time.monotonic()
    (error,) = read_whole(path)
    assert isinstance(error, FormatError)
    assert time.monotonic() - start < 10


def test_each_page_of_rows_has_its_own_names(read_file: Read) -> None:
    def page(names: list[str]) -> dict[str, Any]:
        features = [{"name": "ner_tags", "type": {"feature": {"names": names}}}]
        row = {"tokens": ["Ann", "left"], "ner_tags": [1, 0]}
        return {"features": features, "rows": [{"row": row}]}

    pages = [page(["O", "B-A"]), page(["O", "B-A"]), page(["O", "B-C"])]
    records = [item for item in items(read_file, *pages) if isinstance(item, Record)]
    assert [marked(record)[0][1] for record in records] == ["A", "A", "C"]
    assert [len(record.notes) for record in records] == [1, 0, 1]


def test_names_that_differ_are_none(tmp_path: Path) -> None:
    other = {"ner_tags": {"names": ["O", "B-X", "I-X", "B-Y", "I-Y"]}}
    both = {"a": {"features": INFO}, "b": {"features": other}}
    (tmp_path / "dataset_infos.json").write_text(json.dumps(both))
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps(sentence(ner_tags=NUMBERS)))
    (error,) = read_whole(path)
    assert isinstance(error, FormatError) and "are numbers" in error.message


def own(**more: Any) -> dict[str, Any]:
    """A line as this program writes it, with a span inside of a token."""
    span = {"start": 0, "end": 2, "label": "PER", "surface": "An"}
    line = {"text": "Ann  left", "tokens": ["Ann", "left"], "token_starts": [0, 5]}
    return line | {"ner_tags": ["B-PER", "O"], "spans": [span]} | more


def test_an_own_line_has_its_exact_text_spans_and_metadata(read_file: Read) -> None:
    metadata = json.dumps({"a": [1], "text": "b"})
    record = one(read_file, own(sentence_starts=[0, 1], metadata=metadata))
    assert (record.text, marked(record)) == ("Ann  left", [("An", "PER")])
    assert (record.tokens, record.sentence_starts) == (((0, 3), (5, 9)), (0, 1))
    assert (record.metadata, record.notes) == ({"a": [1], "text": "b"}, ())


def test_spans_without_tags_are_an_answer_too(read_file: Read) -> None:
    record = one(read_file, own(ner_tags=None))
    assert (record.is_annotated, marked(record)) == (True, [("An", "PER")])
    record = one(read_file, own(ner_tags=None, spans=None))
    assert (record.is_annotated, marked(record)) == (False, [])


def test_what_was_done_to_exact_spans_is_noted(read_file: Read) -> None:
    span = {"start": 3, "end": 6, "label": "PER", "surface": "Ann", "score": 0.5}
    line = {"text": "😊 Ann", "tokens": ["😊", "Ann"], "token_starts": [0, 2]}
    record = one(read_file, line | {"ner_tags": ["O", "B-PER"], "spans": [span, span]})
    assert marked(record) == [("Ann", "PER")]
    assert record.confidences == {Span(2, 5, "PER"): 0.5}
    repaired, repeated = record.notes
    assert "UTF-16" in repaired and "stands 2 times" in repeated


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"ner_tags": ["O", "O"]}, "“ner_tags” and “spans” mark different things"),
        ({"token_starts": [0, 4]}, "The token “left” is not at 4 of the text."),
        ({"token_starts": [0]}, "There are 1 token_starts for 2 tokens."),
        ({"sentence_starts": "0"}, 'The sentence starts "0" are not a list'),
    ],
)
def test_what_of_an_own_line_does_not_agree_is_refused(
    read_file: Read, more: dict[str, Any], message: str
) -> None:
    (error,) = items(read_file, own(**more))
    assert isinstance(error, FormatError)
    assert error.message.startswith(message)


def test_an_own_export_comes_back_as_a_zip(tmp_path: Path) -> None:
    record = Record("Ann  left", (Span(0, 2, "PER"),), True, metadata={"a": "b"})
    folder = folder_of(tmp_path, [record], scheme="bioes")
    path = tmp_path / "set.zip"
    with ZipFile(path, "w") as archive:
        for file in sorted(folder.iterdir()):
            if file != path:
                archive.write(file, file.name)
    (found,) = read_whole(path)
    assert isinstance(found, Record), found
    assert (found.text, found.spans) == (record.text, record.spans)
    assert found.metadata == record.metadata
    assert found.notes == ("Not documents, but descriptions of them: README.md.",)


def test_what_is_ignored_is_named_though_the_last_line_is_bad(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(CARD)
    (tmp_path / "a.jsonl").write_text(json.dumps(sentence()) + "\n[1]\n")
    error, record = sorted(read_whole(tmp_path), key=lambda i: isinstance(i, Record))
    assert isinstance(error, FormatError) and isinstance(record, Record)
    assert record.notes == ("Not documents, but descriptions of them: README.md.",)


def test_a_folder_of_ignored_files_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "label.json").write_text(json.dumps(sentence()))
    (error,) = read_whole(tmp_path)
    assert isinstance(error, FormatError)
    assert "no documents, but descriptions of them: label.json" in error.message


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_of_objects_is_read(read_file: Read, indent: int | None) -> None:
    text = json.dumps([sentence(), sentence(tokens=[1]), sentence()], indent=indent)
    first, error, last = read_file(text, name="train.json")
    assert isinstance(first, Record) and isinstance(last, Record)
    assert marked(first) == marked(last) == [("Ann", "PER"), ("New York", "LOC")]
    assert isinstance(error, FormatError) and "“tokens” is [1]" in error.message


def test_an_array_of_one_indented_object_is_read(read_file: Read) -> None:
    (record,) = read_file(json.dumps(sentence(), indent=1), name="train.json")
    assert isinstance(record, Record), record


def test_a_sentence_may_have_rows_of_its_own(read_file: Read) -> None:
    record = one(read_file, sentence(rows=[1, 2]))
    assert marked(record) == [("Ann", "PER"), ("New York", "LOC")]
