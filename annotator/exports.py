"""Exporting annotations to one file, with a receipt of what it does not hold."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _t

from annotator.formats import NEED_TOKENS, WRITERS, Loss, Record, WriteOptions
from annotator.models import Annotation, Document, Project, Span
from annotator.models.edits import State
from modeling import spans as span_rules
from modeling.tagging import SCHEMES
from modeling.tokens import TOKEN_MODES, sentence_breaks

BATCH = 500


class ExportRefused(ValueError):
    """Nothing was written; the message is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    format: str = "conll2003"
    scheme: str = "iob2"
    tokens: str | None = None  # a token mode; None: as imported, else the project's
    annotated_by: str | None = None  # a user name or "gold"; None: gold, else newest
    states: tuple[str, ...] = (State.SUBMITTED.value,)
    strict: bool = False  # write nothing unless the file holds everything


@dataclass(slots=True)
class Counts:
    """What went into the file, counted on its way."""

    documents: int = 0
    spans: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    tokenisers: Counter[str] = field(default_factory=Counter)
    annotators: Counter[str] = field(default_factory=Counter)


def export(
    project: Project, path: str | Path, options: ExportOptions | None = None
) -> dict[str, Any]:
    """Write a project's annotations to a path and return the receipt.

    Documents stream in the order of their primary keys. The file appears whole or
    not at all.

    Raises:
        ExportRefused: an option is unknown, or ``strict`` found a loss.
    """
    options = options or ExportOptions()
    _check(options)
    path = Path(path)
    part = path.with_name(f"{path.name}.part")
    counts = Counts()
    how = WriteOptions(options.scheme, _marks_documents(project, options))
    try:
        with part.open("wb") as file:
            writer = WRITERS[options.format]
            records = _records(project, options, counts)
            changes = [_change(loss) for loss in writer(records, file, how)]
        if changes and options.strict:
            raise ExportRefused(_first_change(changes))
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        receipt = _receipt(project, options, counts, changes)
        receipt |= {"file": path.name, "bytes": part.stat().st_size, "sha256": digest}
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return receipt


def write_receipt(receipt: dict[str, Any], path: str | Path) -> Path:
    """Write a receipt beside its export, as PATH.report.json."""
    target = Path(f"{path}.report.json")
    text = json.dumps(receipt, ensure_ascii=False, indent=2)
    target.write_text(text + "\n", encoding="utf-8")
    return target


def _check(options: ExportOptions) -> None:
    known: list[tuple[str, str, Iterable[str]]] = [
        ("format", options.format, WRITERS),
        ("scheme", options.scheme, SCHEMES),
        ("tokens", options.tokens or "as-imported", TOKEN_MODES),
        *(("state", state, State.values) for state in options.states),
    ]
    for name, value, choices in known:
        if value not in choices:
            sentence = _t("The {name} “{value}” is none of {known}.")
            listed = ", ".join(choices)
            message = sentence.format(name=name, value=value, known=listed)
            raise ExportRefused(message)


def _annotations(options: ExportOptions) -> QuerySet[Annotation]:
    chosen = Annotation.objects.filter(state__in=options.states)
    if options.annotated_by == "gold":
        return chosen.filter(is_gold=True)
    if options.annotated_by is not None:
        return chosen.filter(is_gold=False, user__username=options.annotated_by)
    return chosen


def _documents(project: Project, options: ExportOptions) -> QuerySet[Document]:
    annotated = Exists(_annotations(options).filter(document=OuterRef("pk")))
    return project.documents.filter(annotated).order_by("pk")


def _batches(documents: QuerySet[Document]) -> Iterator[list[Document]]:
    """Lists of documents by primary key, which holds no cursor open for long."""
    last = 0
    while batch := list(documents.filter(pk__gt=last)[:BATCH]):
        yield batch
        last = batch[-1].pk


def _records(
    project: Project, options: ExportOptions, counts: Counts
) -> Iterator[Record]:
    for batch in _batches(_documents(project, options)):
        chosen = _choose(batch, options)
        spans = _spans(chosen.values())
        for document in batch:
            document.project = project
            # Somebody may have withdrawn the annotation since the batch was read.
            if document.pk in chosen:
                annotation = chosen[document.pk]
                user = None if annotation.is_gold else annotation.user
                who = user.username if user else "gold"
                counts.annotators[who] += 1
                yield _record(document, spans[annotation.pk], options, counts)


