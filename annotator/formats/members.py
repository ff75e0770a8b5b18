"""The files of a folder or zip; bombs and path tricks are refused."""

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from django.utils.translation import gettext as _t

from annotator.formats.errors import MIB, FormatError
from annotator.scratch import scratch

MOST_MEMBERS = 100_000
LARGEST_MEMBER = 512 * MIB
LARGEST_TOTAL = 2048 * MIB
RATIO = 200  # a larger one of unpacked to packed bytes is a bomb, not a text
SMALL = 10 * MIB  # below this the ratio does not matter
LARGEST_BESIDE = MIB  # of a file that only describes others
RECEIPT = "report.json"  # what an export says of itself, or PATH.report.json
# What a damaged or encrypted member raises while it is unpacked.
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError),
    *(NotImplementedError, OSError, ValueError, LookupError, OverflowError),
)


def unpacked(path: Path, shown: str) -> Iterator[tuple[Path, str]]:
    """The files of a folder or zip and their names, in the order of the names.

    Members of a zip lie in a temporary folder, under numbers instead of names, until
    the iteration ends. Hidden files, what macOS adds and the receipts of this program's
    exports are left out.

    Raises:
        FormatError: the zip is damaged, or unpacks to more than the limits.
    """
    if path.is_dir():
        yield from _files(path)
        return
    with _opened(path, shown) as archive, scratch() as folder:
        left = LARGEST_TOTAL
        for number, entry in enumerate(_entries(archive)):
            target = folder / str(number)
            left -= _unpack(archive, entry, target, left)
            yield target, entry.filename


def names(path: Path, shown: str) -> list[str]:
    """The names of all files of a folder or zip; nothing is unpacked."""
    if path.is_dir():
        return [name for _path, name in _files(path)]
    with _opened(path, shown) as archive:
        return [entry.filename for entry in _entries(archive)]


def receipts(path: Path) -> list[str]:
    """The files that are left out because they are called as this program's receipts.

    None of a damaged zip, whose reading says what is wrong.
    """
    if path.is_dir():
        found = (file.relative_to(path).as_posix() for file in path.rglob("*.json"))
        return sorted(name for name in found if _is_receipt(name))
    try:
        with zipfile.ZipFile(path) as archive:
            return sorted(name for name in archive.namelist() if _is_receipt(name))
    except BROKEN:
        return []


def content(path: Path, shown: str, name: str) -> bytes | None:
    """What one small file of a folder or zip holds; None of a larger one."""
    if path.is_dir():
        file = path / name
        is_small = file.stat().st_size <= LARGEST_BESIDE
        return file.read_bytes() if is_small else None
    with _opened(path, shown) as archive:
        check_packing(archive.getinfo(name))
        with archive.open(name) as member:
            data = member.read(LARGEST_BESIDE + 1)
    return data if len(data) <= LARGEST_BESIDE else None


def check_packing(entry: zipfile.ZipInfo) -> None:
    """Refuse what unpacks to any size at once, whatever the zip says its size is.

    Raises:
        FormatError: it is neither deflated nor only stored.
    """
    if entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return
    sentence = _t("{name} is packed in a way that is not read: pack it as a usual zip.")
    raise FormatError(1, sentence.format(name=entry.filename[:80]))


def is_bomb(entry: zipfile.ZipInfo) -> bool:
    """Whether a member says of itself that it unpacks to far more than it is."""
    packed = max(1, entry.compress_size)
    return entry.file_size > SMALL and entry.file_size > RATIO * packed


def _files(path: Path) -> list[tuple[Path, str]]:
    found: list[Path] = []
    for folder, folders, files in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(folder, name) for name in files if not _is_extra(name)]
        if len(found) > MOST_MEMBERS:
            raise too_many()
    return [(file, file.relative_to(path).as_posix()) for file in sorted(found)]


@contextmanager
def _opened(path: Path, shown: str) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FormatError:
        raise
    except BROKEN as error:
        sentence = _t("{file} is damaged or encrypted: {why}.")
        why = str(error).rstrip(".") or type(error).__name__
        raise FormatError(1, sentence.format(file=shown, why=why)) from error


def _entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    entries = archive.infolist()
    if len(entries) > MOST_MEMBERS:
        raise too_many()
    for entry in entries:
        _check_name(entry)
        check_packing(entry)
    total = sum(entry.file_size for entry in entries)
    if total > LARGEST_TOTAL:
        raise _too_large("ZIP", LARGEST_TOTAL)
    files = [e for e in entries if not e.is_dir() and not _is_extra(e.filename)]
    return sorted(files, key=lambda entry: entry.filename)


def _check_name(entry: zipfile.ZipInfo) -> None:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    is_link = stat.S_ISLNK(entry.external_attr >> 16)
    has_drive = path.parts[:1] and path.parts[0].endswith(":")
    if is_link or has_drive or path.is_absolute() or ".." in path.parts:
        sentence = _t("The zip's member “{name}” points outside the zip.")
        raise FormatError(1, sentence.format(name=entry.filename[:80]))


def _is_extra(name: str) -> bool:
    return _is_hidden(name) or _is_called_receipt(name)


def _is_receipt(name: str) -> bool:
    return _is_called_receipt(name) and not _is_hidden(name)


def _is_called_receipt(name: str) -> bool:
    return name == RECEIPT or name.endswith((f"/{RECEIPT}", f".{RECEIPT}"))


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _unpack(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, left: int
) -> int:
    has_bomb = is_bomb(entry)
    if has_bomb or entry.file_size > LARGEST_MEMBER:
        raise _too_large(entry.filename, SMALL if has_bomb else LARGEST_MEMBER)
    with archive.open(entry) as packed_file, path.open("wb") as file:
        return _copy(packed_file, file, entry.filename, min(left, LARGEST_MEMBER))


def _copy(packed: IO[bytes], file: IO[bytes], name: str, limit: int) -> int:
    """Copy without believing the sizes that the zip states."""
    size = 0
    while data := packed.read(MIB):
        size += len(data)
        if size > limit:
            raise _too_large(name, limit)
        file.write(data)
    return size


def too_many() -> FormatError:
    sentence = _t("There are more than {limit} files in it.")
    return FormatError(1, sentence.format(limit=MOST_MEMBERS))


def _too_large(name: str, limit: int) -> FormatError:
    sentence = _t("{name} unpacks to more than {limit} MiB: refused.")
    return FormatError(1, sentence.format(name=name[:80], limit=limit // MIB))
