"""The shapes of words: capitals, digits, marks; loads no torch."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import regex

from modeling.tokens import Token

SHAPES: Final = (
    r"(?s)(?:https?:|www\.).+",
    r"(?s)[@#].+",
    r"\p{N}[\p{N}\p{P}]*",
    r"(?s).*\p{N}.*",
    r"[^\p{L}]+",
    r"[\p{Lu}\p{Lt}]\P{L}*",
    r"\P{L}*[\p{Lu}\p{Lt}][\p{Ll}\P{L}]+",
    r"[\p{Lu}\P{L}]+",
    r"[\p{Ll}\P{L}]+",
    r"[\p{Lo}\p{Lm}\P{L}]+",
    r"(?s).*",
)
"""Patterns of a whole word, the first that fits counts: address, mention, number, with
a digit, no letter, one capital, Capitalised, ALL CAPITALS, lower case, a script without
cases, miXed. Exported models carry them, so they are plain `regex` patterns."""

NO_WORD: Final = 0
"""Stands for what is before the first and behind the last word."""

_PATTERNS: Final = tuple(map(regex.compile, SHAPES))


@lru_cache(maxsize=1 << 16)
def word_shape(word: str) -> int:
    """Number the shape of a word, from 1."""
    return next(n for n, p in enumerate(_PATTERNS, 1) if p.fullmatch(word))


def word_shapes(text: str, tokens: Sequence[Token]) -> list[int]:
    """Number the shapes of a text's tokens."""
    return [word_shape(text[start:end]) for start, end in tokens]
