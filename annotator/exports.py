"""Exporting annotations to a file or a folder, with a receipt of what is not exact."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from django.utils import timezone

from annotator import selection
from annotator.export_options import SPLITS, ExportOptions, ExportRefused, check
from annotator.formats import WriteOptions, WriteRefused
from annotator.formats.archives import add, add_stream
from annotator.models import Project
from annotator.receipts import Changes, Receipt
from annotator.selection import Counts

WHOLE = "documents"  # what the file is called in a folder where nothing is split
Files = list[dict[str, Any]]


def export(
    project: Project, path: str | Path, options: ExportOptions | None = None
) -> Receipt:
    """Write a project's annotations to a path and return the receipt.

    Documents stream in the order of their primary keys. A split, or a format of
    several files, becomes a zip, or a folder where the path is one. The file appears
    whole or not at all.

    Raises:
        ExportRefused: an option is unknown, or ``strict`` found a loss.
    """
    options = options or ExportOptions()
    check(project, options)
    path = Path(path)
    counts, changes = Counts(), Changes()
    with TemporaryDirectory(dir=path.parent, prefix=".export-") as name:
        folder = Path(name)
        try:
            files = _write(project, options, folder, counts, changes)
        except WriteRefused as error:
            raise ExportRefused(str(error)) from error
        if changes and options.strict:
            raise ExportRefused(changes.sentence())
        facts = _facts(project, options, counts, changes) | {"files": files}
        if path.is_dir():
            for file in folder.iterdir():
                os.replace(file, path / file.name)
        else:
            packed = _packed(folder, options)
            facts |= {"file": path.name, **_digest(packed)}
            os.replace(packed, path)
    return Receipt(facts, changes)


def _write(
    project: Project,
    options: ExportOptions,
    folder: Path,
    counts: Counts,
    changes: Changes,
) -> Files:
    """The files of all splits that have documents, and what stands beside them."""
    output = options.output
    has_starts = selection.marks_documents(project, options)
    how = WriteOptions(options.scheme, has_starts, project.name)
    files: Files = []
    for split in options.splits or (WHOLE,):
        before = counts.documents, counts.spans
        path = folder / f"{split}.{output.suffix}"
        wanted = split if options.splits else ""
        with path.open("wb") as file:
            records = selection.records(project, options, counts, wanted)
            for loss in output.write(records, file, how):
                changes.add(loss)
        documents, spans = counts.documents - before[0], counts.spans - before[1]
        if options.splits and not documents:
            path.unlink()
        else:
            about = {"split": wanted, "documents": documents, "spans": spans}
            files.append({"file": path.name, **about, **_digest(path)})
    if output.beside:
        names = {file["split"] or SPLITS[0]: file["file"] for file in files}
        for name, content in output.beside(names, sorted(counts.labels), how):
            (folder / name).write_bytes(content)
    return files


def _packed(folder: Path, options: ExportOptions) -> Path:
    """The one file there is, else a zip; zips in it become folders of it."""
    files = sorted(folder.iterdir())
    if not options.splits and not options.output.beside:
        return files[0]
    packed = folder / "packed"
    with ZipFile(packed, "w") as archive:
        for path in files:
            if path.suffix == ".zip":
                with ZipFile(path) as inner:
                    for name in inner.namelist():
                        add(archive, f"{path.stem}/{name}", inner.read(name))
            else:
                with path.open("rb") as file:
                    add_stream(archive, path.name, file)
    return packed


def _digest(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}


def _facts(
    project: Project, options: ExportOptions, counts: Counts, changes: Changes
) -> dict[str, Any]:
    checkpoint = project.active_checkpoint
    kinds: Mapping[str, int] = changes.kinds
    return {
        "project": project.name,
        "written_at": timezone.now().isoformat(timespec="seconds"),
        "format": options.format,
        "scheme": options.scheme if options.output.has_tags else None,
        "tokeniser": dict(counts.tokenisers),
        "checkpoint": checkpoint.pk if checkpoint else None,
        "asked_for": options.annotated_by,
        "annotated_by": dict(counts.annotators),
        "states": list(options.states),
        "only_labels": list(options.labels),
        "ratio": dict(zip(options.splits, filter(None, options.ratio), strict=True)),
        "seed": options.seed if options.splits else None,
        "documents": counts.documents,
        "spans": counts.spans,
        "suggestions": counts.suggestions,
        "labels": dict(counts.labels),
        "moved": kinds["moved"],
        "dropped": kinds["dropped"],
        "not_exact": len(changes),
        "not_held": dict(counts.not_held),
    }
