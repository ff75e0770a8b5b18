"""Saving and loading a tagger: safetensors and JSON, never pickle.

A checkpoint is a folder::

    model.safetensors   all weights
    config.json         the encoder's configuration, window sizes, what the caller adds
    labels.json         the labels in the order of the tags
    tokenizer/          the fast tokenizer, or the vocabulary of words and characters

Everything needed to load it lies inside, so loading asks no hub.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from modeling.calibration import IDENTITY
from modeling.devices import resolve_device
from modeling.encoders import encoder_from_config, load_tokenizer
from modeling.tagger import Tagger

FORMAT: Final = 1
_DAMAGE: Final = (
    OSError,
    SafetensorError,
    RuntimeError,
    ValueError,
    KeyError,
    TypeError,
)


class CheckpointError(Exception):
    """Raised with one sentence when a checkpoint is missing or damaged."""


def save(tagger: Tagger, folder: Path, *, extra: dict[str, Any] | None = None) -> None:
    """Write a checkpoint: all of it or nothing.

    It is written to a temporary folder beside its place and renamed; an older
    checkpoint of that name is replaced.

    Args:
        tagger: What to save.
        folder: Where; its parents are created.
        extra: JSON to keep with it, see `read_extra`.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{folder.name}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=folder.parent) as scratch:
        fresh = Path(scratch) / "fresh"
        fresh.mkdir()
        _write(tagger, fresh, extra or {})
        if folder.exists():
            folder.rename(Path(scratch) / "old")
        fresh.rename(folder)
        _flush(folder.parent)


def load(folder: Path, device: str = "auto") -> Tagger:
    """Read a checkpoint without any access to the network.

    Args:
        folder: As given to `save`.
        device: "auto" or a torch device.

    Returns:
        The tagger, in evaluation mode.

    Raises:
        CheckpointError: If it is missing, damaged or of another format.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CheckpointError(f"There is no checkpoint at {folder}.")
    config, labels = _read_config(folder), _read_labels(folder)
    try:
        tagger = Tagger(
            encoder_from_config(config["encoder"]),
            load_tokenizer(config["encoder"], folder / "tokenizer"),
            labels,
            dropout=config["dropout"],
            max_length=config["max_length"],
            context=config["context"],
            # Checkpoints of before there were shapes have none.
            has_word_shapes=config.get("has_word_shapes", False),
        )
        tagger.precision = config["precision"]
        # Checkpoints of before there were temperatures have none.
        tagger.temperature = float(config.get("temperature", 1.0))
        a, b, c = config.get("curve", IDENTITY)
        tagger.curve = (float(a), float(b), float(c))
        tagger.load_state_dict(load_file(folder / "model.safetensors"))
    except _DAMAGE as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise CheckpointError(
            f"The checkpoint at {folder} is damaged: {reason[0]}"
        ) from error
    return tagger.to(resolve_device(device)).eval()


def read_extra(folder: Path) -> dict[str, Any]:
    """Read what the caller of `save` kept with a checkpoint.

    Raises:
        CheckpointError: If it is missing or damaged.
    """
    return dict(_read_config(Path(folder))["extra"])


def _write(tagger: Tagger, folder: Path, extra: dict[str, Any]) -> None:
    """Write all files of a checkpoint and flush them to the disk."""
    encoder_config: Any = tagger.encoder.config
    config = {
        "format": FORMAT,
        "encoder": encoder_config.to_dict(),
        "dropout": tagger.dropout.p,
        "max_length": tagger.max_length,
        "context": tagger.context,
        "has_word_shapes": tagger.shapes is not None,
        "precision": tagger.precision,
        "temperature": tagger.temperature,
        "curve": tagger.curve,
        "extra": extra,
    }
    weights = {
        name: value.detach().cpu().contiguous().clone()
        for name, value in tagger.state_dict().items()
    }
    save_file(weights, folder / "model.safetensors")
    _write_json(folder / "config.json", config)
    _write_json(folder / "labels.json", list(tagger.labels))
    tagger.sub_tokenizer.tokenizer.save_pretrained(str(folder / "tokenizer"))
    for path in (*folder.rglob("*"), folder):
        _flush(path)


def _read_config(folder: Path) -> dict[str, Any]:
    """Read config.json of this format."""
    config = _read_json(folder / "config.json")
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise CheckpointError(f"The checkpoint at {folder} has an unknown format.")
    return config


def _read_labels(folder: Path) -> list[str]:
    """Read labels.json: a list of strings."""
    labels = _read_json(folder / "labels.json")
    if not isinstance(labels, list) or not all(isinstance(x, str) for x in labels):
        raise CheckpointError(f"The checkpoint at {folder} has a damaged labels.json.")
    return labels


def _read_json(path: Path) -> Any:
    """Read a JSON file of a checkpoint."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(
            f"The checkpoint at {path.parent} has no {path.name}."
        ) from None
    except ValueError as error:
        raise CheckpointError(
            f"The checkpoint at {path.parent} has a damaged {path.name}."
        ) from error


def _write_json(path: Path, content: Any) -> None:
    """Write a JSON file that a person can read."""
    text = json.dumps(content, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def _flush(path: Path) -> None:
    """Wait until a file or a folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
