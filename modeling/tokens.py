"""Tokens and sentences of a text; loads no torch, so the web side may import it."""

from bisect import bisect_left
from collections.abc import Sequence

import regex

Token = tuple[int, int]
"""Half-open code points of one token."""

TOKEN_MODES = ("unicode-words", "characters", "as-imported")

# str.isspace() also counts the four information separators, which \s leaves out.
_SPACE = r"[\s\x1c-\x1f]"
# A grapheme cluster holds white space only at its start or behind prepended marks.
_SPACE_CLUSTER = rf"\p{{GCB=Prepend}}*+ {_SPACE}"
_SKIP_SPACE = rf"(?: (?={_SPACE_CLUSTER}) \X )++ (*SKIP)(*FAIL)"

# The rules of UAX #29 as a grammar; a spacing mark too belongs to what it follows.
_EXTENDING = r"\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}\p{GCB=SpacingMark}"
_EXTEND = rf"[{_EXTENDING}]*+"
_BEHIND = rf"[{_EXTENDING}]*"
_HEBREW = r"\p{WB=Hebrew_Letter}"
_LETTER = rf"\p{{WB=ALetter}}{_HEBREW}"
_NUMBER = r"\p{WB=Numeric}"
_INNER = r"\p{WB=MidNumLet}\p{WB=Single_Quote}"
_FULL_STOP = r"(?<=\p{L}\p{M}* \p{L}\p{M}*) [.\uff0e]"
# A mark prepended to anything but a word must not be cut from it.
_PREPENDED = rf"(?! \p{{GCB=Prepend}}++ [^{_LETTER}{_NUMBER}{_EXTENDING}] )"
_STOP = rf"""(?=[{_INNER}\p{{WB=MidLetter}}\p{{WB=MidNum}}\p{{WB=Double_Quote}}]) (?:
    (?<= [{_LETTER}] {_BEHIND} ) (?! {_FULL_STOP} )
      [{_INNER}\p{{WB=MidLetter}}] {_EXTEND} (?= {_PREPENDED} [{_LETTER}] )
    | (?<= {_NUMBER} {_BEHIND} )
      [{_INNER}\p{{WB=MidNum}}] {_EXTEND} (?= {_PREPENDED} {_NUMBER} )
    | (?<= {_HEBREW} {_BEHIND} )
      \p{{WB=Double_Quote}} {_EXTEND} (?={_HEBREW}) )"""
_RUN = rf"""(?:
    (?: (?: [[{_LETTER}{_NUMBER}]--\p{{GCB=Prepend}}]++
        | {_PREPENDED} [{_LETTER}{_NUMBER}] ) {_EXTEND} (?:{_STOP})?+ )++
    | (?: \p{{WB=Katakana}} {_EXTEND} )++ )"""
_JOINT = rf"(?: (?!{_SPACE}) \p{{WB=ExtendNumLet}} {_EXTEND} )"
_WORDS = regex.compile(
    rf"""{_SKIP_SPACE}
    | (?: (?=[{_LETTER}{_NUMBER}\p{{WB=Katakana}}\p{{WB=ExtendNumLet}}])
          (?: {_JOINT}*+ {_RUN} (?: {_JOINT}++ {_RUN} )*+ {_JOINT}*+ | {_JOINT}++ )
          (?: (?<= {_HEBREW} {_BEHIND} ) \p{{WB=Single_Quote}} {_EXTEND} )?+
        | \X {_EXTEND} )
      (?: (?<=\u200d) \p{{Extended_Pictographic}} {_EXTEND} )*+""",
    regex.VERSION1 | regex.VERBOSE,
)
_CLUSTERS = regex.compile(rf"{_SKIP_SPACE} | \X", regex.VERSION1 | regex.VERBOSE)

_STOPS = r"[.!?\u2026\u061f\u06d4\u0964\u0965]"
_CLOSERS = r"[\p{Pe}\p{Pf}\"'\u2019]*+"
_ABBREVIATIONS = "Dr|Fr|Hr|Jr|Mr|Mrs|Ms|Mt|No|Nr|Prof|Sr|St|cf|ca|vs"
_SENTENCE_END = regex.compile(
    rf"""
    [\n\r\x0b\x0c\x85\u2028\u2029]+
    | [\u3002\uff01\uff1f\uff61]+ {_CLOSERS}
    | (?<! {_STOPS} | \b (?: \p{{L}} | {_ABBREVIATIONS} ) (?=\.) )
      {_STOPS}++ {_CLOSERS} \s++
      (?= [\p{{Ps}}\p{{Pi}}\"'\u00bf\u00a1]* [\p{{Lu}}\p{{Lt}}\p{{Lo}}] )""",
    regex.VERSION1 | regex.VERBOSE,
)


def tokenize(
    text: str, mode: str = "unicode-words", imported: Sequence[Token] | None = None
) -> list[Token]:
    """Cut a text into tokens, in its order and without white space.

    ``unicode-words`` follows the default word boundaries of UAX #29 with three
    tailorings: a token holds no white space, no grapheme cluster is cut, and a full
    stop between letters splits when two or more letters stand on its left
    (``Paris.He`` is three tokens, ``U.S`` is one). So a Han character is a token.
    ``characters`` gives every extended grapheme cluster. A cluster that holds white
    space counts as white space in both.

    Args:
        text: Text as stored.
        mode: One of `TOKEN_MODES`.
        imported: Tokens the document came with; only ``as-imported`` reads them, and
            falls back to ``unicode-words`` without them.

    Returns:
        Half-open code points of each token.

    Raises:
        ValueError: The mode is unknown, or imported tokens are empty, overlap, are out
            of order or lie outside the text.
    """
    if mode not in TOKEN_MODES:
        raise ValueError(f"unknown token mode {mode!r}, use {', '.join(TOKEN_MODES)}")
    if mode == "as-imported" and imported is not None:
        return _checked(text, imported)
    pattern = _CLUSTERS if mode == "characters" else _WORDS
    return [match.span() for match in pattern.finditer(text)]


def token_pattern(mode: str) -> str:
    """Give the expression of the package regex whose matches are a text's tokens.

    Args:
        mode: One of `TOKEN_MODES`; without imported tokens ``as-imported`` is
            ``unicode-words``.
    """
    return f"(?V1x){(_CLUSTERS if mode == 'characters' else _WORDS).pattern}"


def sentence_breaks(text: str, tokens: Sequence[Token]) -> list[int]:
    """Find the tokens that start a sentence, for formats that need sentences.

    A sentence ends at a line break, after a CJK full stop, exclamation or question
    mark, and after ``. ! ? …`` (or their Arabic and Indic kin) with closing quotes
    when white space and a capital or a letter without case follow. Initials and a few
    titles (``J. Smith``, ``Dr. Who``) end none.

    Args:
        text: Text as stored.
        tokens: Its tokens in order.

    Returns:
        Indices into tokens, increasing; the first is 0. Empty without tokens.
    """
    starts = [start for start, _ in tokens]
    breaks = {0} if starts else set()
    breaks |= {
        bisect_left(starts, match.end()) for match in _SENTENCE_END.finditer(text)
    }
    return sorted(breaks - {len(starts)})


def _checked(text: str, tokens: Sequence[Token]) -> list[Token]:
    """Copy imported tokens after a check of their offsets."""
    previous_end = 0
    for start, end in tokens:
        if not previous_end <= start < end <= len(text):
            raise ValueError(
                f"imported token [{start}, {end}) is empty, out of order, overlaps "
                f"its predecessor or ends behind the text's {len(text)} characters"
            )
        previous_end = end
    return [(start, end) for start, end in tokens]
