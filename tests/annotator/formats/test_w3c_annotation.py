"""W3C Web Annotation: selectors, bodies, and the text in a file beside."""

import json
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

from annotator.formats import (
    FormatError,
    ReadOptions,
    Record,
    Source,
    find_format,
    read,
    w3c_annotation,
)

TEXT = "😊 Ann saw Ann in Basel."


def position(start: Any, end: Any) -> dict[str, Any]:
    return {"type": "TextPositionSelector", "start": start, "end": end}


def quote(exact: str, **around: str) -> dict[str, Any]:
    return {"type": "TextQuoteSelector", "exact": exact, **around}


def annotation(*selectors: Any, tag: str = "PER", **more: Any) -> dict[str, Any]:
    body = {"type": "TextualBody", "value": tag, "purpose": "tagging"}
    return {
        "@context": "http://www.w3.org/ns/anno.jsonld",
        "type": "Annotation",
        "body": [body],
        "target": {"selector": list(selectors)},
        **more,
    }


def read_beside(folder: Path, value: Any, text: str = TEXT) -> Record | FormatError:
    (folder / "a.json").write_text(json.dumps(value), encoding="utf-8")
    (folder / "a.txt").write_text(text, encoding="utf-8")
    source = Source(folder / "a.json")
    format = find_format(source)
    assert format.name == "w3c-annotation"
    (item,) = read(source, format, ReadOptions())
    return item


def one(folder: Path, value: Any) -> Record:
    item = read_beside(folder, value)
    assert isinstance(item, Record), item
    return item


def marked(record: Record) -> list[tuple[int, str, str]]:
    return [
        (span.start, record.text[span.start : span.end], span.label)
        for span in record.spans
    ]


def test_positions_are_spans_of_the_text_beside(tmp_path: Path) -> None:
    value = [annotation(quote("Ann"), position(10, 13)), annotation(position(2, 5))]
    record = one(tmp_path, value)
    assert marked(record) == [(2, "Ann", "PER"), (10, "Ann", "PER")]
    assert (record.external_id, record.notes) == ("a", ())


def test_offsets_in_utf16_are_repaired_and_the_repair_is_told(tmp_path: Path) -> None:
    record = one(tmp_path, [annotation(quote("Basel"), position(18, 23), tag="LOC")])
    assert marked(record) == [(17, "Basel", "LOC")]
    assert record.notes == (
        "The offsets count UTF-16 units, not code points: 1 were converted.",
    )


def test_a_quotation_alone_is_enough_where_it_is_unique(tmp_path: Path) -> None:
    value = [annotation(quote("Ann", prefix="saw ", suffix=" in"))]
    assert marked(one(tmp_path, value)) == [(10, "Ann", "PER")]
    error = read_beside(tmp_path, [annotation(quote("Ann"))])
    assert isinstance(error, FormatError)
    assert error.message == (
        "a.json: “Ann” is 2 times in the text, and has no offsets."
    )


def test_recogito_is_read_too(tmp_path: Path) -> None:
    selector = {"quote": "Basel", "start": 17, "end": 22}
    bodies = [{"purpose": "tagging", "value": {"id": "x", "label": "LOC"}}]
    target = {"annotation": "1", "selector": [selector]}
    record = one(tmp_path, [{"id": "1", "bodies": bodies, "target": target}])
    assert marked(record) == [(17, "Basel", "LOC")]


def test_pages_of_annotations_are_read(tmp_path: Path) -> None:
    page = {"type": "AnnotationPage", "items": [annotation(position(2, 5))]}
    context = {"@context": "http://www.w3.org/ns/anno.jsonld", "target": "x"}
    record = one(tmp_path, context | {"first": page})
    assert marked(record) == [(2, "Ann", "PER")]


def test_what_is_not_kept_is_named(tmp_path: Path) -> None:
    comment = {"type": "TextualBody", "value": "nice"}
    value = [
        annotation(position(17, 22), body=comment),
        annotation(target=[{"id": "#1"}, {"id": "#2"}], motivation="linking"),
        annotation(target="http://example.org/"),
    ]
    record = one(tmp_path, value)
    assert marked(record) == [(17, "Basel", "annotation")]
    assert record.notes == (
        "Mentions without a tag are called “annotation” (1).",
        "Not kept: comments (1), relations (1), without a place (1).",
    )


