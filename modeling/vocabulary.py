"""Words and their characters as numbers, for encoders that train from nothing."""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from modeling.tokens import Token

Ids = NDArray[np.int64]

PADDING: Final = 0
UNKNOWN: Final = 1
SPECIAL: Final = 2  # entries before the first word or character
# Of a longer word the first half and the last half of so many characters are read.
LONGEST_WORD: Final = 20
_FILE: Final = "vocabulary.json"
_DIGITS: Final = str.maketrans("123456789", "000000000")


class WordTokenizer:
    """Turns each token of a text into a row of numbers: its word, its characters.

    The tokens are the document's own, so a token is exactly one unit for the encoder,
    in every token mode and every language. It takes the place of both a Hugging Face
    tokenizer and `modeling.alignment.SubTokenizer`.

    Attributes:
        words: Normalised words (see `normalise`) in the order of their ids.
        counts: How often each word was seen where the vocabulary comes from.
        characters: Characters as written, in the order of their ids.
        prefix: No special token before a window.
        suffix: No special token behind a window.
        pad_id: Fills rows and windows.
    """

    prefix: Final = np.empty((0, 1 + LONGEST_WORD), dtype=np.int64)
    suffix: Final = prefix
    pad_id: Final = PADDING

    def __init__(
        self, words: Sequence[str], counts: Sequence[int], characters: Sequence[str]
    ) -> None:
        """Number words and characters.

        Raises:
            ValueError: If there is not one count for each word.
        """
        if len(words) != len(counts):
            raise ValueError(f"{len(words)} words have {len(counts)} counts")
        self.words, self.counts = tuple(words), tuple(counts)
        self.characters = tuple(characters)
        self._word_ids = {word: i for i, word in enumerate(words, SPECIAL)}
        self._character_ids = {c: i for i, c in enumerate(characters, SPECIAL)}

    @classmethod
    def from_words(cls, words: Iterable[str]) -> "WordTokenizer":
        """Collect a vocabulary.

        A character seen once stays unknown, so that the unknown character is trained
        too; every word gets a number, since rare words are dropped in training by
        their counts.
        """
        words_as_written = Counter(words)
        counts: Counter[str] = Counter()
        characters: Counter[str] = Counter()
        for word, count in words_as_written.items():
            counts[normalise(word)] += count
            for character in word:
                characters[character] += count
        known = sorted(counts, key=lambda word: (-counts[word], word))
        return cls(
            known,
            [counts[word] for word in known],
            sorted(c for c, count in characters.items() if count > 1),
        )

    @property
    def tokenizer(self) -> "WordTokenizer":
        """Itself: where others wrap a Hugging Face tokenizer there is nothing."""
        return self

    def align(
        self, documents: Sequence[tuple[str, Sequence[Token]]]
    ) -> Iterator[tuple[Ids, Ids]]:
        """Number the tokens of texts.

        Args:
            documents: Texts and their tokens as half-open code points.

        Yields:
            Rows of (word, characters …), (tokens, 1 + LONGEST_WORD), and the index of
            each token's row.
        """
        rows: dict[str, Ids] = {}
        for text, tokens in documents:
            ids = np.empty((len(tokens), 1 + LONGEST_WORD), dtype=np.int64)
            for index, (start, end) in enumerate(tokens):
                word = text[start:end]
                if word not in rows:
                    rows[word] = self._row(word)
                ids[index] = rows[word]
            yield ids, np.arange(len(tokens))

    def save_pretrained(self, folder: str) -> None:
        """Write the vocabulary into a folder as JSON."""
        content = {
            "words": self.words,
            "counts": self.counts,
            "characters": self.characters,
        }
        Path(folder).mkdir(parents=True, exist_ok=True)
        # A lone surrogate in a text has no UTF-8: JSON escapes it.
        (Path(folder) / _FILE).write_text(json.dumps(content), encoding="ascii")

    @classmethod
    def from_pretrained(cls, folder: str) -> "WordTokenizer":
        """Read what `save_pretrained` wrote.

        Raises:
            OSError: If there is no such file.
            ValueError, KeyError: If it is damaged.
        """
        content = json.loads((Path(folder) / _FILE).read_text(encoding="ascii"))
        return cls(content["words"], content["counts"], content["characters"])

    def _row(self, word: str) -> Ids:
        """Number one word."""
        row = np.full(1 + LONGEST_WORD, PADDING, dtype=np.int64)
        row[0] = self._word_ids.get(normalise(word), UNKNOWN)
        half = LONGEST_WORD // 2
        read = word if len(word) <= LONGEST_WORD else word[:half] + word[-half:]
        ids = [self._character_ids.get(character, UNKNOWN) for character in read]
        row[1 : 1 + len(ids)] = ids
        return row


def normalise(word: str) -> str:
    """Fold case, width and digits; the characters keep what is lost here."""
    return unicodedata.normalize("NFKC", word).casefold().translate(_DIGITS)
