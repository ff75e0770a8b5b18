"""Written and read again, any document is the same, or the losses say what is not."""

import io
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.formats import (
    FORMATS,
    OUTPUTS,
    Loss,
    ReadOptions,
    Record,
    Source,
    WriteOptions,
    read,
)
from modeling.spans import Span
from modeling.tokens import tokenize
from tests.annotator.formats.records import any_records

READERS = {
    "jsonl": "jsonl",
    "doccano": "jsonl",
    "prodigy": "jsonl",
    "label-studio": "label-studio",
    "brat": "brat",
    "webanno-tsv": "webanno-tsv",
    "xmi": "xmi",
    "hugging-face": "tagged-jsonl",
    "spacy": "docbin",
    "conll2003": "conll",
    "conll2002": "conll",
}
WHOLE = [name for name in READERS if "text" in OUTPUTS[name].holds]
COLUMNS = [name for name in READERS if OUTPUTS[name].marks_documents]


def written(records: Sequence[Record], name: str, **how: object) -> tuple[bytes, list]:
    file = io.BytesIO()
    options = WriteOptions(**how)  # type: ignore[arg-type]
    losses = list(OUTPUTS[name].write(records, file, options))
    return file.getvalue(), losses


def read_again(data: bytes, name: str, document: str = "sentence") -> list[Record]:
    suffix = f".{OUTPUTS[name].suffix}"
    with tempfile.NamedTemporaryFile(suffix=suffix) as stored:
        stored.write(data)
        stored.flush()
        options = ReadOptions(document, may_overlap=True)
        items = list(read(Source(Path(stored.name)), FORMATS[READERS[name]], options))
    for item in items:
        assert isinstance(item, Record), item
    return [item for item in items if isinstance(item, Record)]


def of(losses: list[Loss], record: Record, *kinds: str) -> list[Loss]:
    return [loss for loss in losses if loss.record is record and loss.kind in kinds]


def expected_text(record: Record, losses: list[Loss], name: str) -> str:
    """The text that the losses say is in the file."""
    text, instead = record.text, " " if name == "webanno-tsv" else "\ufffd"
    for loss in of(losses, record, "character"):
        assert loss.became is not None
        start, end = loss.became
        text = text[:start] + instead * (end - start) + text[end:]
    return text


def expected(record: Record, losses: list[Loss]) -> set[Span]:
    """The spans that the losses say are in the file."""
    spans = set(record.spans)
    for loss in of(losses, record, "moved", "dropped"):
        assert loss.span in spans
        spans.remove(loss.span)
    for loss in of(losses, record, "moved"):
        assert loss.span is not None and loss.became is not None
        spans.add(Span(*loss.became, loss.span.label))
    return spans


@pytest.mark.parametrize("name", WHOLE)
@settings(deadline=None, max_examples=60)
@given(any_records)
def test_texts_spans_and_what_else_a_format_holds_come_back(
    name: str, records: list[Record]
) -> None:
    output = OUTPUTS[name]
    if name == "label-studio":  # which takes one id and text for one task
        records = [replace(r, external_id=f"{i}") for i, r in enumerate(records)]
    data, losses = written(records, name)
    kept = [record for record in records if not of(losses, record, "empty")]
    found = read_again(data, name)
    by_text = {record.text: record for record in found}
    for before, after in zip(kept, found, strict=True):
        text = expected_text(before, losses, name)
        if name in ("brat", "webanno-tsv", "xmi"):  # in the order of the files' names
            after = by_text.get(text, after)
        if len(by_text) < len(kept):
            continue
        assert after.text == text
        # What the tags of a dataset do not hold is in its spans.
        of_tags = [] if name == "hugging-face" else losses
        assert set(after.spans) == expected(before, of_tags)
        assert after.is_annotated == before.is_annotated
        if "suggestions" in output.holds:
            assert after.suggestions == before.suggestions
            assert after.confidences == before.confidences
        if "states" in output.holds:
            assert after.state == before.state
        if "metadata" in output.holds:
            assert after.metadata == before.metadata
        if "tokens" in output.holds and not of(losses, before, "token"):
            assert not before.tokens or after.tokens == before.tokens
            if "sentences" in output.holds and not of(losses, before, "sentence"):
                assert begins(before) in (None, begins(after))
        if "ids" in output.holds and name != "webanno-tsv":
            is_held = before.external_id and not of(losses, before, "id")
            assert not is_held or after.external_id == before.external_id


def begins(record: Record) -> set[int] | None:
    """Where the sentences begin behind the first."""
    if not record.sentence_starts or not record.tokens:
        return None
    return {record.tokens[at][0] for at in record.sentence_starts if at}


@pytest.mark.parametrize("name", READERS)
@settings(deadline=None, max_examples=20)
@given(
    st.text("\ufeff\ufffea ", max_size=4),
    st.sampled_from(["unicode-words", "characters"]),
)
def test_a_text_that_begins_like_a_mark_of_an_encoding_comes_back(
    name: str, rest: str, mode: str
) -> None:
    text = f"\ufeff{rest}b"
    tokens = tuple(tokenize(text, mode))
    spans = (Span(0, tokens[0][1], "X"),)
    record = Record(text, spans, True, tokens, external_id="a")
    data, losses = written([record, replace(record, external_id="b")], name)
    assert {loss.kind for loss in losses} <= {"character"}
    for found in read_again(data, name):
        if "text" in OUTPUTS[name].holds:
            kept = expected_text(record, losses, name)
            assert (found.text, found.spans) == (kept, spans)
            continue
        assert surfaces(found, found.spans) == surfaces(record, spans)


@pytest.mark.parametrize("name", COLUMNS)
@settings(deadline=None, max_examples=60)
@given(any_records)
def test_columns_hold_the_tokens_and_every_span_that_is_no_loss(
    name: str, records: list[Record]
) -> None:
    records = [r for r in records if "DOCSTART" not in r.text]
    data, losses = written(records, name, marks_documents=True)
    kept = [record for record in records if not of(losses, record, "empty")]
    found = read_again(data, name, "docstart") if kept else []
    for before, after in zip(kept, found, strict=True):
        words = [after.text[start:end] for start, end in after.tokens or ()]
        assert "".join(words) == "".join(before.text[slice(*t)] for t in cut(before))
        assert surfaces(after, after.spans) == surfaces(
            before, sorted(expected(before, losses))
        )


def cut(record: Record) -> Sequence[tuple[int, int]]:
    from annotator.formats.conll_writer import writable_tokens

    return writable_tokens(record)[0]


def surfaces(record: Record, spans: Sequence[Span]) -> list[tuple[str, str]]:
    """The words of each span, whatever stands between them, and its label."""
    return [
        (
            "".join(
                record.text[start:end]
                for start, end in cut(record)
                if span.start <= start and end <= span.end
            ),
            span.label,
        )
        for span in spans
    ]
