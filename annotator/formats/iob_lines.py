"""A sentence a line, each token with its tag behind a bar, as spaCy converts it."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _t

from annotator.formats.columns import DOCUMENT_START
from annotator.formats.conll import Sentence, records
from annotator.formats.placing import check_tag
from annotator.formats.records import Format, Record, check_size, excerpt
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import FormatError, Line, Source
from modeling.tagging import detect_scheme

BAR = "|"
TAGGED = re.compile(r"\S+\|(?:O|[BIESLUM]-[^\s|]+)")
OTHER_TAG = re.compile(r"[BIESLUM]-[^\s|]+")  # of a nested mention, or a chunk
START = f"{DOCUMENT_START}|"
LINES_LOOKED_AT = 100


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """A token, maybe more that is not read, and its tag, with bars between them."""
    if options.document == "docstart" and not _has_document_starts(source):
        raise FormatError(1, _t("The file has no -DOCSTART- line."))
    return records(_sentences(source), options)


def _has_document_starts(source: Source) -> bool:
    return any(line.raw.lstrip().startswith(START) for line in source.lines())


def _sentences(source: Source) -> Iterator[Sentence]:
    bars = _bars(source)
    is_nested = is_noted = False
    for line in source.lines():
        if not line.error and not line.text.strip():
            continue
        sentence = Sentence(line.number)
        try:
            if line.error:
                raise line.error
            for piece in _pieces(line):
                token, tag, others = _token(line.number, piece, bars)
                sentence.add(token, tag)
                is_nested |= any(OTHER_TAG.fullmatch(other) for other in others)
            if is_nested and not is_noted:
                is_noted = True
                sentence.notes.append(_t("Not kept: further tags of the tokens."))
            check_size(line.number, sentence.size, len(sentence.tokens))
        except FormatError as error:
            sentence.refuse(error)
        yield sentence


def _pieces(line: Line) -> list[str]:
    return [piece for piece in re.split("[ \t]", line.text) if piece]


def _beginning(source: Source) -> list[list[str]]:
    """The tokens of each of the first lines that are not blank."""
    lines = source.head(LINES_LOOKED_AT)
    return [_pieces(line) for line in lines if line.text.strip()]


def _bars(source: Source) -> int:
    """How many bars there are in each token, of which one may itself be a bar."""
    counts = (piece.count(BAR) for line in _beginning(source) for piece in line)
    return min(filter(None, counts), default=1)


def _token(line: int, piece: str, bars: int) -> tuple[str, str, list[str]]:
    """Token, tag, and what stands between them."""
    token, *others = piece.rsplit(BAR, bars)
    if not token or len(others) < bars:
        sentence = _t("“{text}” is not a token and its tag, such as Ada|B-PER.")
        raise FormatError(line, sentence.format(text=excerpt(piece)))
    return token, check_tag(line, others[-1]), others[:-1]


def recognises(source: Source) -> bool:
    """By some sentence of several tokens: else it may be a token a line."""
    lines = _beginning(source)
    is_tagged = all(TAGGED.fullmatch(piece) for line in lines for piece in line)
    return is_tagged and any(len(line) > 1 for line in lines)


def describe(source: Source) -> dict[str, str]:
    """The tag scheme, for the person to check."""
    if not recognises(source):
        return {}
    tags = [[p.rpartition(BAR)[2] for p in line] for line in _beginning(source)]
    return {"scheme": detect_scheme(tags)}


FORMAT = Format(
    name="iob-lines",
    suffixes=(),
    recognises=recognises,
    read=read,
    describe=describe,
)
