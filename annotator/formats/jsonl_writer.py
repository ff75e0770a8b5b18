"""Writing JSON Lines in this program's own keys, which hold all of a record."""

import json
from collections.abc import Iterable, Iterator
from typing import IO, Any

from django.utils.translation import gettext_lazy as _

from annotator.formats.records import EVERYTHING, Loss, Output, Record, WriteOptions
from modeling.spans import Span

ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
DIGITS = 6  # of a confidence that somebody looks at


def write(
    records: Iterable[Record], file: IO[bytes], options: WriteOptions
) -> Iterator[Loss]:
    """One object a line."""
    for record in records:
        write_line(file, as_json(record))
    yield from ()


def write_line(file: IO[bytes], value: dict[str, Any]) -> None:
    file.write(ENCODER.encode(value).encode() + b"\n")


def as_json(record: Record) -> dict[str, Any]:
    """A record in this program's own keys."""
    value: dict[str, Any] = {"text": record.text}
    if record.external_id:
        value["id"] = record.external_id
    if record.is_annotated:
        value["spans"] = spans_as_json(record.text, record.spans)
        if record.state not in ("", "submitted"):
            value["annotation_state"] = record.state
    if record.suggestions:
        proposed = spans_as_json(record.text, record.suggestions)
        for span, written in zip(record.suggestions, proposed, strict=True):
            if span in record.confidences:
                written["confidence"] = record.confidences[span]
        value["suggestions"] = proposed
    if record.tokens is not None:
        value["tokens"] = [list(token) for token in record.tokens]
    if record.sentence_starts is not None:
        value["sentence_starts"] = list(record.sentence_starts)
    if record.metadata:
        value["metadata"] = record.metadata
    return value


def spans_as_json(text: str, spans: Iterable[Span]) -> list[dict[str, Any]]:
    return [
        {
            "start": span.start,
            "end": span.end,
            "label": span.label,
            "surface": text[span.start : span.end],
        }
        for span in spans
    ]


OUTPUT = Output(
    name="jsonl",
    title=_("JSON lines"),
    suffix="jsonl",
    write=write,
    holds=EVERYTHING,
    is_lines=True,
)
