"""From text and tokens to windows of sub-tokens, and back to the tokens.

The text is tokenised as a whole, so that an encoder sees what it was pretrained on
(prefix spaces of byte-level tokenizers included), and sub-tokens are mapped to tokens
by their character offsets. Every token gets a first sub-token of its own.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from modeling.shapes import word_shapes
from modeling.tokens import Token
from modeling.vocabulary import Ids, WordTokenizer

_PREFIX_MARKERS: Final = ("▁", "Ġ")
# A lone surrogate cannot be UTF-8; U+FFFD takes its place without moving an offset.
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class AlignedDocument:
    """Windows of sub-tokens and where each token's first sub-token lies in them.

    Attributes:
        windows: Sub-token ids of each window, special tokens included; for an encoder
            over words one row of ids a word.
        token_windows: Index into `windows`, one a token.
        token_positions: Position inside that window, one a token.
        shapes: Number of each token's shape, see `modeling.shapes`.
    """

    windows: tuple[Ids, ...]
    token_windows: Ids  # shape: (tokens,)
    token_positions: Ids  # shape: (tokens,)
    shapes: Ids  # shape: (tokens,)

    @property
    def tokens(self) -> int:
        """The number of tokens."""
        return len(self.token_windows)

    @property
    def sub_tokens(self) -> int:
        """The number of sub-tokens to encode, overlaps and special tokens included."""
        return sum(len(window) for window in self.windows)

    def cut(self, start: int, end: int) -> "AlignedDocument":
        """Keep the tokens [start, end) and the windows they need.

        The windows stay whole, so the tokens at a cut keep their context.
        """
        windows = self.token_windows[start:end]
        first, last = int(windows[0]), int(windows[-1])
        return AlignedDocument(
            self.windows[first : last + 1],
            windows - first,
            self.token_positions[start:end],
            self.shapes[start:end],
        )


class SubTokenizer:
    """A fast tokenizer made ready for alignment.

    It works on a copy of the tokenizer's core without truncation and padding: those are
    stored with some published tokenizers and would lose text silently.
    """

    def __init__(self, tokenizer: Any) -> None:
        """Wrap a fast Hugging Face tokenizer."""
        self.tokenizer = tokenizer
        self._core = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
        self._core.no_truncation()
        self._core.no_padding()
        probe = self._core.encode("a")
        special = probe.special_tokens_mask
        left = next((i for i, flag in enumerate(special) if not flag), len(special))
        right = next((i for i, flag in enumerate(special[::-1]) if not flag), 0)
        self.prefix = np.array(probe.ids[:left], dtype=np.int64)
        self.suffix = np.array(probe.ids[len(special) - right :], dtype=np.int64)
        self.pad_id = int(tokenizer.pad_token_id or 0)
        unknown_id = tokenizer.unk_token_id
        self.unknown_id = self.pad_id if unknown_id is None else int(unknown_id)
        markers = [self._core.token_to_id(marker) for marker in _PREFIX_MARKERS]
        self._markers = np.array([m for m in markers if m is not None], dtype=np.int64)

    def encode(self, texts: Iterable[str]) -> list[Encoding]:
        """Tokenise texts without special tokens; offsets count code points."""
        clean = [_SURROGATES.sub("\ufffd", text) for text in texts]
        return self._core.encode_batch(clean, add_special_tokens=False)

    def align(
        self, documents: Sequence[tuple[str, Sequence[Token]]]
    ) -> Iterator[tuple[Ids, Ids]]:
        """Tokenise texts together.

        Args:
            documents: Texts and their tokens as half-open code points.

        Yields:
            Sub-token ids of a text and the index of each token's first one.
        """
        encodings = self.encode(text for text, _ in documents)
        for (text, tokens), encoding in zip(documents, encodings, strict=True):
            yield _align(self, encoding, text, tokens)

    def is_marker(self, ids: Ids) -> NDArray[np.bool_]:
        """Say which sub-tokens are a prefix space alone."""
        return np.isin(ids, self._markers)


AnySubTokenizer = SubTokenizer | WordTokenizer


def encode_documents(
    sub_tokenizer: AnySubTokenizer,
    documents: Sequence[tuple[str, Sequence[Token]]],
    *,
    max_length: int = 512,
    context: int = 128,
) -> list[AlignedDocument]:
    """Tokenise documents in bulk and cut them into windows.

    A sub-token that covers the starts of several tokens (byte-pair encoding joins
    punctuation, SentencePiece joins Han characters) is replaced by the sub-tokens of
    each of these tokens alone. A token without any sub-token (control or zero-width
    characters) becomes the unknown token.

    Args:
        sub_tokenizer: The tokenizer.
        documents: Texts and their tokens as half-open code points, in order.
        max_length: Most sub-tokens in a window, special tokens included.
        context: Sub-tokens that neighbouring windows share; a token next to a seam has
            at least half as many on either side.

    Returns:
        One entry a document; one without tokens has no windows.

    Raises:
        ValueError: If max_length leaves no room for text.
    """
    capacity = max_length - len(sub_tokenizer.prefix) - len(sub_tokenizer.suffix)
    if capacity < 2:
        raise ValueError(f"max_length {max_length} leaves no room for text")
    return [
        _cut_windows(
            sub_tokenizer,
            *aligned,
            np.array(word_shapes(*document), dtype=np.int64),
            capacity,
            context,
        )
        for document, aligned in zip(
            documents, sub_tokenizer.align(documents), strict=True
        )
    ]


def encode_document(
    sub_tokenizer: AnySubTokenizer,
    text: str,
    tokens: Sequence[Token],
    *,
    max_length: int = 512,
    context: int = 128,
) -> AlignedDocument:
    """Tokenise one document and cut it into windows; see `encode_documents`."""
    return encode_documents(
        sub_tokenizer, [(text, tokens)], max_length=max_length, context=context
    )[0]


def _align(
    sub_tokenizer: SubTokenizer,
    encoding: Encoding,
    text: str,
    tokens: Sequence[Token],
) -> tuple[Ids, Ids]:
    """Give the sub-token ids of a text and the index of each token's first one."""
    ids = np.array(encoding.ids, dtype=np.int64)  # shape: (sub-tokens,)
    bounds = np.array(tokens, dtype=np.int64).reshape(-1, 2)  # shape: (tokens, 2)
    offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)
    real = np.flatnonzero(
        (offsets[:, 1] > offsets[:, 0]) & ~sub_tokenizer.is_marker(ids)
    )
    # The first sub-token that ends behind the token's start, if it begins in time.
    order = np.searchsorted(offsets[real, 1], bounds[:, 0], side="right")
    starts = np.append(offsets[real, 0], np.iinfo(np.int64).max)
    is_covered = starts[order] < bounds[:, 1]
    firsts = np.append(real, len(ids))[order]  # shape: (tokens,)
    if is_covered.all() and (np.diff(firsts) > 0).all():
        return ids, firsts
    return _realign(sub_tokenizer, ids, firsts, is_covered, text, tokens)


