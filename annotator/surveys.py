"""What one pass over a file found, and what is shown of it before it is stored."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _t

from annotator import storing
from annotator.formats import FormatError, Record
from annotator.models import Project

SAMPLES = 5
ERRORS_KEPT = 10_000
NOTES_KEPT = 1_000


@dataclass(slots=True)
class Survey:
    """Counts of one pass, in memory that does not grow with the file."""

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
        for span in record.spans:
            self.labels[span.label] += 1
        for span in record.suggestions:
            self.labels[span.label] += 0
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


def survey(
    items: Iterable[Record | FormatError],
    project: Project | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Survey:
    """Count what a file holds; with a project, also what is there already.

    Args:
        items: What a reader gives.
        project: Where the documents would go; None asks the database nothing.
        on_progress: Called now and then with the number of items and the last line.
    """
    found = Survey()

    def good() -> Iterator[Record]:
        for number, item in enumerate(items, 1):
            if isinstance(item, FormatError):
                found.add_error(item)
            else:
                found.add(item)
                if project is not None:
                    yield item
            if on_progress and number % storing.BATCH == 0:
                on_progress(number, item.line)

    for batch in storing.batches(good()):
        if project is not None:
            found.duplicates += len(storing.existing(project, batch))
    if not found.documents and not found.error_count:
        found.add_error(FormatError(1, _t("The file holds no document.")))
    return found
