"""Feed every reader with bytes that atheris makes up: only FormatError may leave it.

No part of the tests: it needs ``pip install atheris`` and takes as long as it is told.

    python -m tests.fuzz_readers --seconds 600
"""

import argparse
import os
import sys
import tempfile
import zipfile
from pathlib import Path

import atheris

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
with atheris.instrument_imports(include=["annotator.formats"]):
    import django

    django.setup()
    from annotator.formats import (
        FORMATS,
        FormatError,
        ReadOptions,
        Record,
        Source,
        find_format,
        read,
    )

from tests.annotator.formats.samples import PACKED, SAMPLES

NAMES = list(FORMATS)
FILES = sorted(
    {suffix for format in FORMATS.values() for suffix in format.suffixes}
    | {".txt", ".json", ".xml", ".tsv", ".zip", ".jsonld", "README", "LICENSE.txt"}
)
UNITS = ("sentence", "docstart", "file", "blank-lines:2")
COLUMNS = ("", "text", "1/2", "2")
TEXT = "Ann left 😊\n"  # beside the files of annotations that need one


def check(data: bytes, folder: Path) -> None:
    """Read one file, or a zip of two, whose name and format the first bytes choose."""
    if len(data) < 4:
        return
    format, file, how, kind, content = *data[:4], data[4:]
    name = NAMES[format % len(NAMES)]
    path = folder / f"a{FILES[file % len(FILES)]}"
    options = ReadOptions(
        UNITS[how % 4], may_overlap=bool(how & 4), text_column=COLUMNS[how >> 3 & 3]
    )
    if kind % 2:
        write_zip(path, content, FILES[kind // 2 % len(FILES)])
    else:
        path.write_bytes(PACKED.get(name, bytes)(content))
    beside = path.with_suffix(".txt")
    if not beside.exists():
        beside.write_text(TEXT, encoding="utf-8")
    read_as(Source(path), name, options)
    read_as(Source(path), "auto", options)
    for used in (path, beside):
        used.unlink(missing_ok=True)


def write_zip(path: Path, content: bytes, other: str) -> None:
    first, _line, second = content.partition(b"\n---\n")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo(f"a{path.suffix}"), first)
        archive.writestr(zipfile.ZipInfo(f"b{other}"), second)


def read_as(source: Source, name: str, options: ReadOptions) -> None:
    try:
        format = find_format(source, name)
        format.describe(source)
        list(source.notes)
    except FormatError:
        if name == "auto":
            return
        format = FORMATS[name]
    for item in read(source, format, options):
        assert isinstance(item, Record | FormatError), item


def write_seeds(folder: Path) -> None:
    """The samples, as the one file of their format and in a zip with a text."""
    for number, name in enumerate(NAMES):
        suffix = next(iter(FORMATS[name].suffixes), ".json")
        file = FILES.index(suffix)
        head = bytes([number, file, 0])
        (folder / name).write_bytes(head + b"\0" + SAMPLES[name])
        both = SAMPLES[name] + b"\n---\n" + TEXT.encode()
        (folder / f"{name}-zip").write_bytes(
            head + bytes([1 + 2 * FILES.index(".txt")]) + both
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        seeds, files = Path(folder, "seeds"), Path(folder, "files")
        seeds.mkdir()
        files.mkdir()
        write_seeds(seeds)
        wanted = [f"-max_total_time={seconds}", "-max_len=8000", "-timeout=60"]
        atheris.Setup([sys.argv[0], *wanted, str(seeds)], lambda d: check(d, files))
        atheris.Fuzz()  # ends the process; the failing input lies in crash-*


if __name__ == "__main__":
    main()
