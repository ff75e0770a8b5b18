"""Opening a file that is to be imported: as what it is read, and what it says."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _t

from annotator import access
from annotator.formats import (
    Format,
    FormatError,
    ReadOptions,
    Record,
    Source,
    find_format,
    read,
)
from annotator.models import Project
from annotator.models.documents import Split

LABELS_NAMED = 10


@dataclass(frozen=True, slots=True)
class ImportOptions:
    format: str = "auto"
    split: str | None = None  # "pool" or "evaluation"; None draws by chance
    annotated_by: Any = None  # a user, "gold", "suggestions"; None leaves them out
    document: str = "sentence"  # "docstart", "file" or "blank-lines:N"
    skip_bad: bool = False
    file_name: str = ""  # when the path is a temporary one
    encoding: str = ""  # as a person states it; empty to look for it
    text_column: str = ""  # of a table; empty to look for it
    creates_labels: bool = True  # else a document with an unknown one is refused


def open_source(path: str | Path, options: ImportOptions) -> Source:
    return Source(Path(path), options.file_name, options.encoding)


def open_file(
    source: Source,
    project: Project,
    options: ImportOptions,
    format: Format | None = None,
) -> tuple[Format, Iterator[Record | FormatError]]:
    """The format of a file, unless it is known, and its documents and errors.

    Raises:
        FormatError: the file is of no format, or not of the one that is asked for.
    """
    format = format or find_format(source, options.format)
    how = ReadOptions(
        options.document,
        project.joins_tokens_with,
        project.allows_overlap,
        options.text_column,
    )
    items = read(source, format, how)
    if options.annotated_by == "suggestions":
        items = map(_as_suggestions, items)
    if not options.creates_labels:
        items = _with_known_labels(items, project)
    return format, items


def _as_suggestions(item: Record | FormatError) -> Record | FormatError:
    """A record whose spans a person still has to confirm."""
    if isinstance(item, FormatError):
        return item
    proposed = (*item.spans, *item.suggestions)
    return replace(item, spans=(), is_annotated=False, suggestions=proposed)


def _with_known_labels(
    items: Iterable[Record | FormatError], project: Project
) -> Iterator[Record | FormatError]:
    """Refuse records with labels that the project does not have."""
    known = list(project.labels.values_list("name", flat=True))
    sentence = _t("The label “{label}” is not one of the project's: {known}.")
    shown = ", ".join(known[:LABELS_NAMED]) + (" …" if known[LABELS_NAMED:] else "")
    for item in items:
        spans = (
            () if isinstance(item, FormatError) else (*item.spans, *item.suggestions)
        )
        unknown = next((s.label for s in spans if s.label not in known), None)
        if unknown is None:
            yield item
        else:
            yield FormatError(item.line, sentence.format(label=unknown, known=shown))


def check_options(project: Project, options: ImportOptions) -> None:
    if options.split is not None and options.split not in Split.values:
        sentence = _t("The split “{split}” is neither pool nor evaluation.")
        raise FormatError(1, sentence.format(split=options.split))
    person = options.annotated_by
    if person in (None, "gold", "suggestions"):
        return
    if not access.may(person, project, access.ANNOTATE):
        sentence = _t("{user} may not annotate in “{project}”.")
        raise FormatError(1, sentence.format(user=person, project=project))


def bad_lines(
    path: str | Path, project: Project, options: ImportOptions
) -> Iterator[tuple[int, str]]:
    """Every bad line of a file, as it is read."""
    source = open_source(path, options)
    try:
        check_options(project, options)
        _format, items = open_file(source, project, options)
    except FormatError as error:
        yield error.line, error.message
        return
    for item in items:
        if isinstance(item, FormatError):
            yield item.line, item.message


def all_notes(
    path: str | Path, project: Project, options: ImportOptions
) -> Iterator[tuple[int, str]]:
    """Every note about a file, as it is read."""
    source = open_source(path, options)
    try:
        _format, items = open_file(source, project, options)
    except FormatError:
        return  # a bad line, not a note
    for item in items:
        if isinstance(item, Record):
            yield from ((item.line, note) for note in item.notes)
    yield from ((1, note) for note in source.notes)
