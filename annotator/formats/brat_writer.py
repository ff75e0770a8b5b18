"""Writing a zip of brat's files: a text, its annotations, and the labels of all."""

import re
from collections.abc import Iterable, Iterator
from typing import IO
from zipfile import ZipFile

from django.utils.translation import gettext as _t

from annotator.formats.archives import Names, add, renamed
from annotator.formats.records import Loss, Output, Record, WriteOptions, excerpt

# What ends a line for brat or for other programs stands as a space in covered text.
ONE_LINE = str.maketrans(dict.fromkeys("\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", " "))
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
    names = Names()
    with ZipFile(file, "w") as archive:
        for record in records:
            name = names.next(record)
            yield from renamed(record, name)
            # A first U+FEFF would be taken for a mark of the encoding.
            mark = BOM if record.text.startswith(BOM) else ""
            add(archive, f"{name}.txt", (mark + record.text).encode())
            if record.is_annotated:
                add(archive, f"{name}.ann", _lines(record).encode())
            for span in record.spans:
                if span.label not in labels and not SAFE_LABEL.fullmatch(span.label):
                    sentence = _t("brat does not show the label “{label}”.")
                    reason = sentence.format(label=excerpt(span.label))
                    yield Loss(record, "label", reason, span)
                labels[span.label] = None
        add(archive, "annotation.conf", _configuration(labels).encode())


def _lines(record: Record) -> str:
    lines = []
    for number, span in enumerate(sorted(record.spans), 1):
        surface = record.text[span.start : span.end].translate(ONE_LINE)
        lines.append(f"T{number}\t{span.label} {span.start} {span.end}\t{surface}\n")
    return "".join(lines)


def _configuration(labels: Iterable[str]) -> str:
    types = "".join(f"{label}\n" for label in labels)
    return f"[entities]\n{types}\n[relations]\n\n[events]\n\n[attributes]\n"


OUTPUT = Output(
    name="brat",
    title="brat",
    suffix="zip",
    write=write,
    holds=frozenset({"text", "ids", "overlaps"}),
)
