"""Importing a file: every record is validated before the first one is stored."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _t

from annotator import access, storing
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

SAMPLES = 5
ERRORS_KEPT = 10_000
NOTES_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class ImportOptions:
    format: str = "auto"
    split: str | None = None  # "pool" or "evaluation"; None draws by chance
    annotated_by: Any = None  # a user, "gold", "suggestions"; None leaves them out
    document: str = "sentence"  # "docstart", "file" or "blank-lines:N"
    skip_bad: bool = False
    file_name: str = ""  # when the path is a temporary one
    encoding: str = ""  # as a person states it; empty to look for it


@dataclass(slots=True)
class Survey:
    """What one pass over a file found, in memory that does not grow with it."""

    documents: int = 0
    annotated: int = 0
    spans: int = 0
    duplicates: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    samples: list[Record] = field(default_factory=list)
    suggestions: int = 0
    errors: list[tuple[int, str]] = field(default_factory=list)
    error_count: int = 0
    notes: list[tuple[int, str]] = field(default_factory=list)
    note_count: int = 0

    def add(self, record: Record) -> None:
        self.documents += 1
        self.annotated += record.is_annotated
        self.spans += len(record.spans)
        self.suggestions += len(record.suggestions)
        self.labels.update(span.label for span in record.spans)
        self.labels.update({span.label: 0 for span in record.suggestions})
        self.add_notes(record.line, record.notes)
        if len(self.samples) < SAMPLES:
            self.samples.append(record)

    def add_error(self, error: FormatError) -> None:
        self.error_count += 1
        if len(self.errors) < ERRORS_KEPT:
            self.errors.append((error.line, error.message))

    def add_notes(self, line: int, notes: Iterable[str]) -> None:
        for note in notes:
            self.note_count += 1
            if len(self.notes) < NOTES_KEPT:
                self.notes.append((line, note))


@dataclass(frozen=True, slots=True)
class Preview:
    """What was recognised in a file, before anything of it is stored."""

    format: str
    encoding: str
    scheme: str  # of the tags, empty for formats without
    details: dict[str, str]  # such as which columns were read
    documents: int
    annotated: int
    spans: int
    duplicates: int  # already in the project
    labels: list[tuple[str, bool]]  # name, whether it is new to the project
    samples: list[Record]
    errors: list[tuple[int, str]]
    error_count: int
    suggestions: int = 0
    notes: list[tuple[int, str]] = field(default_factory=list)
    note_count: int = 0


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import stored; nothing when it found errors it must not skip."""

    format: str = ""
    documents: int = 0  # good ones in the file
    created: int = 0
    duplicates: int = 0  # were there already
    annotations: int = 0  # stored, also on documents that were there already
    spans: int = 0  # stored
    spans_not_stored: int = 0  # nobody was named whose they are
    labels_created: list[str] = field(default_factory=list)
    evaluation: int = 0  # documents moved into the evaluation slice
    suggestions: int = 0  # stored
    encoding: str = ""
    errors: list[tuple[int, str]] = field(default_factory=list)
    error_count: int = 0
    notes: list[tuple[int, str]] = field(default_factory=list)
    note_count: int = 0
    is_stored: bool = False


def preview(
    path: str | Path, project: Project, options: ImportOptions | None = None
) -> Preview:
    """Read the whole file and store nothing."""
    options = options or ImportOptions()
    source = _source(path, options)
    known = set(project.labels.values_list("name", flat=True))
    survey, name, encoding, details = Survey(), options.format, "", {}
    try:
        encoding = source.encoding
        format, reader = _open(source, project, options)
        details = dict(format.describe(source))
    except FormatError as error:
        survey.add_error(error)
    else:
        survey, name = _survey(reader, project), format.name
        survey.add_notes(1, source.notes)
    return Preview(
        format=name,
        encoding=encoding,
        scheme=details.pop("scheme", ""),
        details=details,
        documents=survey.documents,
        annotated=survey.annotated,
        spans=survey.spans,
        duplicates=survey.duplicates,
        labels=[(label, label not in known) for label in survey.labels],
        samples=survey.samples,
        errors=survey.errors,
        error_count=survey.error_count,
        suggestions=survey.suggestions,
        notes=survey.notes,
        note_count=survey.note_count,
    )


