"""Keeping exports: made once, with their receipt, to be fetched again."""

import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from django.utils.text import slugify

from annotator.export_options import ExportOptions, check
from annotator.exports import export
from annotator.formats.archives import add_stream
from annotator.models import Export, Project
from annotator.receipts import REPORT, write_receipt

LONGEST_STEM = 200  # bytes: 255 are allowed, and “.conll.report.json” follows
FORGOTTEN_SECONDS = 24 * 60 * 60
WITH_REPORT, ALONE, RECEIPT = "zip", "file", "receipt"


def keep(project: Project, options: ExportOptions, by: Any = None) -> Export:
    """Export into a folder of its own.

    Raises:
        ExportRefused: an option is unknown, or ``strict`` found a loss.
    """
    check(project, options)
    sweep()
    kept = Export(project=project, user=by, key=uuid.uuid4(), format=options.format)
    kept.options = asdict(options)
    kept.folder.mkdir(parents=True)
    try:
        path = kept.folder / f"{_stem(project)}.{options.suffix}"
        receipt = export(project, path, options)
        write_receipt(receipt, path)
        kept.facts, kept.file = receipt.facts, path.name
        kept.bytes, kept.sha256 = kept.facts["bytes"], kept.facts["sha256"]
        kept.save()
    finally:
        if kept.pk is None:
            shutil.rmtree(kept.folder, ignore_errors=True)
    return kept


def discard(kept: Export) -> None:
    """Delete an export and its files."""
    folder = kept.folder
    kept.delete()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def packaged(kept: Export, package: str) -> Iterator[Path]:
    """The file to send: the data, its receipt, or a zip of both.

    An open file outlives the end of the context, and nothing stays on the disk.
    """
    if package != WITH_REPORT:
        yield kept.report if package == RECEIPT else kept.path
        return
    with TemporaryDirectory(dir=kept.folder, prefix="sent-") as name:
        target = Path(name) / f"{kept.path.stem}.zip"
        is_zip = kept.path.suffix == ".zip"
        if is_zip:
            shutil.copyfile(kept.path, target)
        with ZipFile(target, "a") as archive:
            if not is_zip:
                _add(archive, kept.path, kept.file)
            _add(archive, kept.report, REPORT)
        yield target


def _add(archive: ZipFile, path: Path, name: str) -> None:
    with path.open("rb") as file:
        add_stream(archive, name, file)


def _stem(project: Project) -> str:
    """The project's name as a file name, cut to what file systems hold."""
    slug = slugify(project.name, allow_unicode=True) or f"project-{project.pk}"
    return slug.encode()[:LONGEST_STEM].decode(errors="ignore")


def sweep() -> None:
    """Remove what deleted projects and unfinished downloads left behind."""
    limit = time.time() - FORGOTTEN_SECONDS
    folders = {folder.name: folder for folder in Export.all_folders().glob("*")}
    known = {str(key) for key in Export.objects.values_list("key", flat=True)}
    left = [folder for name, folder in folders.items() if name not in known]
    for folder in [*left, *Export.all_folders().glob("*/sent-*")]:
        with suppress(FileNotFoundError):  # somebody else sweeps, too
            if folder.stat().st_mtime < limit:
                shutil.rmtree(folder, ignore_errors=True)
