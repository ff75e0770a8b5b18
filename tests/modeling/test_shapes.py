import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.shapes import NO_WORD, SHAPES, word_shape, word_shapes

ADDRESS, MENTION, NUMBER, WITH_DIGIT, MARKS, CAPITAL = range(1, 7)
CAPITALISED, CAPITALS, LOWER, CASELESS, MIXED = range(7, 12)


@pytest.mark.parametrize(
    ("words", "shape"),
    [
        ("https://a.org www.a.org", ADDRESS),
        ("@ada #engine", MENTION),
        ("7 12.5 1,000 ٣", NUMBER),
        ("B2B 3M 2nd covid-19", WITH_DIGIT),
        (", -- @ … 😊 👨‍👩‍👧", MARKS),
        ("A J. É Σ", CAPITAL),
        ("Ada 'Twas New-york Élan Москва", CAPITALISED),
        ("NASA U.S. ÉU МГУ", CAPITALS),
        ("engine don't élan дом ß", LOWER),
        ("北京 العربية ไทย カナ", CASELESS),
        ("eBay McDonald UK's", MIXED),
    ],
)
def test_a_word_has_the_shape_of_its_letters_digits_and_marks(words, shape):
    found = {word: word_shape(word) for word in words.split()}
    assert found == dict.fromkeys(words.split(), shape)


@given(st.text())
def test_every_word_has_a_shape(word):
    assert NO_WORD < word_shape(word) <= len(SHAPES) or not word


def test_a_text_has_the_shapes_of_its_tokens():
    assert word_shapes("Ada, 7", [(0, 3), (3, 4), (5, 6)]) == [
        CAPITALISED,
        MARKS,
        NUMBER,
    ]
