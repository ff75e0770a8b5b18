"""Spans to tags and back, in every common scheme, and the moves a CRF may make."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from modeling.spans import Span

Chunk = tuple[int, int, str]
"""First token, the token behind the last one, and the label."""

SCHEMES = ("iob1", "iob2", "bioes", "bilou", "bmes")
BARE_LABEL = "_"
"""Label of a tag that is a prefix only, such as ``B``."""

_OUTSIDE = "O"
_STARTS = frozenset("BSU")
_ENDS = frozenset("ESLU")
_PREFIXES = frozenset("BIMESLU")
# The prefixes of the first, an inner, the last and the only token of a span.
_SPELLING = {
    "iob1": ("I", "I", "I", "I"),
    "iob2": ("B", "I", "I", "B"),
    "bioes": ("B", "I", "E", "S"),
    "bilou": ("B", "I", "L", "U"),
    "bmes": ("B", "M", "E", "S"),
}


@dataclass(frozen=True, slots=True)
class Misalignment:
    """A span that is no whole number of tokens, or collides with another.

    Attributes:
        span: The span as given.
        reason: ``moved`` to whole tokens, or ``dropped``.
        tokens: Half-open code points it became; None when dropped.
    """

    span: Span
    reason: Literal["moved", "dropped"]
    tokens: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Encoding:
    """One tag for each token, and the spans that did not fit exactly."""

    tags: list[str]
    misaligned: list[Misalignment]


def tag_names(labels: Sequence[str], scheme: str = "iob2") -> list[str]:
    """List the tags of labels: ``O``, then each prefix of the scheme with each label.

    Args:
        labels: Labels, whose order is kept.
        scheme: One of `SCHEMES`.

    Raises:
        ValueError: A label is empty or given twice, or the scheme is unknown.
    """
    prefixes = "IB" if scheme == "iob1" else dict.fromkeys(_spelling(scheme))
    repeated = [label for label, count in Counter(labels).items() if count > 1]
    if repeated or "" in labels:
        raise ValueError(f"labels must be unique and not empty, see {repeated or ['']}")
    return [_OUTSIDE] + [f"{prefix}-{label}" for label in labels for prefix in prefixes]


def encode(
    spans: Iterable[Span], tokens: Sequence[tuple[int, int]], scheme: str = "iob2"
) -> Encoding:
    """Spell spans as one tag for each token.

    A span that cuts a token is widened to whole tokens, one that begins or ends between
    tokens narrowed; both are reported as moved. A span that covers no token is dropped,
    and so is one that collides: exact spans take their tokens before moved ones, longer
    ones before shorter ones, then the earlier.

    Args:
        spans: Spans of the text in any order.
        tokens: Half-open code points of its tokens, in order.
        scheme: One of `SCHEMES`.

    Returns:
        The tags and the misaligned spans in the order of the text.

    Raises:
        ValueError: The scheme is unknown.
    """
    by_priority = sorted(
        ((_is_exact(span, tokens), span) for span in spans),
        key=lambda entry: (not entry[0], entry[1].start - entry[1].end, entry[1].start),
    )
    placed: list[Chunk] = []
    misaligned: list[Misalignment] = []
    taken = bytearray(len(tokens))
    for is_exact, span in by_priority:
        first, last = _cover(span, tokens)
        if first == last or any(taken[first:last]):
            misaligned.append(Misalignment(span, "dropped", None))
            continue
        taken[first:last] = b"\1" * (last - first)
        placed.append((first, last, span.label))
        if not is_exact:
            became = (tokens[first][0], tokens[last - 1][1])
            misaligned.append(Misalignment(span, "moved", became))
    misaligned.sort(key=lambda entry: entry.span)
    return Encoding(_spell(sorted(placed), len(tokens), scheme), misaligned)


def decode(tags: Sequence[str], tokens: Sequence[tuple[int, int]]) -> list[Span]:
    """Read spans from the tags of any scheme in `SCHEMES`, as leniently as conlleval.

    Args:
        tags: One tag for each token.
        tokens: Half-open code points of the tokens, in order.

    Returns:
        Spans in the order of the text; see `chunks` for the repairs.

    Raises:
        ValueError: The lengths differ, or a tag has an unknown prefix.
    """
    if len(tags) != len(tokens):
        raise ValueError(f"{len(tags)} tags do not fit {len(tokens)} tokens")
    return [
        Span(tokens[first][0], tokens[last - 1][1], label)
        for first, last, label in chunks(tags)
    ]


def chunks(tags: Iterable[str]) -> list[Chunk]:
    """Group tags into chunks; a tag is split at its first hyphen only.

    A chunk starts at ``B``, ``S`` or ``U``, and at any other prefix that follows ``O``,
    another label or a finished chunk. It is finished by ``E``, ``L``, ``S`` or ``U``.

    Raises:
        ValueError: A tag is neither ``O`` nor begins with one of ``B I M E S L U``.
    """
    found: list[Chunk] = []
    is_open = False
    for index, tag in enumerate(tags):
        prefix, label = split_tag(tag)
        if prefix == _OUTSIDE:
            is_open = False
            continue
        if is_open and prefix not in _STARTS and found[-1][2] == label:
            found[-1] = (found[-1][0], index + 1, label)
        else:
            found.append((index, index + 1, label))
        is_open = prefix not in _ENDS
    return found


def split_tag(tag: str) -> tuple[str, str]:
    """Split ``B-PER`` into prefix and label; the label of ``O`` is empty.

    Raises:
        ValueError: The tag is neither ``O`` nor begins with one of ``B I M E S L U``.
    """
    if tag == _OUTSIDE:
        return _OUTSIDE, ""
    prefix, _, label = tag.partition("-")
    if prefix not in _PREFIXES:
        raise ValueError(f"tag {tag!r} is neither O nor one of B- I- M- E- S- L- U-")
    return prefix, label or BARE_LABEL


def detect_scheme(tag_sequences: Iterable[Sequence[str]]) -> str:
    """Guess the scheme of a file from the prefixes it uses.

    ``L`` or ``U`` mean ``bilou``, ``M`` means ``bmes``, ``E`` or ``S`` mean ``bioes``.
    Otherwise it is ``iob1`` when more chunks start with ``I`` than with a ``B`` that
    IOB1 would not write, else ``iob2``.

    Args:
        tag_sequences: Tags of each sentence or document.

    Returns:
        One of `SCHEMES`; ``iob2`` when nothing tells.

    Raises:
        ValueError: A tag has an unknown prefix.
    """
    prefixes: set[str] = set()
    starts: Counter[str] = Counter()
    for tags in tag_sequences:
        previous_label = ""
        for prefix, label in map(split_tag, tags):
            prefixes.add(prefix)
            starts[prefix] += label != previous_label
            previous_label = label
    if prefixes & {"L", "U"}:
        return "bilou"
    if "M" in prefixes:
        return "bmes"
    if prefixes & {"E", "S"}:
        return "bioes"
    return "iob1" if starts["I"] > starts["B"] else "iob2"


def convert(tags: Sequence[str], scheme: str) -> list[str]:
    """Spell tags of any scheme in another one.

    Raises:
        ValueError: The scheme is unknown or a tag has an unknown prefix.
    """
    return _spell(chunks(tags), len(tags), scheme)


def allowed_transitions(tags: Sequence[str]) -> set[tuple[int, int]]:
    """List the moves ``(from, to)`` between tags that IOB2 allows.

    Args:
        tags: The inventory, such as `tag_names` gives.

    Returns:
        Pairs of indices into tags: ``I-X`` follows only ``B-X`` and ``I-X``.

    Raises:
        ValueError: A tag is neither ``O`` nor begins with ``B`` or ``I``.
    """
    split = _split_iob2(tags)
    return {
        (source, target)
        for source, (before, source_label) in enumerate(split)
        for target, (prefix, label) in enumerate(split)
        if prefix != "I" or (before != _OUTSIDE and source_label == label)
    }


def allowed_start(tags: Sequence[str]) -> list[bool]:
    """Say of each tag whether IOB2 allows it on the first token: all but ``I-``.

    Raises:
        ValueError: A tag is neither ``O`` nor begins with ``B`` or ``I``.
    """
    return [prefix != "I" for prefix, _ in _split_iob2(tags)]


def _cover(span: Span, tokens: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Give the half-open range of the tokens that share a code point with a span."""
    first = bisect_right(tokens, span.start, key=lambda token: token[1])
    last = bisect_left(tokens, span.end, key=lambda token: token[0])
    return first, max(first, last)


