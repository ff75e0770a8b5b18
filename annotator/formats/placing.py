"""Where tokens are in a text: one that is given, or the one that they make."""

from collections.abc import Sequence

from django.utils.translation import gettext as _t

from annotator.formats.columns import TAG
from annotator.formats.records import excerpt
from annotator.formats.source import FormatError
from modeling.tokens import Token


def place(
    tokens: Sequence[str], text: str = "", joiner: str = " "
) -> tuple[str, list[Token]]:
    """The text and its tokens' offsets.

    A given text is taken when it is made of the tokens and white space, else the
    tokens are joined.
    """
    offsets = find_in_order(tokens, text)
    if offsets is not None:
        return text, offsets
    return join(tokens, [*[joiner] * (len(tokens) - 1), ""][: len(tokens)])


def join(tokens: Sequence[str], behind: Sequence[str]) -> tuple[str, list[Token]]:
    """Tokens, each with what stands behind it, and their offsets."""
    pieces: list[str] = []
    offsets, end = [], 0
    for token, space in zip(tokens, behind, strict=True):
        offsets.append((end, end + len(token)))
        pieces += [token, space]
        end += len(token) + len(space)
    return "".join(pieces), offsets


def find_in_order(tokens: Sequence[str], text: str) -> list[Token] | None:
    """The offsets of the tokens, None where there is more than them in the text."""
    offsets, end = [], 0
    for token in tokens:
        start = end
        while not text.startswith(token, start):
            if start >= len(text) or not text[start].isspace():
                return None
            start += 1
        end = start + len(token)
        offsets.append((start, end))
    return None if text[end:].strip() else offsets


def check_tag(line: int, tag: str) -> str:
    """The tag as it is.

    Raises:
        FormatError: it is none.
    """
    if TAG.fullmatch(tag):
        return tag
    message = _t("“{tag}” is not a tag such as O or B-PER.")
    raise FormatError(line, message.format(tag=excerpt(tag)))
