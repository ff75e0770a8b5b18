"""A checkpoint as a folder that Hugging Face's libraries load, zipped as it is sent.

Nothing here needs torch: safetensors files are a JSON header before plain bytes, so
the web side can take the encoder's weights out without loading them.
"""

import json
import math
import struct
import sys
import zipfile
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from modeling.card import Card, render
from modeling.names import OVER_WORDS
from modeling.shapes import SHAPES
from modeling.tagging import allowed_start, allowed_transitions, tag_names
from modeling.tokens import token_pattern

EXAMPLE: Final = "predict_example.py"
_SCRIPT: Final = Path(__file__).parent / "resources" / f"{EXAMPLE}.txt"
WEIGHTS: Final = "model.safetensors"
_ENCODER: Final = "encoder."
_FORBIDDEN: Final = -1e4  # see modeling.lattice
_CHUNK: Final = 1 << 20  # bytes

Header = dict[str, dict[str, Any]]


def zipped(folder: Path, stem: str, card: Card) -> Iterator[bytes]:
    """Write the folder as a ZIP archive, piece by piece.

    Args:
        folder: A checkpoint, see `modeling.checkpoints`.
        stem: Name of the folder inside the archive.
        card: Becomes its README.md.

    Yields:
        The archive's bytes; memory stays flat however large the model is.

    Raises:
        OSError: The checkpoint cannot be read.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in members(folder, card):
            info = zipfile.ZipInfo(f"{stem}/{name}")
            info.external_attr = 0o644 << 16
            with archive.open(info, "w", force_zip64=True) as member:
                for piece in content:
                    member.write(piece)
                    yield sink.taken()
            yield sink.taken()
    yield sink.taken()


def members(folder: Path, card: Card) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Name the files of the folder and give their content in pieces."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    yield "README.md", [render(card).encode()]
    if config["encoder"].get("model_type") in OVER_WORDS:
        # Hugging Face knows none of them. Not the whole folder: what else is kept
        # there, to be quick, is derived from texts.
        for name in ("config.json", "labels.json", WEIGHTS):
            yield name, _pieces(folder / name)
        for path in sorted((folder / "tokenizer").iterdir()):
            yield f"tokenizer/{path.name}", _pieces(path)
        return
    weights = folder / WEIGHTS
    yield "config.json", [_json(_config(config, labels, card))]
    yield "labels.json", [_json(labels)]
    yield WEIGHTS, _encoder(weights)
    yield "head.safetensors", [_head(weights, labels)]
    yield EXAMPLE, [_SCRIPT.read_bytes()]
    for path in sorted((folder / "tokenizer").iterdir()):
        yield path.name, _pieces(path)


class _Sink:
    """Keeps what a ZIP archive writes until it is taken away; it cannot be sought."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: what is written is there."""

    def close(self) -> None:
        """Do nothing: what is written is taken from here."""

    def taken(self) -> bytes:
        """Give what was written since the last time."""
        written, self._written = b"".join(self._written), []
        return written


def _config(config: dict[str, Any], labels: list[str], card: Card) -> dict[str, Any]:
    """Add the tags and the rule that cuts words to the encoder's configuration."""
    mode = card.facts.get("token_mode", "unicode-words")
    names = tag_names(labels)
    return config["encoder"] | {
        "id2label": dict(enumerate(names)),
        "label2id": {name: index for index, name in enumerate(names)},
        "word_pattern": token_pattern(mode),
        "word_shapes": SHAPES,
        "window": config["max_length"],
    }


def _read_header(path: Path) -> tuple[Header, int]:
    """Read where each tensor lies; the number is where the first one begins."""
    with path.open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header: Header = json.loads(file.read(size))
    header.pop("__metadata__", None)
    return header, 8 + size


def _encoder(path: Path) -> Iterator[bytes]:
    """Give the encoder's tensors under the names that its own class knows."""
    header, start = _read_header(path)
    named = {k: v for k, v in header.items() if k.startswith(_ENCODER)}
    order = sorted(named, key=lambda name: named[name]["data_offsets"])
    yield _written_header({name.removeprefix(_ENCODER): named[name] for name in order})
    with path.open("rb") as file:
        for name in order:
            first, last = named[name]["data_offsets"]
            file.seek(start + first)
            yield from _read(file, last - first)


def _head(path: Path, labels: list[str]) -> bytes:
    """Give head and CRF; forbidden moves are written into the CRF's scores."""
    header, start = _read_header(path)
    tensors: dict[str, array[float]] = {}
    with path.open("rb") as file:
        for name in sorted(k for k in header if not k.startswith(_ENCODER)):
            first, last = header[name]["data_offsets"]
            file.seek(start + first)
            tensors[name] = _floats(file.read(last - first))
    if not any(name.startswith("shapes.") for name in tensors):
        for name, shape in _no_shapes(header["head.weight"]["shape"][1]).items():
            tensors[name] = array("f", [0.0] * math.prod(shape))
            offsets = [0, len(tensors[name]) * tensors[name].itemsize]
            header[name] = {"dtype": "F32", "shape": shape, "data_offsets": offsets}
    names = tag_names(labels)
    allowed, starts = allowed_transitions(names), allowed_start(names)
    moves = tensors["crf.transitions"]
    for place in range(len(moves)):
        if divmod(place, len(names)) not in allowed:
            moves[place] += _FORBIDDEN
    for tag, is_allowed in enumerate(starts):
        if not is_allowed:
            tensors["crf.start_transitions"][tag] += _FORBIDDEN
    parts = [_floats(values.tobytes()).tobytes() for values in tensors.values()]
    return _written_header({name: header[name] for name in tensors}) + b"".join(parts)


def _no_shapes(hidden_size: int) -> dict[str, list[int]]:
    """Size the tensors of `modeling.shape_encoder` for a model that has none."""
    return {
        "shapes.embedding.weight": [len(SHAPES) + 1, 1],
        "shapes.convolution.weight": [1, 1, 5],
        "shapes.convolution.bias": [1],
        "shapes.output.weight": [hidden_size, 1],
    }


def _floats(data: bytes) -> "array[float]":
    """Read, or with a second call write, little-endian floats."""
    values = array("f", data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _written_header(header: Header) -> bytes:
    """Write a header of tensors that follow one another in its order."""
    fresh: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    position = 0
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        end = position + last - first
        fresh[name] = entry | {"data_offsets": [position, end]}
        position = end
    text = json.dumps(fresh, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from _read(file, path.stat().st_size)


def _read(file: Any, count: int) -> Iterator[bytes]:
    """Read so many bytes in pieces."""
    while count:
        piece = file.read(min(count, _CHUNK))
        if not piece:
            raise OSError(f"{file.name} ends before its time")
        count -= len(piece)
        yield piece


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n"
