"""WebAnno TSV 1 and 2: tokens without offsets, annotations as IOB in their columns."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _t

from annotator.formats.mentions import Mention, settle
from annotator.formats.offsets import CODE_POINTS
from annotator.formats.placing import find_in_order, join
from annotator.formats.records import ReadOptions as Options
from annotator.formats.records import Record, check_size, excerpt
from annotator.formats.source import FormatError, Line, Source
from annotator.formats.webanno_layers import Layer, Marked, notes_about
from modeling.tokens import Token

LAYERS = re.compile(r" ?# ?[\w$]++(?:\.[\w$]++)++ \| .*", re.DOTALL)
FIRST_VERSION = re.compile(r"#id=\d+", re.ASCII)
NUMBER = re.compile(r"[0-9]{1,9}(-[0-9]{1,9})?")
SENTENCE = re.compile(r"#(id|text)=|[0-9]{1,9}(-[0-9]{1,9})?\t", re.ASCII)
LINK = "AttachTo="  # of a relation: one more column, with the other end
NOTHING = {"", "O", "_", "-", "O-_", "B-_", "I-_"}
PREFIXED = re.compile(r"([BI])-(.+)", re.DOTALL)
FIRST_PREFIX = re.compile(r"(?:^|(?<=\|))([BI])_")  # of version 1, beside B-
DKPRO = "de.tudarmstadt.ukp.dkpro.core.api."
# Number, token, and then these; version 1 has no header.
FIRST_LAYERS = [
    Layer("SP", f"{DKPRO}segmentation.type.Lemma", ("value",), 2),
    Layer("SP", f"{DKPRO}lexmorph.type.pos.POS", ("PosValue",), 3),
    Layer("SP", f"{DKPRO}ner.type.NamedEntity", ("value",), 4),
    Layer("RL", f"{DKPRO}syntax.type.dependency.Dependency", ("DependencyType",), 7),
]
FIRST_WIDTH = 10


@dataclass(slots=True)
class Sentence:
    line: int
    texts: list[str] = field(default_factory=list)
    rows: list[tuple[int, list[str]]] = field(default_factory=list)  # line and cells


@dataclass(slots=True)
class Found:
    """An annotation, and the tokens from its first to its last."""

    marked: Marked
    first: int
    last: int
    line: int


def is_older(first_line: str) -> bool:
    """Whether a file begins as version 1 or 2 does."""
    return bool(LAYERS.fullmatch(first_line) or FIRST_VERSION.fullmatch(first_line))


def recognises(lines: Sequence[str]) -> bool:
    """Whether a sentence follows the first line; a title of Markdown has none."""
    first = next(iter(lines), "")
    second = next((line for line in lines[1:] if line.strip()), "")
    if FIRST_VERSION.fullmatch(first):
        return second.startswith("#text=")
    return bool(LAYERS.fullmatch(first) and SENTENCE.match(second))


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """The file is one document; its sentences stand on lines of their own."""
    layers, width = parse_layers(source)
    sentences = list(_sentences(source.lines(), width))
    text, tokens, starts, notes = _place(sentences)
    rows = [row for sentence in sentences for row in sentence.rows]
    mentions: list[Mention] = []
    for layer in layers:
        found = _collect(layer, rows)
        if layer.holds_mentions:
            mentions += [_mention(layer, one, tokens) for one in found]
        if found:
            notes += notes_about(layer, [one.marked for one in found])
    spans, settled = settle(text, mentions, options.may_overlap, CODE_POINTS)
    yield Record(
        text=text,
        spans=spans,
        is_annotated=any(layer.holds_mentions for layer in layers),
        tokens=tuple(tokens),
        sentence_starts=tuple(starts),
        notes=(*notes, *settled),
    )


def parse_layers(source: Source) -> tuple[list[Layer], int]:
    """The layers of the first line, or those of version 1, and the columns of a row."""
    (line,) = source.head(1)
    if FIRST_VERSION.fullmatch(line.text):
        return FIRST_LAYERS, FIRST_WIDTH
    layers: list[Layer] = []
    width = 2  # number and token
    for definition in line.text.split("#")[1:]:
        name, *features = (part.strip() for part in definition.split("|"))
        kind = "RL" if any(f.startswith(LINK) for f in features) else "SP"
        named = tuple("" if f.startswith(LINK) else f for f in features)
        layers.append(Layer(kind, name, named, width))
        width += len(features)
    return layers, width


def _sentences(lines: Iterable[Line], width: int) -> Iterator[Sentence]:
    sentence = Sentence(1)
    rows = 0
    for line in lines:
        if line.error:
            raise line.error
        if line.text.startswith("#text="):
            if sentence.rows:
                yield sentence
                sentence = Sentence(line.number)
            sentence.line = line.number
            sentence.texts.append(line.text.removeprefix("#text="))
        elif line.text.lstrip(" ").startswith("#") and "\t" not in line.text:
            continue  # the layers, or a sentence's id
        elif line.text.strip():
            sentence.line = sentence.rows[0][0] if sentence.rows else line.number
            sentence.rows.append((line.number, _cells(line, width)))
            rows += 1
            check_size(line.number, 0, rows)
        elif sentence.rows:
            yield sentence
            sentence = Sentence(line.number)
    if sentence.rows:
        yield sentence
    elif text := " ".join(sentence.texts).strip():
        message = _t("The sentence “{text}” has no token.")
        raise FormatError(sentence.line, message.format(text=excerpt(text)))


def _cells(line: Line, width: int) -> list[str]:
    cells = line.text.split("\t")
    if not cells[-1]:
        cells.pop()  # version 2 ends each cell with a TAB
    number = NUMBER.fullmatch(cells[0])
    if len(cells) < 2 or not number or not cells[1]:
        message = _t("“{text}” is not a token's number and text.")
        raise FormatError(line.number, message.format(text=excerpt(line.text)))
    if len(cells) != width:
        message = _t("“{text}” has {count} columns; the layers above need {expected}.")
        raise FormatError(
            line.number,
            message.format(text=excerpt(line.text), count=len(cells), expected=width),
        )
    is_first_version = number[1] is None
    return [FIRST_PREFIX.sub(r"\1-", c) for c in cells] if is_first_version else cells


def _place(
    sentences: Iterable[Sentence],
) -> tuple[str, list[Token], list[int], list[str]]:
    """Text, tokens, the first token of each sentence, and notes.

    A sentence is as its header says, or its tokens with spaces between them.
    """
    pieces: list[str] = []
    tokens: list[Token] = []
    starts, notes, size = [], [], 0
    for sentence in sentences:
        words = [cells[1] for _line, cells in sentence.rows]
        text = "\n".join(sentence.texts)
        offsets = find_in_order(words, text)
        if offsets is None:
            if sentence.texts:
                message = _t("“{text}” is not made of its tokens: they were joined.")
                notes.append(message.format(text=excerpt(text)))
            text, offsets = join(words, [" "] * (len(words) - 1) + [""])
        size += len("\n") if pieces else 0
        starts.append(len(tokens))
        tokens += [(size + start, size + end) for start, end in offsets]
        pieces.append(text)
        size += len(text)
        check_size(sentence.line, size)
    return "\n".join(pieces), tokens, starts, notes


def _collect(layer: Layer, rows: list[tuple[int, list[str]]]) -> list[Found]:
    """The layer's annotations; stacked ones have the same place in each cell."""
    found: list[Found] = []
    before: dict[int, Found] = {}  # of the token before, by that place
    for index, (line, cells) in enumerate(rows):
        now: dict[int, Found] = {}
        for position, prefix, marked in _stacked(layer, cells):
            if prefix == "I":
                taken = list(now.values())
                one = _continued(layer, marked, before, position, taken, line)
                one.last = index
            else:
                one = Found(marked, index, index, line)
                found.append(one)
            now[position] = one
        before = now
    return found


