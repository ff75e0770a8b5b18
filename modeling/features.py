"""Encoder states kept on disk, so that the head can learn without the encoder."""

import hashlib
import os
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
from safetensors.torch import load, save
from torch import Tensor

from modeling.alignment import AlignedDocument
from modeling.batching import budget_batches
from modeling.parallel import side_by_side
from modeling.tagger import Tagger
from modeling.tokens import Token

_SUFFIX: Final = ".safetensors"
Text = tuple[str, Sequence[Token]]


def text_key(text: str, tokens: Sequence[Token]) -> str:
    """Name a text cut into these tokens: 32 hexadecimal digits."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16)
    digest.update(repr(list(map(tuple, tokens))).encode())
    return digest.hexdigest()


class _Entry(NamedTuple):
    """A file of the store; entries sort by when they were used last."""

    used_ns: int
    path: Path
    size: int


class FeatureStore:
    """States of texts in a folder, float16, within a budget of bytes.

    They belong to one encoder: give each checkpoint a folder of its own and drop it
    with the checkpoint. When there is no room for new ones, those that were asked for
    longest ago go. A file holds one text and is written whole or not at all; several
    processes may write, each keeping to the budget by what it finds.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        """Open a folder, which need not exist yet.

        Args:
            folder: Where the files lie.
            limit_bytes: Most bytes of files to keep.
        """
        self.folder = folder
        self.limit_bytes = limit_bytes

    @property
    def size_bytes(self) -> int:
        """Bytes on disk."""
        return sum(entry.size for entry in self._entries())

    def add(self, states: Mapping[str, Tensor]) -> int:
        """Keep states of texts, (tokens, hidden) each; older ones make room.

        None of them makes room for another: when they are too many for the budget, the
        last ones are not kept.

        Returns:
            How many are kept now.
        """
        entries = self._entries()
        there = {entry.path for entry in entries}
        mine = {self._path(key) for key in states}
        others = deque(sorted(entry for entry in entries if entry.path not in mine))
        used = sum(entry.size for entry in entries)
        free = sum(entry.size for entry in others)  # of what is used
        self.folder.mkdir(parents=True, exist_ok=True)
        for kept, (key, value) in enumerate(states.items()):
            if self._path(key) in there:
                self._touch(self._path(key))
                continue
            data = save({key: value.to("cpu", torch.float16).contiguous()})
            if used - free + len(data) > self.limit_bytes:
                return kept
            while used + len(data) > self.limit_bytes:
                oldest = others.popleft()
                oldest.path.unlink(missing_ok=True)
                used, free = used - oldest.size, free - oldest.size
            self._write(self._path(key), data)
            used += len(data)
        return len(states)

    def load(self, keys: Iterable[str]) -> dict[str, Tensor]:
        """Read the states of the texts that are here."""
        found: dict[str, Tensor] = {}
        for key in keys:
            try:
                data = self._path(key).read_bytes()
            except FileNotFoundError:
                continue
            found[key] = load(data)[key]
            self._touch(self._path(key))
        return found

    def clear(self) -> None:
        """Forget everything."""
        for entry in self._entries():
            entry.path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{_SUFFIX}"

    def _entries(self) -> list[_Entry]:
        found = []
        for path in self.folder.glob(f"*{_SUFFIX}"):
            with suppress(FileNotFoundError):  # another process needed its room
                stat = path.stat()
                found.append(_Entry(stat.st_mtime_ns, path, stat.st_size))
        return found

    @staticmethod
    def _touch(path: Path) -> None:
        """Note the use; by the clock itself, the file system's has coarse ticks."""
        now = time.time_ns()
        with suppress(FileNotFoundError):
            os.utime(path, ns=(now, now))

    def _write(self, path: Path, data: bytes) -> None:
        partial = path.with_name(f"{path.stem}-{os.getpid()}.partial")
        partial.write_bytes(data)
        self._touch(partial)
        partial.replace(path)


@torch.inference_mode()
def encode_states(tagger: Tagger, documents: Sequence[AlignedDocument]) -> list[Tensor]:
    """Run the encoder over documents, similar lengths together.

    Args:
        tagger: Set to evaluation mode.
        documents: Each with at least one token.

    Returns:
        States of the tokens' first sub-tokens, float16 on the CPU: (tokens, hidden)
        of each document, in the order given.
    """
    tagger.eval()
    lengths = [document.sub_tokens for document in documents]
    budget = tagger.default_tokens_per_batch
    order = sorted(range(len(documents)), key=lambda index: -lengths[index])
    batches = list(budget_batches(order, lengths, budget))

    def run(batch: Sequence[int]) -> list[Tensor]:
        chosen = [documents[index] for index in batch]
        with torch.inference_mode():
            states = tagger.first_states(chosen, budget).to("cpu", torch.float16)
        return list(states.split([document.tokens for document in chosen]))

    is_shared = tagger.device.type == "cpu" and len(batches) > 1
    results: Any = side_by_side(run, batches) if is_shared else map(run, batches)
    found: dict[int, Tensor] = {}
    for batch, states in zip(batches, results, strict=True):
        found |= dict(zip(batch, states, strict=True))
    return [found[index].clone() for index in range(len(documents))]
