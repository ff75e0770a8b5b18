import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.diversity import (
    NEAR,
    is_by_chance,
    is_for_new,
    is_near_any,
    select_batch,
    shingles,
    signature,
    similarity,
)

FOX = "The quick brown fox jumps over the lazy dog near the bank on a sunny day."
WORDS = [f"w{number * 7919}" for number in range(500)]


def jaccard(one, other):
    first, second = shingles(one), shingles(other)
    return len(first & second) / len(first | second)


def test_the_estimate_is_near_the_exact_similarity_of_the_shingles():
    generator = random.Random(5)
    errors = []
    for changed in range(60):
        words = generator.sample(WORDS, 60)
        other = words[changed:] + generator.sample(WORDS, changed)
        one, two = " ".join(words), " ".join(other)
        found = similarity(signature(one), signature(two))
        errors.append(found - jaccard(one, two))
    assert abs(sum(errors) / len(errors)) < 0.02
    assert max(map(abs, errors)) < 0.18  # four standard errors


@pytest.mark.parametrize(
    ("other", "is_near"),
    [
        (FOX, True),
        (FOX.upper(), True),
        (FOX.replace(" ", "\n  "), True),
        (FOX + " Yes!", True),
        ("Hooker sent twelve boxes from Darjeeling to Kew in May.", False),
        ("", False),
    ],
)
def test_nearly_the_same_means_the_same_but_for_a_word(other, is_near):
    assert is_near_any(signature(FOX), [signature(other)]) == is_near


def test_texts_without_spaces_are_compared_by_characters():
    one = "中国人民银行今天在北京宣布下调存款准备金率零点五个百分点。"
    other = one.replace("北京", "上海")
    assert similarity(signature(one), signature(one[:-1])) > NEAR
    assert 0.4 < similarity(signature(one), signature(other)) < 1


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_has_a_signature_and_is_like_itself(one, other):
    first, second = signature(one), signature(other)
    assert len(first) == len(second) == 129
    assert similarity(first, first) == 1.0
    assert similarity(first, second) == similarity(second, first)
    assert 0 <= similarity(first, second) <= 1


def test_a_lone_surrogate_is_no_obstacle():
    assert similarity(signature("a\ud800b and more"), signature("a\ud800b and more"))


def test_signatures_of_another_version_resemble_nothing():
    known = signature(FOX)
    assert similarity(known, bytes([known[0] + 1]) + known[1:]) == 0.0
    assert similarity(known, known[:50]) == 0.0
    assert not is_near_any(None, [known])
    assert not is_near_any(known, [None])


@given(st.integers(1, 400), st.floats(0, 1))
def test_the_share_drawn_by_chance_is_kept_after_every_document(count, share):
    drawn = sum(is_by_chance(place, share) for place in range(count))
    assert drawn == int(count * share + 1e-9)


def test_a_tenth_by_chance_is_every_tenth_document():
    assert [n for n in range(40) if is_by_chance(n, 0.1)] == [9, 19, 29, 39]
    assert [n for n in range(20) if is_for_new(n)] == [4, 9, 14, 19]


def test_without_exploration_the_batch_is_the_head_of_the_order():
    order = [4, 2, 0, 1, 3]
    assert select_batch(order, [None] * 5, 3, exploration=0.0) == [4, 2, 0]


def test_near_duplicates_wait_for_a_later_batch():
    texts = [FOX, FOX + "!", FOX.upper(), "Kew", "Darjeeling is a town"]
    signatures = [signature(text) for text in texts]
    assert select_batch(range(5), signatures, 3, exploration=0.0) == [0, 3, 4]
    assert select_batch(range(5), signatures, 4, exploration=0.0) == [0, 3, 4, 1]
    recent = [signature(FOX)]
    chosen = select_batch(range(5), signatures, 2, exploration=0.0, recent=recent)
    assert chosen == [3, 4]


def test_unread_documents_take_every_fifth_place():
    chosen = select_batch(
        range(30), [None] * 30, 10, exploration=0.0, unread={27, 28, 29}
    )
    assert chosen == [0, 1, 2, 3, 27, 4, 5, 6, 7, 28]


def test_documents_by_chance_depend_on_the_seed_alone():
    order = list(range(1000))
    batches = [
        select_batch(order, [None] * 1000, 50, exploration=0.2, seed=seed)
        for seed in (1, 1, 2)
    ]
    assert batches[0] == batches[1] != batches[2]
    drawn = [index for place, index in enumerate(batches[0]) if place % 5 == 4]
    assert len(drawn) == 10 and max(drawn) > 300
    best = [index for place, index in enumerate(batches[0]) if place % 5 != 4]
    assert best == sorted(best)


def test_places_count_from_the_documents_served_before():
    order, none = list(range(100)), [None] * 100
    first = select_batch(order, none, 1, exploration=0.5, seed=3, served=0)
    second = select_batch(order, none, 1, exploration=0.5, seed=3, served=1)
    assert first == [0] and second != [0]


@given(
    st.lists(st.sampled_from([FOX, FOX + "!", "Kew", "Ada", ""]), max_size=12),
    st.integers(0, 15),
    st.floats(0, 1),
    st.integers(),
)
def test_a_batch_is_full_and_without_repetition(texts, size, exploration, seed):
    signatures = [signature(text) for text in texts]
    order = list(range(len(texts)))
    chosen = select_batch(
        order, signatures, size, exploration=exploration, seed=seed, unread={1, 3}
    )
    assert len(chosen) == len(set(chosen)) == min(size, len(texts))


@pytest.mark.parametrize(("size", "exploration"), [(-1, 0.1), (5, 1.1), (5, -0.1)])
def test_a_batch_that_cannot_be_is_refused(size, exploration):
    with pytest.raises(ValueError, match="no batch of"):
        select_batch([0], [None], size, exploration=exploration)