def _stacked(layer: Layer, cells: list[str]) -> Iterator[tuple[int, str, Marked]]:
    """Place, prefix and values of each annotation at a token."""
    prefixes: dict[int, str] = {}
    stacked: defaultdict[int, Marked] = defaultdict(Marked)
    columns = cells[layer.first : layer.end]
    for feature, cell in zip(layer.features, columns, strict=True):
        for position, piece in enumerate(cell.split("|") if feature else ()):
            if piece in NOTHING:
                continue
            prefixed = PREFIXED.fullmatch(piece)
            prefixes.setdefault(position, prefixed[1] if prefixed else "")
            value = prefixed[2] if prefixed else piece
            # Without a value it has the layer's name.
            is_named = not value.startswith(layer.name)
            stacked[position].features |= {feature: value} if is_named else {}
    for position in sorted(stacked):
        yield position, prefixes[position], stacked[position]


def _continued(
    layer: Layer,
    marked: Marked,
    before: dict[int, Found],
    position: int,
    taken: list[Found],
    line: int,
) -> Found:
    """The annotation of the token before with the same values: at the same place first.

    Raises:
        FormatError: there is none.
    """
    order = sorted(before, key=lambda place: (place != position, place))
    for place in order:
        one = before[place]
        if one.marked.features == marked.features and one not in taken:
            return one
    value = "|".join(marked.features.values()) or layer.short
    message = _t("“I-{value}” continues nothing of the token before.")
    raise FormatError(line, message.format(value=excerpt(value)))


def _mention(layer: Layer, found: Found, tokens: list[Token]) -> Mention:
    start, end = tokens[found.first][0], tokens[found.last][1]
    label = layer.label_of(found.marked)
    return Mention(start, end, label, found.line)
