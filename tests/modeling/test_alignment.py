import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modeling.alignment import SubTokenizer, encode_document, encode_documents
from modeling.tokens import TOKEN_MODES, tokenize

NASTY = st.text(
    alphabet=st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from(
            "ab .,'\"()é中国人民\u200b\u200d\ufe0f\u0301\ud83d\x00\r\n😀👩"
        ),
    ),
    max_size=60,
)
LIBERAL = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def stitched(document, overlap, prefix, suffix):
    """Join windows back into one row of sub-tokens."""
    inner = [window[prefix : len(window) - suffix] for window in document.windows]
    return np.concatenate([inner[0], *(window[overlap:] for window in inner[1:])])


@given(text=NASTY, mode=st.sampled_from(TOKEN_MODES))
@LIBERAL
def test_every_token_of_any_text_has_a_first_sub_token_of_its_own(
    sub_tokenizer, text, mode
):
    tokens = tokenize(text, mode)
    document = encode_document(sub_tokenizer, text, tokens, max_length=100_000)

    assert document.tokens == len(tokens)
    if not tokens:
        assert document.windows == ()
        return
    (window,) = document.windows
    assert (np.diff(document.token_positions) > 0).all()
    assert document.token_positions[0] >= len(sub_tokenizer.prefix)
    assert document.token_positions[-1] < len(window) - len(sub_tokenizer.suffix)
    assert not (document.token_windows != 0).any()


@given(
    words=st.lists(st.sampled_from(["Kew", "naïveté", "(x)", "12"]), min_size=1),
    max_length=st.integers(8, 40),
    context=st.integers(0, 40),
)
@LIBERAL
def test_the_emission_comes_from_the_window_with_most_context(
    sub_tokenizer, words, max_length, context
):
    text = " ".join(words)
    tokens = tokenize(text)
    prefix, suffix = len(sub_tokenizer.prefix), len(sub_tokenizer.suffix)
    whole = encode_document(sub_tokenizer, text, tokens, max_length=10_000)
    ids = whole.windows[0][prefix : len(whole.windows[0]) - suffix]
    document = encode_document(
        sub_tokenizer, text, tokens, max_length=max_length, context=context
    )

    overlap = min(context, (max_length - prefix - suffix) // 2)
    assert (stitched(document, overlap, prefix, suffix) == ids).all()
    inner = [len(window) - prefix - suffix for window in document.windows]
    starts = [index * (inner[0] - overlap) for index in range(len(inner))]
    assert max(inner) <= max_length - prefix - suffix
    assert max(inner) - min(inner) < len(inner) or len(inner) == 1
    for token, position in enumerate(whole.token_positions - prefix):
        room = {
            index: min(position - start, start + length - 1 - position)
            for index, (start, length) in enumerate(zip(starts, inner, strict=True))
            if start <= position < start + length
        }
        chosen = int(document.token_windows[token])
        assert document.token_positions[token] - prefix == position - starts[chosen]
        is_at_an_end = position < inner[0] // 2 or position >= len(ids) - inner[-1] // 2
        assert room[chosen] >= max(room.values()) - 1 or is_at_an_end


def test_a_tokenizers_stored_truncation_loses_nothing(minilm_tokenizer):
    assert minilm_tokenizer.backend_tokenizer.truncation["max_length"] == 128
    text = "word " * 3000
    document = encode_document(SubTokenizer(minilm_tokenizer), text, tokenize(text))

    assert document.tokens == 3000
    assert max(map(len, document.windows)) <= 512
    assert document.windows[-1][document.token_positions[-1]] == (
        minilm_tokenizer.convert_tokens_to_ids("word")
    )


def test_a_prefix_space_stays_with_its_word(byte_level_tokenizer):
    text = "Hooker sent boxes to Kew"
    document = encode_document(SubTokenizer(byte_level_tokenizer), text, tokenize(text))

    (window,) = document.windows
    assert window.tolist() == byte_level_tokenizer(text)["input_ids"]
    firsts = window[document.token_positions]
    pieces = byte_level_tokenizer.convert_ids_to_tokens(firsts.tolist())
    assert not pieces[0].startswith("Ġ")
    assert all(piece.startswith("Ġ") and piece != "Ġ" for piece in pieces[1:])


def test_joined_characters_are_taken_apart(metaspace_tokenizer):
    text = "中国人民"
    assert len(metaspace_tokenizer.tokenize(text)) < len(text)
    tokens = tokenize(text, "characters")
    document = encode_document(SubTokenizer(metaspace_tokenizer), text, tokens)

    (window,) = document.windows
    firsts = metaspace_tokenizer.convert_ids_to_tokens(
        window[document.token_positions].tolist()
    )
    assert [piece.lstrip("▁") for piece in firsts] == list(text)


def test_a_token_without_sub_token_is_unknown(minilm_tokenizer):
    text = "a \u200b b"
    tokens = [(0, 1), (2, 3), (4, 5)]
    document = encode_document(SubTokenizer(minilm_tokenizer), text, tokens)

    pieces = minilm_tokenizer.convert_ids_to_tokens(document.windows[0].tolist())
    assert pieces == ["[CLS]", "a", "[UNK]", "b", "[SEP]"]
    assert document.token_positions.tolist() == [1, 2, 3]


def test_text_between_tokens_is_context_only(minilm_tokenizer):
    text = "Ada of Kew"
    document = encode_document(SubTokenizer(minilm_tokenizer), text, [(7, 10)])

    (window,) = document.windows
    assert len(window) == len(minilm_tokenizer(text)["input_ids"])
    (position,) = document.token_positions
    assert window[position] == minilm_tokenizer.convert_tokens_to_ids("ke")


def test_a_cut_keeps_the_windows_its_tokens_need(minilm_tokenizer):
    text = "one two three four five six seven eight nine ten"
    whole = encode_document(
        SubTokenizer(minilm_tokenizer), text, tokenize(text), max_length=6, context=2
    )
    part = whole.cut(4, 7)

    assert part.tokens == 3
    for token in range(3):
        window = part.windows[part.token_windows[token]]
        same = whole.windows[whole.token_windows[token + 4]]
        assert (window == same).all()
    assert len(part.windows) < len(whole.windows)


def test_documents_in_bulk_equal_documents_alone(sub_tokenizer):
    documents = [
        (text, tokenize(text)) for text in ("Ada met Kew.", "", "中国 x\u200b")
    ]
    together = encode_documents(sub_tokenizer, documents)

    for aligned, (text, tokens) in zip(together, documents, strict=True):
        alone = encode_document(sub_tokenizer, text, tokens)
        assert len(alone.windows) == len(aligned.windows)
        assert all(
            (a == b).all() for a, b in zip(alone.windows, aligned.windows, strict=True)
        )
        assert (alone.token_positions == aligned.token_positions).all()


def test_a_window_needs_room(sub_tokenizer):
    with pytest.raises(ValueError, match="no room"):
        encode_document(sub_tokenizer, "a", [(0, 1)], max_length=1)