def _realign(
    sub_tokenizer: SubTokenizer,
    ids: Ids,
    firsts: Ids,
    is_covered: NDArray[np.bool_],
    text: str,
    tokens: Sequence[Token],
) -> tuple[Ids, Ids]:
    """Give every token a first sub-token of its own where the text alone does not."""
    new_ids: list[int] = []
    new_firsts: list[int] = []
    cursor = 0  # sub-tokens before it are copied or replaced
    for group in _groups(firsts, is_covered):
        first = int(firsts[group[0]])
        new_ids.extend(ids[cursor:first].tolist())
        cursor = max(cursor, first)
        if len(group) == 1 and is_covered[group[0]]:
            new_firsts.append(len(new_ids))
            continue
        pieces = sub_tokenizer.encode(_piece(text, tokens[index]) for index in group)
        for piece in pieces:
            piece_ids = piece.ids or [sub_tokenizer.unknown_id]
            is_marker = sub_tokenizer.is_marker(np.array(piece_ids[:1]))[0]
            new_firsts.append(len(new_ids) + int(is_marker and len(piece_ids) > 1))
            new_ids.extend(piece_ids)
        if is_covered[group[0]]:
            following = group[-1] + 1
            cursor = int(firsts[following]) if following < len(firsts) else len(ids)
    new_ids.extend(ids[cursor:].tolist())
    return np.array(new_ids, dtype=np.int64), np.array(new_firsts, dtype=np.int64)


def _groups(firsts: Ids, is_covered: NDArray[np.bool_]) -> Iterator[list[int]]:
    """Group neighbouring tokens that share their first sub-token."""
    keys = zip(firsts.tolist(), is_covered.tolist(), strict=True)
    for _, group in groupby(enumerate(keys), key=lambda entry: entry[1]):
        yield [index for index, _ in group]


def _piece(text: str, token: Token) -> str:
    """Cut out a token, with a space before it if the text has white space there."""
    start, end = token
    is_after_space = start > 0 and text[start - 1].isspace()
    return f"{' ' if is_after_space else ''}{text[start:end]}"


def _cut_windows(
    sub_tokenizer: AnySubTokenizer,
    ids: Ids,
    firsts: Ids,
    shapes: Ids,
    capacity: int,
    context: int,
) -> AlignedDocument:
    """Cut a document into equally long overlapping windows.

    A token's emission comes from the window where it has most context, which for equal
    windows is the one whose centre is nearest: the border is the overlap's middle.
    """
    if not len(firsts):
        return AlignedDocument((), firsts, firsts, shapes)
    overlap = min(context, capacity // 2)
    count, length = 1, len(ids)
    if length > capacity:
        count = -(-(length - overlap) // (capacity - overlap))
        length = -(-(length + (count - 1) * overlap) // count)
    stride = length - overlap if count > 1 else length
    prefix, suffix = sub_tokenizer.prefix, sub_tokenizer.suffix
    windows = tuple(
        np.concatenate((prefix, ids[start : start + length], suffix))
        for start in range(0, count * stride, stride)
    )
    best = np.clip((firsts - overlap // 2) // stride, 0, count - 1)
    positions = firsts - best * stride + len(prefix)
    return AlignedDocument(windows, best, positions, shapes)