def import_file(
    path: str | Path,
    project: Project,
    options: ImportOptions | None = None,
    by: Any = None,
) -> ImportReport:
    """Validate a file, then store its documents in one transaction.

    With errors nothing is stored, unless they are to be skipped.
    """
    options = options or ImportOptions()
    source = _source(path, options)
    try:
        _check_options(project, options)
        encoding = source.encoding
        format, reader = _open(source, project, options)
    except FormatError as error:
        return ImportReport(errors=[(error.line, error.message)], error_count=1)
    survey = _survey(reader)
    survey.add_notes(1, source.notes)
    options = replace(options, format=format.name)  # recognised once is enough
    report = ImportReport(
        format=format.name,
        encoding=encoding,
        documents=survey.documents,
        errors=survey.errors,
        error_count=survey.error_count,
        notes=survey.notes,
        note_count=survey.note_count,
    )
    if not survey.documents or (survey.errors and not options.skip_bad):
        return report
    is_person = options.annotated_by not in (None, "suggestions")
    stored = storing.store(
        project,
        _second_pass(source, project, options, survey.error_count),
        labels=survey.labels,
        annotator=options.annotated_by if is_person else None,
        split=options.split,
        by=by,
    )
    return replace(
        report,
        created=stored.created,
        duplicates=stored.duplicates,
        annotations=stored.annotations,
        spans=stored.spans,
        spans_not_stored=0 if options.annotated_by else survey.spans,
        suggestions=stored.suggestions,
        labels_created=stored.labels_created,
        evaluation=stored.evaluation,
        is_stored=True,
    )


def _source(path: str | Path, options: ImportOptions) -> Source:
    return Source(Path(path), options.file_name, options.encoding)


def _open(
    source: Source, project: Project, options: ImportOptions
) -> tuple[Format, Iterator[Record | FormatError]]:
    format = find_format(source, options.format)
    how = ReadOptions(
        options.document, project.joins_tokens_with, project.allows_overlap
    )
    items = read(source, format, how)
    if options.annotated_by == "suggestions":
        items = map(_as_suggestions, items)
    return format, items


def _as_suggestions(item: Record | FormatError) -> Record | FormatError:
    """A record whose spans a person still has to confirm."""
    if isinstance(item, FormatError):
        return item
    proposed = (*item.spans, *item.suggestions)
    return replace(item, spans=(), is_annotated=False, suggestions=proposed)


def _check_options(project: Project, options: ImportOptions) -> None:
    if options.split is not None and options.split not in Split.values:
        sentence = _t("The split “{split}” is neither pool nor evaluation.")
        raise FormatError(1, sentence.format(split=options.split))
    person = options.annotated_by
    if person in (None, "gold", "suggestions"):
        return
    if not access.may(person, project, access.ANNOTATE):
        sentence = _t("{user} may not annotate in “{project}”.")
        raise FormatError(1, sentence.format(user=person, project=project))


def _survey(
    reader: Iterable[Record | FormatError], project: Project | None = None
) -> Survey:
    """Count what a file holds; with a project, also what is there already."""
    survey = Survey()

    def good() -> Iterator[Record]:
        for item in reader:
            if isinstance(item, FormatError):
                survey.add_error(item)
            else:
                survey.add(item)
                yield item

    for batch in storing.batches(good()):
        if project is not None:
            survey.duplicates += len(storing.existing(project, batch))
    if not survey.documents and not survey.error_count:
        survey.add_error(FormatError(1, _t("The file holds no document.")))
    return survey


def _second_pass(
    source: Source, project: Project, options: ImportOptions, expected_errors: int
) -> Iterator[Record]:
    """The good records again; a file that changed meanwhile is refused."""
    _format, reader = _open(source, project, options)
    errors = 0
    for item in reader:
        if isinstance(item, Record):
            yield item
            continue
        errors += 1
        if errors > expected_errors:
            raise item
