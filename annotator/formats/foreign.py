"""Files whose format is not read, known by how they begin, and what to do instead."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotator.formats.source import FormatError, Source

LONGEST = 16  # bytes of a beginning
WORD = "word/document.xml"
PARQUET = b"PAR1"  # at the end too
BEGINNINGS: dict[bytes, Promise] = {
    b"%PDF-": _("A PDF is not read: save its text as a .txt file."),
    b"\xd0\xcf\x11\xe0": _(
        "A file of an older Office program is not read: save it as .xlsx, .csv or .txt."
    ),
    b"\x1f\x8b": _("A gzip file is not read: unpack it, or put it into a zip."),
    b"7z\xbc\xaf'\x1c": _("A 7z file is not read: unpack it, or put it into a zip."),
    b"Rar!\x1a\x07": _("A RAR file is not read: unpack it, or put it into a zip."),
    b"ARROW1\0\0": _("An Arrow file is not read: write it as JSON lines."),
}
TABLE = _(
    "A Parquet file is not read: write it as JSON lines, its tags by their names."
)
DOCUMENT = _("A Word document is not read: save it as plain text (.txt).")


def check(source: Source) -> None:
    """Refuse a file that no format could take, in a sentence of its own.

    Raises:
        FormatError: it is one.
    """
    if source.is_collection:
        if not source.path.is_dir() and WORD in source.member_names:
            raise FormatError(1, str(DOCUMENT))
        return
    with source.path.open("rb") as file:
        head = file.read(LONGEST)
        file.seek(max(0, file.seek(0, 2) - len(PARQUET)))
        is_parquet = head.startswith(PARQUET) and file.read() == PARQUET
    if is_parquet and len(head) > len(PARQUET):
        raise FormatError(1, str(TABLE))
    for beginning, sentence in BEGINNINGS.items():
        if head.startswith(beginning):
            raise FormatError(1, str(sentence))
