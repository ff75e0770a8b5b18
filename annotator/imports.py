"""Importing a file: every record is validated before the first one is stored."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _t

from annotator import access, storing
from annotator.collecting import sparing_the_collector
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
from annotator.patience import patiently
from annotator.surveys import survey

COUNTED_AT_ONCE = 1024 * 1024  # bytes
KEPT_CHARACTERS = 4_000_000  # of texts whose file is then not read a second time
CHARACTERS_OF_A_RECORD = 200  # as much memory as it takes beside its text
LABELS_NAMED = 10
ERRORS_SHOWN = NOTES_SHOWN = 100  # of a file; all of them come as a file
# Documents done, and how far that is, from 0 to 1.
OnProgress = Callable[[int, float], None]


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


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import stored; nothing when it found errors it must not skip."""

    format: str = ""
    documents: int = 0  # good ones in the file
    created: int = 0
    duplicates: int = 0  # were there already
    annotations: int = 0  # stored, also on documents that were there already
    spans: int = 0  # stored
    # Nobody was named whose they are, or the document was answered before.
    spans_not_stored: int = 0
    labels_created: list[str] = field(default_factory=list)
    evaluation: int = 0  # documents moved into the evaluation slice
    suggestions: int = 0  # stored
    # Their documents are annotated, or in the evaluation slice.
    suggestions_not_stored: int = 0
    encoding: str = ""
    errors: list[tuple[int, str]] = field(default_factory=list)
    error_count: int = 0
    notes: list[tuple[int, str]] = field(default_factory=list)
    note_count: int = 0
    is_stored: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that was read to its end, and nothing of it stored."""

    source: Source
    project: Project
    options: ImportOptions
    report: ImportReport
    format: Format | None = None  # recognised once is enough
    labels: tuple[str, ...] = ()
    spans: int = 0
    suggestions: int = 0
    kept: tuple[Record, ...] | None = None  # all of them, if they are few

    @property
    def may_be_stored(self) -> bool:
        is_good = self.options.skip_bad or not self.report.error_count
        return bool(self.report.documents) and is_good

    def store(
        self, by: Any = None, on_progress: OnProgress | None = None
    ) -> ImportReport:
        """Store its good documents in one transaction."""
        options, report = self.options, self.report
        is_person = options.annotated_by not in (None, "suggestions")

        def progress(documents: int) -> None:
            if on_progress:
                on_progress(documents, documents / report.documents)

        stored = storing.store(
            self.project,
            self._records(),
            labels=self.labels,
            annotator=options.annotated_by if is_person else None,
            split=options.split,
            by=by,
            on_progress=progress,
        )
        return replace(
            report,
            created=stored.created,
            duplicates=stored.duplicates,
            annotations=stored.annotations,
            spans=stored.spans,
            spans_not_stored=stored.spans_left_out
            if options.annotated_by
            else self.spans,
            suggestions=stored.suggestions,
            suggestions_not_stored=max(0, self.suggestions - stored.suggestions),
            labels_created=stored.labels_created,
            evaluation=stored.evaluation,
            is_stored=True,
        )

    def _records(self) -> Iterator[Record]:
        """The good records again; a file that changed meanwhile is refused."""
        if self.kept is not None:
            yield from self.kept
            return
        _format, items = open_file(self.source, self.project, self.options, self.format)
        errors = 0
        for item in items:
            if isinstance(item, Record):
                yield item
                continue
            errors += 1
            if errors > self.report.error_count:
                raise item


def import_file(
    path: str | Path,
    project: Project,
    options: ImportOptions | None = None,
    by: Any = None,
) -> ImportReport:
    """Validate a file, then store its documents in one transaction.

    With errors nothing is stored, unless they are to be skipped.
    """
    checked = check(path, project, options or ImportOptions())
    if not checked.may_be_stored:
        return checked.report
    return patiently(lambda: checked.store(by))


@sparing_the_collector()
def check(
    path: str | Path,
    project: Project,
    options: ImportOptions,
    on_progress: OnProgress | None = None,
) -> Checked:
    """Read a whole file and say what is in it and what is wrong with it."""
    source = open_source(path, options)
    try:
        _check_options(project, options)
        encoding = source.encoding
        format, items = open_file(source, project, options)
    except FormatError as error:
        report = ImportReport(errors=[(error.line, error.message)], error_count=1)
        return Checked(source, project, options, report)
    kept = _Kept()
    by_line = on_progress and _by_line(source, on_progress)
    found = survey(kept.all_of(items), on_progress=by_line)
    found.add_notes(1, source.notes)
    report = ImportReport(
        format=format.name,
        encoding=encoding,
        documents=found.documents,
        errors=found.errors,
        error_count=found.error_count,
        notes=found.notes,
        note_count=found.note_count,
    )
    return Checked(
        source,
        project,
        options,
        report,
        format,
        labels=tuple(found.labels),
        spans=found.spans,
        suggestions=found.suggestions,
        kept=None if kept.room < 0 else tuple(kept.records),
    )


@dataclass(slots=True)
class _Kept:
    """The records of a file as long as they are few; of a long file none."""

    records: list[Record] = field(default_factory=list)
    room: int = KEPT_CHARACTERS

    def all_of(
        self, items: Iterable[Record | FormatError]
    ) -> Iterator[Record | FormatError]:
        for item in items:
            if isinstance(item, Record) and self.room >= 0:
                self.room -= len(item.text) + CHARACTERS_OF_A_RECORD
                self.records.append(item)
                if self.room < 0:
                    self.records.clear()
            yield item


def bad_lines(
    path: str | Path, project: Project, options: ImportOptions
) -> Iterator[tuple[int, str]]:
    """Every bad line of a file, as it is read."""
    source = open_source(path, options)
    try:
        _check_options(project, options)
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


def _by_line(source: Source, on_progress: OnProgress) -> Callable[[int, int], None]:
    """Progress by the line that was read last, where a source is one file."""
    lines = 0 if source.is_collection else _count_lines(source.path)
    return lambda items, line: on_progress(
        items, min(1.0, line / lines) if lines else 0
    )


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        pieces = iter(lambda: file.read(COUNTED_AT_ONCE), b"")
        return sum(piece.count(b"\n") for piece in pieces) + 1
