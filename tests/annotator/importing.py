"""A file to import, and what became of its spans."""

from collections.abc import Callable
from pathlib import Path

from annotator.models import Annotation
from modeling.spans import Span

Write = Callable[..., Path]
SENTENCES = "Ada B-PER\nsang O\n\nIn O\nBasel B-LOC\n\nAda B-PER\nsang O\n"


def spans_of(annotation: Annotation) -> list[Span]:
    return annotation.spans_by_value()
