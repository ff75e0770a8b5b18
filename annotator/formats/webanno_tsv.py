"""WebAnno TSV: in version 3 a token a line with its offsets in UTF-16 units."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _t

from annotator.formats import webanno_older
from annotator.formats.layers import describe_layers
from annotator.formats.mentions import Mention, settle
from annotator.formats.offsets import CODE_POINTS
from annotator.formats.records import Format, Record, check_size, excerpt
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import FormatError, Line, Source
from annotator.formats.webanno_layers import (
    Layer,
    Marked,
    notes_about,
    parse_cells,
    parse_layer,
    unescape,
)
from annotator.formats.webanno_text import PlacedText, Row, Sentence, place
from modeling.tokens import Token

VERSION = re.compile(r"#\s*FORMAT=WebAnno TSV (3(\.\d{1,3})?)\s*")
OTHER_VERSION = re.compile(r"#\s*FORMAT=WebAnno TSV.*", re.DOTALL)
DEFINITION = re.compile(r"#T_(SP|RL|CH)=(.*)", re.DOTALL)
ROW = re.compile(r"[0-9]{1,9}-[0-9]{1,9}(\.[0-9]{1,9})?")
OFFSETS = re.compile(r"([0-9]{1,12})-([0-9]{1,12})")
WITHOUT_LAYERS = 3  # columns: number, offsets, token


@dataclass(slots=True)
class Document:
    layers: list[Layer] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    comments: int = 0

    @property
    def rows(self) -> Iterator[Row]:
        return (row for sentence in self.sentences for row in sentence.rows)

    @property
    def width(self) -> int:
        return self.layers[-1].end if self.layers else WITHOUT_LAYERS


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """The file is one document, since annotations may reach across its sentences."""
    if _is_older(source):
        yield from webanno_older.read(source, options)
        return
    document = _parse(source.lines())
    placed, notes = place(document.sentences)
    mentions, more_notes = _mentions(document, placed)
    spans, settled = settle(placed.text, mentions, options.may_overlap, CODE_POINTS)
    tokens, starts = _tokens(document, placed)
    yield Record(
        text=placed.text,
        spans=spans,
        is_annotated=any(layer.holds_mentions for layer in document.layers),
        tokens=tokens,
        sentence_starts=starts,
        notes=(*notes, *settled, *more_notes),
    )


def _parse(lines: Iterable[Line]) -> Document:
    document = Document()
    sentence = Sentence()
    rows = 0
    for line in lines:
        if line.error:
            raise line.error
        if line.number == 1:
            _check_version(line)
        elif line.text.startswith("#"):
            if sentence.rows:
                sentence = Sentence()
            _parse_header(document, sentence, line)
        elif not line.text.strip():
            _check_has_tokens(sentence, line.number)
            sentence = Sentence()
        else:
            if not sentence.rows:
                document.sentences.append(sentence)
            sentence.rows.append(_parse_row(document, line))
            rows += 1
            check_size(line.number, 0, rows)
    _check_has_tokens(sentence, 1)
    return document


def _check_has_tokens(sentence: Sentence, line: int) -> None:
    if sentence.texts and not sentence.rows:
        message = _t("The sentence “{text}” has no token.")
        raise FormatError(line, message.format(text=excerpt(sentence.text)))


def _check_version(line: Line) -> None:
    if VERSION.fullmatch(line.text):
        return
    sentence = _t("“{text}” is not #FORMAT=WebAnno TSV 3: export it as version 3.")
    raise FormatError(1, sentence.format(text=excerpt(line.text)))


def _parse_header(document: Document, sentence: Sentence, line: Line) -> None:
    definition = DEFINITION.fullmatch(line.text)
    if line.text.startswith("#Text="):
        sentence.texts.append(unescape(line.text.removeprefix("#Text=")))
    elif definition and not document.sentences:
        layer = parse_layer(definition[1], definition[2], document.width)
        document.layers.append(layer)
    elif definition:
        message = _t("The layer “{text}” is defined below the first token.")
        raise FormatError(line.number, message.format(text=excerpt(line.text)))
    else:
        document.comments += 1


def _parse_row(document: Document, line: Line) -> Row:
    cells = line.text.split("\t")
    number = ROW.fullmatch(cells[0])
    offsets = OFFSETS.fullmatch(cells[1]) if len(cells) > 1 else None
    if not number or not offsets or len(cells) < WITHOUT_LAYERS:
        message = _t("“{text}” is not a token's number, offsets and text.")
        raise FormatError(line.number, message.format(text=excerpt(line.text)))
    if len(cells) < document.width or any(cells[document.width :]):
        message = _t("“{text}” has {count} columns; the layers above need {expected}.")
        raise FormatError(
            line.number,
            message.format(
                text=excerpt(line.text), count=len(cells), expected=document.width
            ),
        )
    return Row(
        line=line.number,
        is_token=number[1] is None,
        start=int(offsets[1]),
        end=int(offsets[2]),
        surface=cells[2],
        cells=cells,
    )


def _mentions(
    document: Document, placed: PlacedText
) -> tuple[list[Mention], list[str]]:
    """Mentions of all layers that hold them, and a note for each thing left out."""
    mentions: list[Mention] = []
    notes: list[str] = []
    if document.comments:
        sentence = _t("Not kept: header lines, such as sentence ids ({count}).")
        notes.append(sentence.format(count=document.comments))
    for layer in document.layers:
        found = _collect(document, layer)
        if layer.holds_mentions:
            mentions += [_mention(layer, *one, placed) for one in found]
        if found:
            notes += notes_about(layer, [marked for marked, _rows in found])
    return mentions, notes


def _collect(document: Document, layer: Layer) -> list[tuple[Marked, list[Row]]]:
    """Each annotation of a layer with its rows: those that share a number are one."""
    found: dict[object, tuple[Marked, list[Row]]] = {}
    for row in document.rows:
        for position, marked in enumerate(parse_cells(layer, row.cells)):
            key = marked.number or (row.line, position)
            found.setdefault(key, (marked, []))[1].append(row)
    return list(found.values())


def _mention(
    layer: Layer, marked: Marked, rows: list[Row], placed: PlacedText
) -> Mention:
    return Mention(
        start=min(placed.index(row.line, row.start) for row in rows),
        end=max(placed.index(row.line, row.end) for row in rows),
        label=layer.label_of(marked),
        line=rows[0].line,
    )


def _tokens(
    document: Document, placed: PlacedText
) -> tuple[tuple[Token, ...], tuple[int, ...]]:
    tokens: list[Token] = []
    starts: list[int] = []
    for sentence in document.sentences:
        starts.append(len(tokens))
        tokens += [
            (placed.index(row.line, row.start), placed.index(row.line, row.end))
            for row in sentence.rows
            if row.is_token
        ]
    return tuple(tokens), tuple(starts)


def recognises(source: Source) -> bool:
    """Also what newer versions may write, so that they are refused by name."""
    lines = [line.text for line in source.head(20)]
    is_other = OTHER_VERSION.fullmatch(next(iter(lines), "")) is not None
    return is_other or webanno_older.recognises(lines)


def _is_older(source: Source) -> bool:
    return any(webanno_older.is_older(line.text) for line in source.head(1))


def describe(source: Source) -> dict[str, str]:
    """Which layers hold the spans, for the person to check."""
    try:
        layers = (
            webanno_older.parse_layers(source)[0]
            if _is_older(source)
            else _parse(source.lines()).layers
        )
    except FormatError:
        return {}  # reading it says why
    return describe_layers({layer.name: layer.holds_mentions for layer in layers})


FORMAT = Format(
    name="webanno-tsv",
    suffixes=(),
    recognises=recognises,
    read=read,
    describe=describe,
)
