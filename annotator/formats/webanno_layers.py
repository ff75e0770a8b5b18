"""Layers and cells of WebAnno TSV: columns, stacked values, ids and escapes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _t

from annotator.formats.layers import (
    find_label,
    holds_mentions,
    layer_notes,
    not_mentions,
    short_name,
    slot_note,
)

PIECE = re.compile(r"((?:[^\\|]|\\.?)*+)(\||$)", re.DOTALL)
NUMBERED = re.compile(r"(.*)\[([0-9]{1,9})\]", re.DOTALL)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
LINK = re.compile(r".*->([0-9]{1,9}-[0-9]{1,9})", re.DOTALL)  # of a chain
CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "b": "\b"}
NOTHING, NO_VALUE = "_", "*"


@dataclass(frozen=True, slots=True)
class Layer:
    kind: str  # SP spans, RL relations, CH chains
    name: str
    features: tuple[str, ...]  # one a column; empty where it holds a link
    first: int  # column

    @property
    def short(self) -> str:
        return short_name(self.name)

    @property
    def holds_mentions(self) -> bool:
        return self.kind == "SP" and holds_mentions(self.name)

    @property
    def end(self) -> int:
        return self.first + len(self.features)

    def label_of(self, marked: "Marked") -> str:
        return find_label(marked.features) or self.short


@dataclass(slots=True)
class Marked:
    """An annotation as it stands at one row; others with its number continue it."""

    number: str = ""
    features: dict[str, str] = field(default_factory=dict)
    has_link: bool = False


def parse_layer(kind: str, definition: str, first: int) -> Layer:
    name, _, rest = definition.partition("|")
    features = rest.split("|")
    for position, feature in enumerate(features):
        if feature.startswith("ROLE_"):  # the next column holds its targets
            features[position : position + 2] = [""] * len(features[position:][:2])
        elif feature.startswith("BT_"):
            features[position] = ""
    return Layer(kind, name, tuple(features), first)


def parse_cells(layer: Layer, cells: list[str]) -> Iterator[Marked]:
    """The annotations of one layer at one row: stacked ones are parallel lists."""
    columns = [list(_pieces(cell)) for cell in cells[layer.first : layer.end]]
    for position in range(max(map(len, columns), default=0)):
        marked = Marked()
        exists = False
        for feature, column in zip(layer.features, columns, strict=False):
            piece = column[position] if position < len(column) else NOTHING
            numbered = NUMBERED.fullmatch(piece)
            value, number = (numbered[1], numbered[2]) if numbered else (piece, "")
            link = LINK.fullmatch(value) if layer.kind == "CH" else None
            # A chain has its number; each of its links has its own too.
            marked.number = link[1] if link else marked.number or number
            exists = exists or bool(number) or value != NOTHING
            if value in (NOTHING, NO_VALUE):
                continue
            if feature:
                marked.features[feature] = unescape(value)
            else:
                marked.has_link = True
        if exists:
            yield marked


def _pieces(cell: str) -> Iterator[str]:
    for piece in PIECE.finditer(cell):
        yield piece[1]
        if not piece[2]:
            return


def unescape(text: str) -> str:
    return ESCAPED.sub(lambda found: CONTROLS.get(found[1], found[1]), text)


def notes_about(layer: Layer, found: list[Marked]) -> Iterator[str]:
    """What of a layer's annotations is not kept."""
    counts = {"count": len(found), "layer": layer.short}
    if layer.kind == "RL":
        yield _t("Not kept: relations of the layer {layer} ({count}).").format(**counts)
    elif layer.kind == "CH":
        sentence = _t("Not kept: links of the chain layer {layer} ({count}).")
        yield sentence.format(**counts)
    elif not layer.holds_mentions:
        yield not_mentions(layer.name, len(found))
    else:
        yield from layer_notes(layer.name, [marked.features for marked in found])
        links = sum(marked.has_link for marked in found)
        if links:
            yield slot_note(layer.name, links)
