"""Texts to measure with: the demo corpus or a file."""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path


def sample(path: Path | None, count: int) -> list[str]:
    """Pick at most so many texts, evenly from all over a source."""
    texts = list(read(path))
    return texts[:: max(1, len(texts) // count)][:count]


def read(path: Path | None) -> Iterator[str]:
    """Read the demo corpus or a file: JSONL, CoNLL (by its name) or lines."""
    if path is None:
        folder = files("annotator") / "demo"
        names = sorted(f.name for f in folder.iterdir() if f.name.endswith(".jsonl"))
        for name in names:
            for line in (folder / name).read_text(encoding="utf-8").splitlines():
                yield json.loads(line)["text"]
        return
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        yield from (json.loads(line)["text"] for line in content.splitlines())
    elif "conll" in path.name:
        for block in content.replace("\n\t\n", "\n\n").split("\n\n"):
            words = [line.split()[0] for line in block.splitlines() if line.split()]
            if words and words[0] != "-DOCSTART-":
                yield " ".join(words)
    else:
        yield from (line for line in content.splitlines() if line.strip())
