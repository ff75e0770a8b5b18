"""What was recognised in a file, before anything of it is stored."""

from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from annotator.formats import Format, FormatError, Record, Source, is_read_as_one
from annotator.models import Project
from annotator.opening import ImportOptions, open_file, open_source
from annotator.surveys import Survey, survey

LOOKED_AT = 10_000  # documents: a request that takes seconds, whatever the size


@dataclass(frozen=True, slots=True)
class Preview:
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
    is_whole: bool = True  # else only its beginning was looked at


def preview(
    path: str | Path, project: Project, options: ImportOptions | None = None
) -> Preview:
    """Read the first LOOKED_AT documents of a file and store nothing."""
    options = options or ImportOptions()
    source = open_source(path, options)
    known = set(project.labels.values_list("name", flat=True))
    found, name, encoding, details = Survey(), options.format, "", {}
    is_whole = True
    try:
        encoding = source.encoding
        format, items = open_file(source, project, options)
        details = _described(format, source, options.text_column)
    except FormatError as error:
        found.add_error(error)
    else:
        found, name = survey(islice(items, LOOKED_AT), project), format.name
        is_whole = next(items, None) is None
        found.add_notes(1, source.notes)
    return Preview(
        format=name,
        encoding=encoding,
        scheme=details.pop("scheme", ""),
        details=details,
        documents=found.documents,
        annotated=found.annotated,
        spans=found.spans,
        duplicates=found.duplicates,
        labels=[(label, label not in known) for label in found.labels],
        samples=found.samples,
        errors=found.errors,
        error_count=found.error_count,
        suggestions=found.suggestions,
        notes=found.notes,
        note_count=found.note_count,
        is_whole=is_whole,
    )


def _described(format: Format, source: Source, stated: str) -> dict[str, str]:
    """What will be read: as a person states, else as detected.

    Of files that are read one by one the first is described, and named.
    """
    if not source.is_collection or is_read_as_one(source, format):
        return _described_file(format, source, stated)
    for member in source.members():
        if not format.ignores(member) and not format.refuses(member):
            details = _described_file(format, member, stated)
            return details and details | {"file": member.shown_name}
    return {}


def _described_file(format: Format, source: Source, stated: str) -> dict[str, str]:
    if stated and format.describe_stated:
        return dict(format.describe_stated(source, stated))
    return dict(format.describe(source))
