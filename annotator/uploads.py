"""Uploaded files: bounded while they arrive, kept until they are imported."""

import json
import shutil
import time
import uuid
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from annotator.models import ImportJob
from annotator.models.jobs import ACTIVE
from annotator.progress import Moving, replace_json

KEPT_SECONDS = 24 * 60 * 60
MANIFEST = "manifest.json"
# Files with annotations, and those with what they are about.
TOGETHER = {
    **dict.fromkeys((".ann", ".a1", ".a2"), {".ann", ".a1", ".a2", ".txt", ".conf"}),
    ".xmi": {".xmi", ".xml"},
}


class BoundedUploadHandler(FileUploadHandler):
    """Refuses a request that is too large before its body fills the disk."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, str],
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        if content_length > settings.UPLOAD_MAX_BYTES:
            raise RequestDataTooBig("The upload is larger than UPLOAD_MAX_MEGABYTES.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Manifest:
    """Where an upload goes, the files' names as sent, and how they are to be read.

    A name is only ever shown: on the disk the files are called 0, 1, 2 …
    """

    project: int
    names: list[str]
    options: dict[str, str]


@dataclass(frozen=True, slots=True)
class Upload(Moving):
    """Files that wait for a person to look at the preview and decide."""

    key: uuid.UUID
    manifest: Manifest

    @property
    def folder(self) -> Path:
        return imports_folder() / str(self.key)

    @property
    def files(self) -> list[tuple[str, Path]]:
        names = enumerate(self.manifest.names)
        return [(name, self.folder / str(number)) for number, name in names]

    def save(self) -> None:
        replace_json(self.folder / MANIFEST, asdict(self.manifest))

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def imports_folder() -> Path:
    return Path(settings.MEDIA_ROOT) / "imports"


def keep(
    files: Iterable[UploadedFile], project: int, options: dict[str, str]
) -> Upload:
    """Store files for a preview, and drop what others left for a day."""
    sweep()
    bundles = _bundles(list(files))
    names = [_name(bundle) for bundle in bundles]
    upload = Upload(uuid.uuid4(), Manifest(project, names, options))
    upload.folder.mkdir(parents=True)
    for number, bundle in enumerate(bundles):
        path = upload.folder / str(number)
        if len(bundle) > 1:
            _zip(bundle, path)
            continue
        with path.open("wb") as kept:
            for chunk in bundle[0].chunks():
                kept.write(chunk)
    upload.save()
    return upload


def _bundles(files: list[UploadedFile]) -> list[list[UploadedFile]]:
    """The files that make no sense one by one together, each other file alone."""
    suffixes = {_suffix(file) for file in files}
    together = set().union(*(TOGETHER[suffix] for suffix in suffixes & {*TOGETHER}))
    bundle = [file for file in files if _suffix(file) in together]
    alone = [[file] for file in files if _suffix(file) not in together]
    return [bundle, *alone] if bundle else alone


def _suffix(file: UploadedFile) -> str:
    return Path(str(file.name)).suffix.lower()


def _name(bundle: list[UploadedFile]) -> str:
    first, *others = (str(file.name) for file in bundle)
    if len(others) > 2:
        return f"{first} … {others[-1]}"
    return " + ".join([first, *others])


def _zip(files: list[UploadedFile], path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            with archive.open(str(file.name), "w", force_zip64=True) as kept:
                for chunk in file.chunks():
                    kept.write(chunk)


def find(key: uuid.UUID, project: int) -> Upload | None:
    """The project's waiting upload, or None when it is gone."""
    try:
        text = (imports_folder() / str(key) / MANIFEST).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    upload = Upload(key, Manifest(**json.loads(text)))
    return upload if upload.manifest.project == project else None


def sweep() -> None:
    """Drop what is old, but not what still waits for a worker."""
    limit = time.time() - KEPT_SECONDS
    active = ImportJob.objects.filter(state__in=ACTIVE)
    waiting = {str(key) for key in active.values_list("upload", flat=True)}
    for folder in imports_folder().glob("*"):
        with suppress(FileNotFoundError):  # somebody else sweeps, too
            if folder.name not in waiting and folder.stat().st_mtime < limit:
                shutil.rmtree(folder, ignore_errors=True)