def _is_exact(span: Span, tokens: Sequence[tuple[int, int]]) -> bool:
    """Say whether a span begins and ends where tokens do."""
    first, last = _cover(span, tokens)
    return (
        first < last
        and tokens[first][0] == span.start
        and tokens[last - 1][1] == span.end
    )


def _spell(found: Iterable[Chunk], length: int, scheme: str) -> list[str]:
    """Write chunks, in order, as tags of a scheme."""
    begin, inside, end, single = _spelling(scheme)
    tags = [_OUTSIDE] * length
    previous: Chunk | None = None
    for chunk in found:
        first, last, label = chunk
        prefixes = [begin, *inside * (last - first - 2), end]
        if last - first == 1:
            prefixes = [single]
        if scheme == "iob1" and previous and previous[1:] == (first, label):
            prefixes[0] = "B"
        tags[first:last] = [f"{prefix}-{label}" for prefix in prefixes]
        previous = chunk
    return tags


def _spelling(scheme: str) -> tuple[str, str, str, str]:
    """Give a scheme's prefixes of the first, an inner, the last and the only token."""
    if scheme not in _SPELLING:
        raise ValueError(f"unknown tag scheme {scheme!r}, use {', '.join(SCHEMES)}")
    return _SPELLING[scheme]


def _split_iob2(tags: Sequence[str]) -> list[tuple[str, str]]:
    """Split the tags of an IOB2 inventory."""
    split = [split_tag(tag) for tag in tags]
    for tag, (prefix, _) in zip(tags, split, strict=True):
        if prefix not in "OBI":
            raise ValueError(f"tag {tag!r} is not IOB2")
    return split
