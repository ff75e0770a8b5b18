"""Writing Label Studio's JSON: a task a document, offsets in UTF-16 as it counts."""

import json
from collections.abc import Iterable, Iterator
from typing import IO, Any

from annotator.formats.offsets import UTF_16, offsets_of
from annotator.formats.records import Loss, Output, Record, WriteOptions
from modeling.spans import Span

CONTROL = "label"  # as the tags of Label Studio's own template are called
OBJECT = "text"


def write(
    records: Iterable[Record], file: IO[bytes], options: WriteOptions
) -> Iterator[Loss]:
    """One array of tasks; a person's spans as an annotation, a model's as prediction.

    The tokens of a record are not written: Label Studio has none.
    """
    file.write(b"[")
    for number, record in enumerate(records):
        task = json.dumps(_task(record), ensure_ascii=False, allow_nan=False)
        file.write((",\n" if number else "\n").encode() + task.encode())
    file.write(b"\n]\n")
    yield from ()


def _task(record: Record) -> dict[str, Any]:
    data: dict[str, Any] = {OBJECT: record.text}
    if record.external_id:
        data["id"] = record.external_id
    task: dict[str, Any] = {"data": data}
    if record.metadata:
        task["meta"] = record.metadata
    if record.is_annotated:
        task["annotations"] = [{"result": _results(record.text, record.spans)}]
    if record.suggestions:
        proposed = _results(record.text, record.suggestions)
        for span, region in zip(record.suggestions, proposed, strict=True):
            if span in record.confidences:
                region["score"] = record.confidences[span]
        task["predictions"] = [{"result": proposed}]
    return task


def _results(text: str, spans: Iterable[Span]) -> list[dict[str, Any]]:
    units = offsets_of(text, UTF_16)
    return [
        {
            "id": f"{OBJECT}-{number}",
            "from_name": CONTROL,
            "to_name": OBJECT,
            "type": "labels",
            "value": {
                "start": units[span.start],
                "end": units[span.end],
                "text": text[span.start : span.end],
                "labels": [span.label],
            },
        }
        for number, span in enumerate(spans, 1)
    ]


OUTPUT = Output(
    name="label-studio",
    title="Label Studio",
    suffix="json",
    write=write,
    holds=frozenset({"text", "ids", "metadata", "overlaps", "suggestions"}),
)
