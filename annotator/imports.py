"""Importing a file: every record is validated before the first one is stored."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from annotator import storing
from annotator.collecting import sparing_the_collector
from annotator.formats import (
    Format,
    FormatError,
    Record,
    Source,
)
from annotator.models import Project
from annotator.opening import ImportOptions, check_options, open_file, open_source
from annotator.patience import patiently
from annotator.surveys import survey

COUNTED_AT_ONCE = 1024 * 1024  # bytes
KEPT_CHARACTERS = 4_000_000  # of texts whose file is then not read a second time
CHARACTERS_OF_A_RECORD = 200  # as much memory as it takes beside its text
ERRORS_SHOWN = NOTES_SHOWN = 100  # of a file; all of them come as a file
# Documents done, and how far that is, from 0 to 1.
OnProgress = Callable[[int, float], None]


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
        check_options(project, options)
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
