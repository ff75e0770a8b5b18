"""A sentence a line, each token with its tag behind a bar, as spaCy converts it."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _t

from annotator.formats.conll import Sentence, records
from annotator.formats.placing import check_tag
from annotator.formats.records import Format, Record, check_size, excerpt
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import FormatError, Line, Source
from modeling.tagging import detect_scheme

BAR = "|"
TAGGED = re.compile(r"\S+\|(?:O|[BIESLUM]-[^\s|]+)")
LINES_LOOKED_AT = 100


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """A token, maybe more that is not read, and its tag, with bars between them."""
    return records(_sentences(source), options)


def _sentences(source: Source) -> Iterator[Sentence]:
    bars = _bars(source)
    for line in source.lines():
        if not line.error and not line.text.strip():
            continue
        sentence = Sentence(line.number)
        try:
            if line.error:
                raise line.error
            for piece in _pieces(line):
                token, tag = _token(line.number, piece, bars)
                sentence.add(token, tag)
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


def _token(line: int, piece: str, bars: int) -> tuple[str, str]:
    token, *others = piece.rsplit(BAR, bars)
    if not token or len(others) < bars:
        sentence = _t("“{text}” is not a token and its tag, such as Ada|B-PER.")
        raise FormatError(line, sentence.format(text=excerpt(piece)))
    return token, check_tag(line, others[-1])


def recognises(source: Source) -> bool:
    pieces = [piece for line in _beginning(source) for piece in line]
    return bool(pieces) and all(TAGGED.fullmatch(piece) for piece in pieces)


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
