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

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.text import slugify

from annotator import selection
from annotator.export_options import ExportOptions, check
from annotator.exports import OnProgress, export
from annotator.formats.archives import add_stream
from annotator.models import Export, Project
from annotator.models.jobs import ACTIVE, RunState
from annotator.patience import patiently
from annotator.receipts import REPORT, Receipt, write_receipt

LONGEST_STEM = 200  # bytes: 255 are allowed, and “.conll.report.json” follows
FORGOTTEN_SECONDS = 24 * 60 * 60
SMALL = 200  # documents: a request makes a file of these while somebody waits
WITH_REPORT, ALONE, RECEIPT = "zip", "file", "receipt"


def request(
    project: Project, options: ExportOptions, by: Any = None, language: str = ""
) -> Export:
    """Queue an export.

    Raises:
        ExportRefused: an option is unknown.
    """
    check(project, options)
    sweep()
    return Export.objects.create(**_wish(project, options, by), language=language)


def is_small(kept: Export) -> bool:
    """Whether it is made at once, even where all workers are busy or none listens.

    Never what loads torch: the web server has no room for it.
    """
    options = ExportOptions.restored(kept.options)
    loads_torch = options.format == "spacy"
    return not loads_torch and not selection.has_more(kept.project, options, SMALL)


def make(kept: Export, on_progress: OnProgress = lambda progress: None) -> Receipt:
    """Write the file of an export and its receipt where this attempt's files are.

    Raises:
        ExportRefused: the format cannot hold what is to be written.
    """
    options = ExportOptions.restored(kept.options)
    kept.attempt_folder.mkdir(parents=True, exist_ok=True)
    path = kept.attempt_folder / f"{_stem(kept.project)}.{options.suffix}"
    receipt = export(kept.project, path, options, on_progress)
    write_receipt(receipt, path)
    return receipt


def keep(project: Project, options: ExportOptions, by: Any = None) -> Export:
    """Make an export here and now; there is none before its file is there.

    Raises:
        ExportRefused: an option is unknown, or ``strict`` found a loss.
    """
    check(project, options)
    sweep()
    kept = Export(**_wish(project, options, by), state=RunState.SUCCEEDED)
    try:
        facts = make(kept).facts
        kept.facts, kept.file = facts, facts["file"]
        kept.bytes, kept.sha256 = facts["bytes"], facts["sha256"]
        kept.finished_at = timezone.now()
        patiently(kept.save)
    finally:
        if kept.pk is None:
            clear(kept)
    return kept


def _wish(project: Project, options: ExportOptions, by: Any) -> dict[str, Any]:
    wanted = {"format": options.format, "options": asdict(options)}
    return {"project": project, "requested_by": by, "key": uuid.uuid4(), **wanted}


def clear(kept: Export) -> None:
    """Take the files away; the row, its facts and its checksum stay."""
    shutil.rmtree(kept.folder, ignore_errors=True)


def clear_attempt(kept: Export) -> None:
    """Take away what this attempt wrote; its successor's files stay."""
    shutil.rmtree(kept.attempt_folder, ignore_errors=True)


def clear_attempts(kept: Export) -> None:
    """Take away what attempts left that were given up."""
    for folder in kept.folder.glob("*"):
        if folder != kept.attempt_folder:
            shutil.rmtree(folder, ignore_errors=True)


def discard(kept: Export) -> None:
    """Delete an export and its files."""
    kept.delete()
    clear(kept)


def in_the_way(project: Project) -> QuerySet[Export]:
    """What the next export takes the room of, the oldest first; nothing pinned."""
    return _beyond(project, settings.KEEP_EXPORTS - 1)


def make_room(project: Project) -> list[Export]:
    """Take the files away of what the newest export has the room of; rows stay."""
    removed = []
    for kept in list(_beyond(project, settings.KEEP_EXPORTS)):
        # Somebody may have pinned it meanwhile.
        this = Export.objects.filter(pk=kept.pk, is_pinned=False, removed_at=None)
        if this.update(removed_at=timezone.now()):
            clear(kept)
            removed.append(kept)
    return removed


def _beyond(project: Project, count: int) -> QuerySet[Export]:
    """Kept exports that are not pinned, but for so many of the newest."""
    kept = project.exports.filter(state=RunState.SUCCEEDED, removed_at=None)
    if not settings.KEEP_EXPORTS:
        return kept.none()
    unpinned = kept.filter(is_pinned=False)
    newest = list(unpinned.values_list("pk", flat=True)[:count])
    return unpinned.exclude(pk__in=newest).order_by("pk")


@contextmanager
def packaged(kept: Export, package: str) -> Iterator[Path]:
    """The file to send: the data, its receipt, or a zip of both.

    An open file outlives the end of the context, and nothing stays on the disk.
    """
    if package != WITH_REPORT:
        yield kept.report if package == RECEIPT else kept.path
        return
    with TemporaryDirectory(dir=kept.attempt_folder, prefix="sent-") as name:
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
    """Remove what ended exports, dead workers and unfinished downloads left."""
    limit = time.time() - FORGOTTEN_SECONDS
    folders = {folder.name: folder for folder in Export.all_folders().glob("*")}
    is_needed = Q(state__in=ACTIVE) | Q(state=RunState.SUCCEEDED, removed_at=None)
    needed = Export.objects.filter(is_needed)
    known = {str(key) for key in needed.values_list("key", flat=True)}
    left = [folder for name, folder in folders.items() if name not in known]
    sent = [*Export.all_folders().glob("*/sent-*")]
    for folder in [*left, *sent, *Export.all_folders().glob("*/*/sent-*")]:
        with suppress(FileNotFoundError):  # somebody else sweeps, too
            if folder.stat().st_mtime < limit:
                shutil.rmtree(folder, ignore_errors=True)
