import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.tokens import TOKEN_MODES, tokenize
from modeling.vocabulary import (
    LONGEST_WORD,
    PADDING,
    SPECIAL,
    UNKNOWN,
    WordTokenizer,
    normalise,
)

WORDS = ["Ada", "ada", "met", "Kew", "1849", "1850", "met"]


@pytest.fixture
def tokenizer() -> WordTokenizer:
    return WordTokenizer.from_words(WORDS)


def rows(tokenizer, *words):
    text = " ".join(words)
    spans, start = [], 0
    for word in words:
        spans.append((start, start + len(word)))
        start += len(word) + 1
    ((ids, firsts),) = tokenizer.align([(text, spans)])
    assert firsts.tolist() == list(range(len(words)))
    return ids


def test_case_width_and_digits_are_folded_for_the_word_only(tokenizer):
    ids = rows(tokenizer, "Ada", "ADA", "ada", "1849", "2077")
    assert len(set(ids[:3, 0])) == len(set(ids[3:, 0])) == 1
    assert len({tuple(row[1:]) for row in ids[:3].tolist()}) == 3
    assert normalise("Ａda９") == "ada0"


def test_the_commonest_word_comes_first_and_counts_are_kept(tokenizer):
    assert tokenizer.words == ("0000", "ada", "met", "kew")
    assert tokenizer.counts == (2, 2, 2, 1)


def test_what_was_never_seen_is_unknown_and_a_character_seen_once_too(tokenizer):
    ids = rows(tokenizer, "Zoë", "Kew")
    assert ids[0, 0] == UNKNOWN
    assert ids[0, 1:4].tolist() == [UNKNOWN] * 3
    # K and w were seen once, e thrice.
    known = SPECIAL + tokenizer.characters.index("e")
    assert ids[1, 1:5].tolist() == [UNKNOWN, known, UNKNOWN, PADDING]


def test_a_long_word_is_read_from_both_ends():
    word = "abcdefghijklmnopqrstuvwxyz0123456789"
    tokenizer = WordTokenizer.from_words([word, word])
    ids = rows(tokenizer, word)[0, 1:] - SPECIAL
    read = "".join(tokenizer.characters[index] for index in ids)
    assert read == word[: LONGEST_WORD // 2] + word[-LONGEST_WORD // 2 :]


@given(text=st.text(max_size=40), mode=st.sampled_from(TOKEN_MODES))
def test_every_token_of_any_text_has_one_row_with_a_character(text, mode):
    tokens = tokenize(text, mode)
    tokenizer = WordTokenizer.from_words(text[s:e] for s, e in tokens)
    ((ids, firsts),) = tokenizer.align([(text, tokens)])
    assert ids.shape == (len(tokens), 1 + LONGEST_WORD)
    assert (ids[:, :2] != PADDING).all()
    assert (ids[:, 0] != UNKNOWN).all()
    assert len(firsts) == len(tokens)


@given(words=st.lists(st.text(min_size=1, max_size=5)))
def test_it_survives_a_file(words, tmp_path_factory):
    folder = tmp_path_factory.mktemp("vocabulary")
    tokenizer = WordTokenizer.from_words([*words, *words, "\ud83d"])
    tokenizer.save_pretrained(str(folder))
    loaded = WordTokenizer.from_pretrained(str(folder))
    assert (loaded.words, loaded.counts) == (tokenizer.words, tokenizer.counts)
    assert loaded.characters == tokenizer.characters
    assert np.array_equal(rows(loaded, "a", "ß"), rows(tokenizer, "a", "ß"))


def test_a_file_with_a_word_without_count_is_refused(tokenizer, tmp_path):
    tokenizer.save_pretrained(str(tmp_path))
    (path,) = tmp_path.iterdir()
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"counts": [1]}))
    with pytest.raises(ValueError, match="4 words have 1 counts"):
        WordTokenizer.from_pretrained(str(tmp_path))
