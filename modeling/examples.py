"""Annotated documents and what one CRF runs over in training."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

import torch
from torch import Tensor

from modeling.alignment import AlignedDocument
from modeling.reports import TrainingError
from modeling.spans import Span
from modeling.tagger import Tagger
from modeling.tagging import encode
from modeling.tokens import Token, sentence_breaks

# One CRF runs over so many tokens in training; a longer document is cut into runs.
MAX_TRAINING_TOKENS: Final = 8192


@dataclass(frozen=True, slots=True)
class Example:
    """A document with its right answer; offsets are half-open code points.

    Attributes:
        text: The whole text.
        tokens: Its tokens in order.
        spans: The entities that are known.
        known: Regions that were read to their end, where a token without a span is
            ``O``; a token outside them may be anything unless a span covers it. All of
            the text when None.
        excluded: Readings that are known to be wrong. Sets of tags express those of
            one token: it does not begin that label. Longer ones change nothing.
    """

    text: str
    tokens: tuple[Token, ...]
    spans: tuple[Span, ...]
    known: tuple[tuple[int, int], ...] | None = None
    excluded: tuple[Span, ...] = ()


def relabelled(example: Example, names: Mapping[str, str]) -> Example:
    """Call labels by other names; where a span's label has none, all is unknown.

    A model that lacks a label can learn nothing from such a span, least of all that
    nothing is there.

    Args:
        example: Under the old names.
        names: The new name of each label that has one.
    """
    nameless = sorted(span for span in example.spans if span.label not in names)
    known = example.known
    if nameless:
        regions = ((0, len(example.text)),) if known is None else known
        known = tuple(part for one in regions for part in _outside(one, nameless))
    spans, excluded = (
        tuple(replace(s, label=names[s.label]) for s in kept if s.label in names)
        for kept in (example.spans, example.excluded)
    )
    return replace(example, spans=spans, known=known, excluded=excluded)


def _outside(
    region: tuple[int, int], spans: Sequence[Span]
) -> Iterator[tuple[int, int]]:
    """Cut what spans, in order, cover out of a region."""
    start, end = region
    for span in spans:
        if start < min(span.start, end):
            yield start, min(span.start, end)
        start = max(start, span.end)
    if start < end:
        yield start, end


@dataclass(frozen=True, slots=True)
class Unit:
    """A document, or a run of its tokens, with one tag index a token.

    Where the tag is not known, ``allowed`` says which tags it may be, and the tag is
    that of ``O``.
    """

    document: AlignedDocument
    tags: tuple[int, ...]
    allowed: Tensor | None = None  # shape: (tokens, tags), bool


def training_units(
    tagger: Tagger, examples: Sequence[Example]
) -> tuple[list[Unit], int]:
    """Align examples for training.

    Documents without tokens, and runs of which nothing is known, teach nothing and are
    left out: they would cost steps that move no weight.

    Args:
        tagger: Gives tokenizer, windows and tags.
        examples: Annotated documents.

    Returns:
        The units and the number of spans that were moved or dropped because they were
        no whole number of tokens.

    Raises:
        TrainingError: If no unit is left.
    """
    index_of = {name: index for index, name in enumerate(tagger.tag_names)}
    texts = [(example.text, example.tokens) for example in examples]
    units: list[Unit] = []
    misaligned = 0
    for example, document in zip(examples, tagger.align(texts), strict=True):
        encoding = encode(example.spans, example.tokens)
        misaligned += len(encoding.misaligned)
        tags = tuple(index_of[tag] for tag in encoding.tags)
        allowed = _allowed(example, encoding.tags, index_of)
        for start, end in _runs(example, encoding.tags):
            part = None if allowed is None else allowed[start:end]
            if part is None or not part.all():
                units.append(Unit(document.cut(start, end), tags[start:end], part))
    if not units:
        raise TrainingError("There is nothing known of any document to train on.")
    return units, misaligned


def stack_tags(units: Sequence[Unit], length: int) -> Tensor:
    """Put the tags of units into one tensor, 0 at padding and -1 where unknown.

    Args:
        units: The rows of a batch.
        length: Tokens of the longest one.

    Returns:
        (units, length), long.
    """
    tags = torch.zeros((len(units), length), dtype=torch.long)
    for row, unit in enumerate(units):
        tags[row, : len(unit.tags)] = torch.tensor(unit.tags)
        if unit.allowed is not None:
            tags[row, : len(unit.tags)][unit.allowed.sum(1) > 1] = -1
    return tags


def stack_allowed(units: Sequence[Unit], length: int, num_tags: int) -> Tensor | None:
    """Say which tags each token may have, for the likelihood of what is known.

    Args:
        units: The rows of a batch.
        length: Tokens of the longest one.
        num_tags: Size of the tag inventory.

    Returns:
        (units, length, tags), bool, ``O`` at padding; None where every tag is known.
    """
    if all(unit.allowed is None for unit in units):
        return None
    tags = stack_tags(units, length)
    allowed = torch.nn.functional.one_hot(tags.clamp(min=0), num_tags).bool()
    for row, unit in enumerate(units):
        if unit.allowed is not None:
            allowed[row, : len(unit.allowed)] = unit.allowed
    return allowed


def _allowed(
    example: Example, tags: Sequence[str], index_of: Mapping[str, int]
) -> Tensor | None:
    """Say which tags each token may have; None where every tag is known.

    An unknown token may have any tag, but does not go on with the span that ends in
    front of it.
    """
    if example.known is None:
        return None
    regions = sorted(example.known)
    starts = [start for start, _ in regions]
    ends = list(accumulate((end for _, end in regions), max))
    # shape: (tokens, tags)
    allowed = torch.ones((len(tags), len(index_of)), dtype=torch.bool)
    for place, (tag, (start, end)) in enumerate(zip(tags, example.tokens, strict=True)):
        region = bisect_right(starts, start) - 1
        if tag != "O" or (region >= 0 and end <= ends[region]):
            allowed[place] = False
            allowed[place, index_of[tag]] = True
        elif place and tags[place - 1] != "O":
            allowed[place, index_of[f"I-{tags[place - 1][2:]}"]] = False
    places = {token: place for place, token in enumerate(example.tokens)}
    for span in example.excluded:
        rejected = places.get((span.start, span.end))
        begins = index_of.get(f"B-{span.label}")
        if rejected is None or begins is None:
            continue
        if allowed[rejected].sum() > 1:
            allowed[rejected, begins] = False
    return allowed


def _runs(example: Example, tags: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Cut a very long document at sentence borders, never inside a span."""
    if len(tags) <= MAX_TRAINING_TOKENS:
        if tags:
            yield 0, len(tags)
        return
    borders = [
        index
        for index in sentence_breaks(example.text, example.tokens)
        if not tags[index].startswith("I-")
    ]
    borders.append(len(tags))
    start = 0
    while start < len(tags):
        limit = start + MAX_TRAINING_TOKENS
        end = max((b for b in borders if start < b <= limit), default=None)
        if end is None:  # no sentence ends in time: cut between two tokens
            end = min(limit, len(tags))
            while end < len(tags) and tags[end].startswith("I-"):
                end += 1
        yield start, end
        start = end
