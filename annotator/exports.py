"""Exporting annotations to a file or a folder, with a receipt of what is not exact."""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from django.utils import timezone

from annotator import export_folders, selection
from annotator.collecting import sparing_the_collector
from annotator.export_options import SPLITS, ExportOptions, ExportRefused, check
from annotator.formats import WriteOptions, WriteRefused
from annotator.formats.archives import add, add_stream
from annotator.models import Project
from annotator.progress import Progress
from annotator.receipts import Changes, Receipt
from annotator.scratch import scratch
from annotator.selection import Counts

WHOLE = "documents"  # what the file is called in a folder where nothing is split
Files = list[dict[str, Any]]
OnProgress = Callable[[Progress], None]


@sparing_the_collector()
def export(
    project: Project,
    path: str | Path,
    options: ExportOptions | None = None,
    on_progress: OnProgress = lambda progress: None,
) -> Receipt:
    """Write a project's annotations to a path and return the receipt.

    Documents stream in the order of their primary keys. A split, or a format of
    several files, becomes a zip, or a folder where the path is one. The file appears
    whole or not at all.

    Args:
        project: Whose documents they are.
        path: A file, which is replaced, or a folder that exists.
        options: What is written, and how.
        on_progress: Called again and again; what it raises ends the export.

    Raises:
        ExportRefused: an option is unknown, ``strict`` found a loss, or the folder
            holds something that is not an earlier export's.
    """
    options = options or ExportOptions()
    check(project, options)
    path = Path(path)
    with scratch(path if path.is_dir() else path.parent) as folder:
        work = _Work(project, options, folder, on_progress)
        try:
            files, beside = work.write()
        except WriteRefused as error:
            raise ExportRefused(str(error)) from error
        if work.changes and options.strict:
            raise ExportRefused(work.changes.sentence())
        facts = work.facts() | {"files": files, "beside": beside}
        if path.is_dir():
            export_folders.settle(work.folder, path)
        else:
            packed = work.packed()
            facts |= {"file": path.name, **_digest(packed)}
            os.replace(packed, path)
    return Receipt(facts, work.changes)


@dataclass(slots=True)
class _Work:
    """An export while it is written into a folder of its own."""

    project: Project
    options: ExportOptions
    folder: Path
    on_progress: OnProgress
    counts: Counts = field(default_factory=Counts)
    changes: Changes = field(default_factory=Changes)
    total: int = 0  # documents there will be in it
    looked_at: int = 0  # for sentences, before the first is written

    def _tell_reading(self, count: int) -> None:
        self.looked_at += count
        self._tell("reading", self.looked_at)

    def _tell_writing(self, count: int) -> None:
        self._tell("writing", self.counts.documents)

    def _tell(self, phase: str, done: int) -> None:
        share = min(1.0, done / self.total) if self.total else 0.0
        self.on_progress(Progress(phase, done, share, self.total))

    def write(self) -> tuple[Files, Files]:
        """The files of all splits that have documents, and what stands beside them."""
        project, options, output = self.project, self.options, self.options.output
        self.total = selection.count(project, options)
        has_starts = selection.marks_documents(project, options, self._tell_reading)
        how = WriteOptions(options.scheme, has_starts, project.name)
        splits = options.splits or (WHOLE,)
        files = [found for name in splits if (found := self._write_split(name, how))]
        beside: Files = []
        if output.beside:
            names = {file["split"] or SPLITS[0]: file["file"] for file in files}
            labels = sorted(self.counts.labels)
            for name, content in output.beside(names, labels, how):
                (self.folder / name).write_bytes(content)
                beside.append({"file": name, **_digest(self.folder / name)})
        return files, beside

    def _write_split(self, name: str, how: WriteOptions) -> dict[str, Any] | None:
        """What was written, unless there is a split to which no document goes."""
        options, counts, output = self.options, self.counts, self.options.output
        before = counts.documents, counts.spans
        path = self.folder / f"{name}.{output.suffix}"
        split = name if options.splits else ""
        records = selection.records(
            self.project, options, counts, split, self._tell_writing
        )
        with path.open("wb") as file:
            for loss in output.write(records, file, how):
                self.changes.add(loss)
        documents, spans = counts.documents - before[0], counts.spans - before[1]
        if split and not documents:
            path.unlink()
            return None
        about = {"split": split, "documents": documents, "spans": spans}
        return {"file": path.name, **about, **_digest(path)}

    def packed(self) -> Path:
        """The one file there is, else a zip; zips in it become folders of it."""
        files = sorted(self.folder.iterdir())
        if not self.options.splits and not self.options.output.beside:
            return files[0]
        packed = self.folder / "packed"
        with ZipFile(packed, "w") as archive:
            for path in files:
                if path.suffix == ".zip":
                    with ZipFile(path) as inner:
                        for name in inner.namelist():
                            self._tell("packing", self.counts.documents)
                            add(archive, f"{path.stem}/{name}", inner.read(name))
                else:
                    self._tell("packing", self.counts.documents)
                    with path.open("rb") as file:
                        add_stream(archive, path.name, file)
        return packed

    def facts(self) -> dict[str, Any]:
        options, counts = self.options, self.counts
        checkpoint = self.project.active_checkpoint
        kinds: Mapping[str, int] = self.changes.kinds
        ratio = dict(zip(options.splits, filter(None, options.ratio), strict=True))
        return {
            "project": self.project.name,
            "written_at": timezone.now().isoformat(timespec="seconds"),
            "format": options.format,
            "scheme": options.scheme if options.output.has_tags else None,
            "tokeniser": dict(counts.tokenisers),
            "checkpoint": checkpoint.pk if checkpoint else None,
            "asked_for": options.annotated_by,
            "annotated_by": dict(counts.annotators),
            "states": list(options.states),
            "only_labels": list(options.labels),
            "ratio": ratio,
            "seed": options.seed if options.splits else None,
            "documents": counts.documents,
            "spans": counts.spans,
            "suggestions": counts.suggestions,
            "labels": dict(counts.labels),
            "moved": kinds["moved"],
            "dropped": kinds["dropped"],
            "not_exact": len(self.changes),
            "not_held": dict(counts.not_held),
        }


def _digest(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}
