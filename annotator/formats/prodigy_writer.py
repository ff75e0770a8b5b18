"""Writing Prodigy's JSON Lines: tokens as objects, spans by character and by token."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from django.utils.translation import gettext as _t

from annotator.formats.jsonl_writer import write_line
from annotator.formats.records import Loss, Output, Record, WriteOptions
from modeling.spans import Span
from modeling.tokens import Token, tokenize


def write(
    records: Iterable[Record], file: IO[bytes], options: WriteOptions
) -> Iterator[Loss]:
    """One accepted task a line; one without ``answer`` is not annotated.

    A span that is no whole number of tokens keeps its characters, but Prodigy's own
    pages refuse such a task: a loss.
    """
    for record in records:
        tokens = tokenize(record.text) if record.tokens is None else record.tokens
        task = _as_json(record, tokens)
        write_line(file, task)
        for span, written in zip(record.spans, task.get("spans", ()), strict=False):
            if "token_end" not in written:
                reason = _t("It is no whole number of tokens, as Prodigy needs it.")
                yield Loss(record, "token", reason, span)


def _as_json(record: Record, tokens: Sequence[Token]) -> dict[str, Any]:
    task: dict[str, Any] = {"text": record.text}
    if record.external_id:
        task["id"] = record.external_id
    if record.metadata:
        task["meta"] = record.metadata
    task["tokens"] = [
        _token(record.text, number, token) for number, token in enumerate(tokens)
    ]
    if record.is_annotated:
        starts = [start for start, _ in tokens]
        ends = [end for _, end in tokens]
        task["spans"] = [_span(span, starts, ends) for span in record.spans]
        task["answer"] = "accept"
    return task


def _token(text: str, number: int, token: Token) -> dict[str, Any]:
    start, end = token
    return {
        "text": text[start:end],
        "start": start,
        "end": end,
        "id": number,
        "ws": text[end : end + 1].isspace(),
    }


def _span(span: Span, starts: list[int], ends: list[int]) -> dict[str, Any]:
    value: dict[str, Any] = {"start": span.start, "end": span.end, "label": span.label}
    first, last = bisect_left(starts, span.start), bisect_left(ends, span.end)
    if starts[first : first + 1] == [span.start] and ends[last : last + 1] == [
        span.end
    ]:
        value |= {"token_start": first, "token_end": last}  # Prodigy's is inclusive
    return value


OUTPUT = Output(
    name="prodigy",
    title="Prodigy",
    suffix="jsonl",
    write=write,
    holds=frozenset({"text", "ids", "metadata", "tokens", "overlaps"}),
    needs_tokens=True,
    is_lines=True,
)