def _choose(documents: list[Document], options: ExportOptions) -> dict[int, Annotation]:
    """One annotation a document: gold, else the one submitted or changed last."""
    rows = _annotations(options).filter(document__in=documents).select_related("user")
    by_worth = sorted(
        rows, key=lambda a: (a.is_gold, a.submitted_at or a.updated_at, a.pk)
    )
    return {annotation.document_id: annotation for annotation in by_worth}


def _spans(annotations: Iterable[Annotation]) -> dict[int, list[span_rules.Span]]:
    spans: dict[int, list[span_rules.Span]] = {a.pk: [] for a in annotations}
    rows = Span.objects.filter(annotation__in=list(spans)).values_list(
        "annotation", "start", "end", "label__name"
    )
    for annotation, start, end, label in rows:
        spans[annotation].append(span_rules.Span(start, end, label))
    return spans


def _record(
    document: Document,
    spans: list[span_rules.Span],
    options: ExportOptions,
    counts: Counts,
) -> Record:
    counts.documents += 1
    counts.spans += len(spans)
    counts.labels.update(span.label for span in spans)
    mode = _token_mode(document, options)
    is_imported = mode == "as-imported"
    if mode is not None:
        counts.tokenisers[mode] += 1
    starts = document.sentence_starts if is_imported else None
    return Record(
        text=document.text,
        spans=tuple(spans),
        is_annotated=True,
        tokens=None if mode is None else tuple(document.tokenize(mode)),
        sentence_starts=None if starts is None else tuple(starts),
        metadata=document.metadata,
        external_id=document.external_id,
        document=document.pk,
    )


def _token_mode(document: Document, options: ExportOptions) -> str | None:
    """How a document is cut; None when the format needs no tokens and has none."""
    if options.tokens in (None, "as-imported") and document.tokens:
        return "as-imported"
    if options.tokens is None and options.format not in NEED_TOKENS:
        return None
    mode = options.tokens or document.project.token_mode
    return "unicode-words" if mode == "as-imported" else mode


def _marks_documents(project: Project, options: ExportOptions) -> bool:
    """Whether the file needs document starts: some document has several sentences.

    Where every document is one sentence, empty lines alone tell documents apart.
    """
    if options.format not in NEED_TOKENS:
        return False
    return any(
        _may_have_sentences(document, options)
        for batch in _batches(_documents(project, options).select_related("project"))
        for document in batch
    )


def _may_have_sentences(document: Document, options: ExportOptions) -> bool:
    """Whether a break stands before the last character; cheaper than its tokens."""
    is_imported = _token_mode(document, options) == "as-imported"
    if is_imported and document.sentence_starts is not None:
        return len(document.sentence_starts) > 1
    end = len(document.text.rstrip())
    return len(sentence_breaks(document.text, [(0, 1), (end - 1, end)])) > 1


def _change(loss: Loss) -> dict[str, Any]:
    record, span = loss.record, loss.span
    change: dict[str, Any] = {
        "document": record.document,
        "external_id": record.external_id,
        "kind": loss.kind,
        "reason": loss.reason,
    }
    if span is not None:
        change |= {
            "start": span.start,
            "end": span.end,
            "label": span.label,
            "surface": record.text[span.start : span.end],
        }
    if loss.became is not None:
        start, end = loss.became
        change |= {"became": [start, end], "became_surface": record.text[start:end]}
    return change


def _first_change(changes: list[dict[str, Any]]) -> str:
    first = changes[0]
    about = _t("document {document}").format(document=first["document"])
    if "surface" in first:
        about += f", {first['label']} [{first['start']}, {first['end']})"
    sentence = _t("{count} things would not be exact, first in {about}: {reason}")
    return sentence.format(count=len(changes), about=about, reason=first["reason"])


def _receipt(
    project: Project,
    options: ExportOptions,
    counts: Counts,
    changes: list[dict[str, Any]],
) -> dict[str, Any]:
    kinds = Counter(change["kind"] for change in changes)
    checkpoint = project.active_checkpoint
    return {
        "project": project.name,
        "written_at": timezone.now().isoformat(timespec="seconds"),
        "format": options.format,
        "scheme": options.scheme if options.format in NEED_TOKENS else None,
        "tokeniser": dict(counts.tokenisers),
        "checkpoint": checkpoint.pk if checkpoint else None,
        "annotated_by": dict(counts.annotators),
        "states": list(options.states),
        "documents": counts.documents,
        "spans": counts.spans,
        "labels": dict(counts.labels),
        "moved": kinds["moved"],
        "dropped": kinds["dropped"],
        "changes": changes,
    }
