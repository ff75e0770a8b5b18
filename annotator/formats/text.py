"""Plain text: a line a document, blank-line separated paragraphs, or the whole file."""

from collections.abc import Iterator

from django.utils.translation import gettext as _t

from annotator.formats.columns import looks_like_columns
from annotator.formats.records import Format, Record, check_size
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import LONGEST_LINE, FormatError, Line, Source

LINES_LOOKED_AT = 1_000


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """Documents without annotations, their white space and line breaks as they are.

    ``sentence`` makes every line that is not blank a document, ``blank-lines:N`` every
    N paragraphs, ``file`` the whole file.
    """
    if options.document == "docstart":
        raise FormatError(1, _t("Plain text has no -DOCSTART- lines."))
    if options.document == "file":
        yield from _whole(source)
        return
    pieces = (
        _paragraphs(source, options.per_document)
        if options.per_document
        else ([line] for line in source.lines() if not _is_blank(line))
    )
    for piece in pieces:
        errors = [line.error for line in piece if line.error]
        yield from errors
        if not errors:
            text = "".join(line.raw for line in piece[:-1]) + piece[-1].text
            yield Record(text, line=piece[0].number)


def _whole(source: Source) -> Iterator[Record | FormatError]:
    if source.path.stat().st_size > LONGEST_LINE:
        sentence = _t("The file is longer than {limit} MiB: too long for one document.")
        raise FormatError(1, sentence.format(limit=LONGEST_LINE // 1024**2))
    lines = list(source.lines())
    errors = [line.error for line in lines if line.error]
    yield from errors
    if lines and not errors:
        yield Record("".join(line.raw for line in lines))


def _paragraphs(source: Source, count: int) -> Iterator[list[Line]]:
    """Runs of lines that hold ``count`` paragraphs each, the last perhaps fewer."""
    piece: list[Line] = []
    blank: list[Line] = []
    seen = size = 0
    for line in source.lines():
        if _is_blank(line):
            blank.append(line)
            size += len(line.raw)
            check_size(line.number, size if piece and seen < count else 0)
            continue
        seen += not piece or bool(blank)
        if seen > count:
            yield piece
            piece, blank, seen = [], [], 1
        if piece:
            piece += blank
        else:
            size = 0
        piece.append(line)
        size += len(line.error.message if line.error else line.raw)
        check_size(line.number, size - 2)  # its line break is no part of the text
        blank = []
    if piece:
        yield piece


def _is_blank(line: Line) -> bool:
    return not line.error and not line.raw.strip()


def recognises(source: Source) -> bool:
    """Only a file that calls itself text: every file could be read as one.

    Tokens with tags of an unknown kind are no text, and would lose them.
    """
    is_named = source.suffix in FORMAT.suffixes
    return is_named and not looks_like_columns(source.head(LINES_LOOKED_AT))


FORMAT = Format(
    name="text", suffixes=(".txt", ".text", ".md", ""), recognises=recognises, read=read
)
