"""Writing doccano's JSON Lines: a text and [start, end, label] a span."""

from collections.abc import Iterable, Iterator
from typing import IO, Any

from annotator.formats.jsonl_look import UNIT_KEY
from annotator.formats.jsonl_writer import write_line
from annotator.formats.offsets import CODE_POINTS, UNSAID, Claim, check_words
from annotator.formats.records import Loss, Output, Record, WriteOptions
from annotator.formats.source import FormatError


def write(
    records: Iterable[Record], file: IO[bytes], options: WriteOptions
) -> Iterator[Loss]:
    """One object a line; a document without ``label`` is not annotated."""
    for record in records:
        write_line(file, _as_json(record))
    yield from ()


def _as_json(record: Record) -> dict[str, Any]:
    value: dict[str, Any] = {"text": record.text}
    if record.external_id:
        value["id"] = record.external_id
    if record.is_annotated:
        value["label"] = [[span.start, span.end, span.label] for span in record.spans]
        if _is_doubtful(record):
            value[UNIT_KEY] = CODE_POINTS.name
    if record.metadata:
        value["meta"] = record.metadata
    return value


def _is_doubtful(record: Record) -> bool:
    """Whether a reader would ask what the offsets of these spans count."""
    claims = [Claim(span.start, span.end) for span in record.spans]
    try:
        return bool(check_words(record.text, claims, UNSAID))
    except FormatError:
        return True


OUTPUT = Output(
    name="doccano",
    title="doccano",
    suffix="jsonl",
    write=write,
    holds=frozenset({"text", "ids", "metadata", "overlaps"}),
    is_lines=True,
)
