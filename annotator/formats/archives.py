"""Zips of what is written: a file a document, the same bytes for the same work."""

import re
import shutil
from collections.abc import Iterator
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.utils.translation import gettext as _t

from annotator.formats.records import Loss, Record, excerpt

SAFE_NAME = re.compile(r"\w[\w.-]{0,99}", re.ASCII)
READABLE = 0o644 << 16  # where zips keep the permissions of Unix


def add(archive: ZipFile, name: str, content: bytes) -> None:
    archive.writestr(_entry(name), content)


def add_stream(archive: ZipFile, name: str, content: IO[bytes]) -> None:
    with archive.open(_entry(name), "w", force_zip64=True) as target:
        shutil.copyfileobj(content, target)


def _entry(name: str) -> ZipInfo:
    """Under a fixed date, so that a checksum says whether the work changed."""
    entry = ZipInfo(name)
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = READABLE
    return entry


class Names:
    """File names of documents: their ids where these can be names, else numbers."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._number = 0

    def next(self, record: Record) -> str:
        """A name that no other document has, also where case does not count."""
        self._number += 1
        wanted = record.external_id
        is_good = SAFE_NAME.fullmatch(wanted) and wanted.lower() not in self._taken
        name = wanted if is_good else f"document-{self._number:07}"
        while name.lower() in self._taken:
            name += "-"
        self._taken.add(name.lower())
        return name


def renamed(record: Record, name: str) -> Iterator[Loss]:
    """A loss where a document's id did not become its file's name."""
    if record.external_id not in ("", name):
        sentence = _t("The id “{id}” cannot be its file's name; that is “{name}”.")
        reason = sentence.format(id=excerpt(record.external_id), name=name)
        yield Loss(record, "id", reason)