def test_a_zip_holds_texts_and_their_annotations(tmp_path: Path) -> None:
    path, value = tmp_path / "a.zip", json.dumps([annotation(position(2, 5))])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", value)
        archive.writestr("a.txt", TEXT)
        archive.writestr("b.txt", "Nobody read this.")
        archive.writestr("c.json", value)
    source = Source(path)
    first, error, last = read(source, find_format(source), ReadOptions())
    assert isinstance(first, Record) and marked(first) == [(2, "Ann", "PER")]
    assert isinstance(last, Record) and not last.is_annotated
    assert isinstance(error, FormatError)
    assert error.message == (
        "c.json: The annotated text is not in the file: put it as c.txt beside it, in "
        "a folder or zip."
    )


def test_texts_of_a_zip_are_not_kept_behind_their_documents(tmp_path: Path) -> None:
    peaks = []
    for count in (5, 55):
        path, value = (
            tmp_path / f"{count}.zip",
            json.dumps([annotation(position(2, 5))]),
        )
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(count):
                archive.writestr(f"{number}.txt", "Rain. " * 5_000)
                archive.writestr(f"{number}.json", value)
        source = Source(path)
        tracemalloc.start()
        try:
            found = sum(1 for _ in w3c_annotation.read(source, ReadOptions()))
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert found == count
    assert peaks[1] - peaks[0] < 500_000  # fifty texts are 1,500,000


@pytest.mark.parametrize(
    ("value", "line", "sentence"),
    [
        ([annotation(position(2, 5)), 7], 1, "7 is no annotation with a target."),
        ([annotation(position(2, 99))], 1, "[2, 99) is not inside a text of 23"),
        (
            [annotation(quote("Bob"), position(2, 5))],
            1,
            "At [2, 5) the text says “Ann”, not “Bob”.",
        ),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, value: Any, line: int, sentence: str
) -> None:
    error = read_beside(tmp_path, value)
    assert isinstance(error, FormatError), error
    assert (error.line, sentence in error.message) == (line, True), error


@pytest.mark.parametrize("purpose", [["tagging"], ["linking", "tagging"], "tagging"])
def test_a_body_may_have_several_purposes(tmp_path: Path, purpose: Any) -> None:
    value = annotation(position(2, 5), body={"value": "PER", "purpose": purpose})
    assert marked(one(tmp_path, value)) == [(2, "Ann", "PER")]


@pytest.mark.parametrize("purpose", [[["tagging"]], {"tagging": 1}, [None], 7])
def test_what_is_no_purpose_makes_a_body_no_tag(tmp_path: Path, purpose: Any) -> None:
    value = annotation(position(2, 5), body={"value": "PER", "purpose": purpose})
    record = one(tmp_path, value)
    assert marked(record) == [(2, "Ann", "annotation")]
    assert "Not kept: comments (1)." in record.notes


def test_a_text_that_cannot_be_read_takes_no_other_one_with_it(tmp_path: Path) -> None:
    files = {"a.txt": TEXT.encode(), "b.txt": b"good \xff bad", "c.txt": b"Carl left"}
    files |= {"a.json": json.dumps([annotation(position(2, 5))]).encode()}
    first, error, last = read_zip(tmp_path / "a.zip", files)
    assert isinstance(first, Record) and marked(first) == [(2, "Ann", "PER")]
    assert str(error) == "line 1: b.txt: Byte 5 of b.txt, 0xFF, is not UTF-8."
    assert isinstance(last, Record) and last.text == "Carl left"


def test_detected_encodings_and_files_that_are_not_read_are_told(
    tmp_path: Path,
) -> None:
    value = annotation(position(2, 5), tag="人物名称与地点组织机构名")
    data = json.dumps([value], ensure_ascii=False).encode("gb18030")
    files = {"a.json": data, "a.txt": TEXT.encode(), "README.txt": b"x", "b.css": b"x"}
    (record,) = read_zip(tmp_path / "a.zip", files)
    assert isinstance(record, Record)
    not_read, encoding = record.notes
    assert not_read == "Not read: README.txt, b.css."
    assert encoding.startswith("a.json is not UTF-8; it was read as ")


def read_zip(path: Path, files: dict[str, bytes]) -> list[Record | FormatError]:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    source = Source(path)
    format = find_format(source)
    assert format.name == "w3c-annotation"
    return list(read(source, format, ReadOptions()))
