"""What encoders that train from nothing share: words and characters as vectors."""

from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor, nn

from modeling.vocabulary import PADDING, SPECIAL, UNKNOWN, WordTokenizer

_WIDTH: Final = 3
_NO_LIMIT: Final = 1 << 30


@dataclass(frozen=True, kw_only=True)
class WordEncoderConfig:
    """The shape of an encoder over words.

    Attributes:
        model_type: The encoder's name, which its checkpoint is known by.
        words: Entries of the vocabulary of words.
        characters: Entries of the vocabulary of characters.
        hidden_size: Size of the states that come out.
        word_size: Size of a word's vector.
        character_size: Size of a character's vector.
        character_filters: Size of what is read from the characters of a word.
        dropout: Rate on the vectors that go in and the states that come out.
        word_dropout: A word seen n times is taken as unknown with the probability
            w / (w + n) in training (Kiperwasser & Goldberg 2016).
    """

    model_type: str
    words: int
    characters: int
    hidden_size: int
    word_size: int = 100
    character_size: int = 30
    character_filters: int = 50
    dropout: float = 0.5
    word_dropout: float = 0.25

    @property
    def max_position_embeddings(self) -> int:
        """No limit: no position is numbered."""
        return _NO_LIMIT

    @property
    def input_size(self) -> int:
        """Size of a word's vector with what was read from its characters."""
        return self.word_size + self.character_filters

    def to_dict(self) -> dict[str, Any]:
        """Give the fields as JSON."""
        return asdict(self)


class EncoderOutput(NamedTuple):
    """What an encoder gives, under the name that Hugging Face's have for it."""

    last_hidden_state: Tensor  # shape: (batch, length, hidden)


class LexicalEmbeddings(nn.Module):
    """A word's own vector beside what a convolution reads from its characters.

    The characters go through one convolution and the maximum over them (Ma & Hovy
    2016), so that an unknown word still has a shape.
    """

    drop_rates: Tensor

    def __init__(self, config: WordEncoderConfig) -> None:
        """Draw random vectors."""
        super().__init__()
        self.words = nn.Embedding(config.words, config.word_size, PADDING)
        self.characters = nn.Embedding(
            config.characters, config.character_size, PADDING
        )
        self.convolution = nn.Conv1d(
            config.character_size, config.character_filters, _WIDTH, padding="same"
        )
        for table in (self.words, self.characters):
            bound = (3 / table.embedding_dim) ** 0.5
            nn.init.uniform_(table.weight, -bound, bound)
            with torch.no_grad():
                table.weight[PADDING] = 0.0
        self.register_buffer("drop_rates", torch.zeros(config.words))
        self._word_dropout = config.word_dropout

    def learn_counts(self, tokenizer: WordTokenizer) -> None:
        """Set how often each word is dropped in training from how often it was seen."""
        counts = torch.tensor(tokenizer.counts, dtype=torch.float32)
        self.drop_rates[SPECIAL:] = self._word_dropout / (self._word_dropout + counts)

    def forward(self, ids: Tensor) -> Tensor:
        """Look up words and read their characters.

        Args:
            ids: Rows of (word, characters …), (batch, length, 1 + characters).

        Returns:
            (batch, length, input_size).
        """
        words, characters = ids[..., 0], ids[..., 1:]
        if self.training:
            is_dropped = (
                torch.rand_like(self.drop_rates[words]) < self.drop_rates[words]
            )
            words = words.masked_fill(is_dropped, UNKNOWN)
        return torch.cat([self.words(words), self._read(characters)], dim=2)

    def _read(self, characters: Tensor) -> Tensor:
        """Summarise the characters of each word: (batch, length, filters)."""
        is_real = characters != PADDING
        longest = max(1, int(is_real.sum(2).max()))
        flat = characters[..., :longest].flatten(0, 1)  # shape: (words, longest)
        # shape: (words, filters, longest)
        features = self.convolution(self.characters(flat).transpose(1, 2)).relu()
        features = features * (flat != PADDING).unsqueeze(1)
        return features.amax(2).unflatten(0, characters.shape[:2])


def vocabulary_sizes(tokenizer: WordTokenizer) -> dict[str, int]:
    """Give the fields of a configuration that the vocabulary decides on."""
    return {
        "words": SPECIAL + len(tokenizer.words),
        "characters": SPECIAL + len(tokenizer.characters),
    }
