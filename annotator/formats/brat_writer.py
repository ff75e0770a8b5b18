"""Writing a zip of brat's files: a text, its annotations, and the labels of all."""

import re
from collections.abc import Iterable, Iterator
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

from django.utils.translation import gettext as _t

from annotator.formats.records import Loss, Record, WriteOptions, excerpt

# What ends a line for brat or for other programs stands as a space in covered text.
ONE_LINE = str.maketrans(dict.fromkeys("\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", " "))
SAFE_NAME = re.compile(r"\w[\w.-]{0,99}", re.ASCII)
SAFE_LABEL = re.compile(r"[\w-]+")  # of what brat's configuration takes for a type
BOM = "\ufeff"


def write(
    records: Iterable[Record], file: IO[bytes], options: WriteOptions
) -> Iterator[Loss]:
    """Two files a document, called by its id where that can be a file's name.

    A document that is not annotated has a text only. Suggestions, metadata and tokens
    are not written: brat has no place for them.
    """
    labels: dict[str, None] = {}
    names: set[str] = set()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for number, record in enumerate(records, 1):
            name = _name(record, number, names)
            # A first U+FEFF would be taken for a mark of the encoding.
            mark = BOM if record.text.startswith(BOM) else ""
            archive.writestr(f"{name}.txt", (mark + record.text).encode())
            if record.is_annotated:
                archive.writestr(f"{name}.ann", _lines(record).encode())
            for span in record.spans:
                if span.label not in labels and not SAFE_LABEL.fullmatch(span.label):
                    sentence = _t("brat does not show the label “{label}”.")
                    reason = sentence.format(label=excerpt(span.label))
                    yield Loss(record, "label", reason, span)
                labels[span.label] = None
        archive.writestr("annotation.conf", _configuration(labels).encode())


def _name(record: Record, number: int, taken: set[str]) -> str:
    """A name that no other document has, also where case does not count."""
    wanted = record.external_id
    is_good = SAFE_NAME.fullmatch(wanted) and wanted.lower() not in taken
    name = wanted if is_good else f"document-{number:07}"
    while name.lower() in taken:
        name += "-"
    taken.add(name.lower())
    return name


def _lines(record: Record) -> str:
    lines = []
    for number, span in enumerate(sorted(record.spans), 1):
        surface = record.text[span.start : span.end].translate(ONE_LINE)
        lines.append(f"T{number}\t{span.label} {span.start} {span.end}\t{surface}\n")
    return "".join(lines)


def _configuration(labels: Iterable[str]) -> str:
    types = "".join(f"{label}\n" for label in labels)
    return f"[entities]\n{types}\n[relations]\n\n[events]\n\n[attributes]\n"
