import subprocess
import sys
import time

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from modeling.tokens import TOKEN_MODES, sentence_breaks, tokenize

FAMILY = "👨\u200d👩\u200d👧\u200d👦"
TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from(
            "aB1._-'\" \n\r\t我が\u0e33\u0e49\u200b\u200d\ufeff\u0301👍🏽🇩🇪"
        ),
        st.sampled_from("\u0600\u1100\u1161\u11a8\u05f4\u202f\x1c\u2028ﷺ क\u094dष"),
        st.characters(),
    ),
    max_size=40,
)


def words(text, mode="unicode-words"):
    return [text[start:end] for start, end in tokenize(text, mode)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada wrote to Mr. Babbage.", "Ada|wrote|to|Mr|.|Babbage|."),
        ("Paris.He left", "Paris|.|He|left"),
        ("the U.S. and e.g. U.S.A", "the|U.S|.|and|e.g|.|U.S.A"),
        ("3.14 1,000.50 v2", "3.14|1,000.50|v2"),
        ("Boston-London", "Boston|-|London"),
        ("foo_bar can't", "foo_bar|can't"),
        ("Ｐａｒｉｓ．Ｈｅ", "Ｐａｒｉｓ|．|Ｈｅ"),
        ("E\u0301e\u0301.He", "E\u0301e\u0301|.|He"),
        ("e\u0301.He", "e\u0301.He"),
        (f"{FAMILY}👍🏽", f"{FAMILY}|👍🏽"),
        ("🇩🇪🇫🇷", "🇩🇪|🇫🇷"),
        ("caf\u0065\u0301 nai\u0308ve", "cafe\u0301|nai\u0308ve"),
        ("我在北京。他说", "我|在|北|京|。|他|说"),
        ("東京タワー", "東|京|タワー"),
        ("น้ำไทย", "น้ำ|ไ|ท|ย"),
        ("صباح الخير", "صباح|الخير"),
        ('צה״ל צה"ל', 'צה״ל|צה"ל'),
        ("한국어 입니다", "한국어|입니다"),
        ("क्षत्रिय", "क्षत्रिय"),
        ("New\u200bYork", "New|\u200b|York"),
        ("\ufeffParis", "\ufeff|Paris"),
        ("x\ufeffy co\u00adop", "x\ufeffy|co\u00adop"),
        ("a\r\nb\tc\u00a0d\u2028e\x1cf", "a|b|c|d|e|f"),
        ("1\u202f000", "1|000"),
        ("a \u0301b", "a|b"),
    ],
)
def test_unicode_words(text, expected):
    assert words(text) == expected.split("|")


def test_characters_are_grapheme_clusters_without_white_space():
    text = f"e\u0301t {FAMILY}\r\nน้ำ我"
    assert words(text, "characters") == ["e\u0301", "t", FAMILY, "น้ำ", "我"]


@pytest.mark.parametrize("text", ["", " ", "\r\n\t\u3000", " \u0301"])
@pytest.mark.parametrize("mode", TOKEN_MODES)
def test_a_text_of_white_space_has_no_tokens(text, mode):
    assert tokenize(text, mode) == []
    assert sentence_breaks(text, []) == []


@pytest.mark.parametrize("mode", ["unicode-words", "characters"])
@given(text=TEXTS)
def test_tokens_are_in_order_and_cover_everything_but_white_space(mode, text):
    tokens = tokenize(text, mode)
    edges = [0, *(edge for token in tokens for edge in token), len(text)]
    assert edges == sorted(edges)
    clusters = {match.start(): match.group() for match in regex.finditer(r"\X", text)}
    for start, end in tokens:
        assert start < end
        assert text[start:end].split() == [text[start:end]]
        assert start in clusters
        assert end in clusters or end == len(text)
    covered = {index for token in tokens for index in range(*token)}
    for start, cluster in clusters.items():
        has_space = any(character.isspace() for character in cluster)
        assert (start in covered) != has_space


@given(text=TEXTS)
def test_every_character_lies_within_one_word(text):
    tokens = tokenize(text)
    for start, end in tokenize(text, "characters"):
        assert any(first <= start and end <= last for first, last in tokens)


def test_imported_tokens_are_kept():
    imported = [(0, 5), (5, 6), (7, 20)]
    assert tokenize("Hello, I'm new here.", "as-imported", imported) == imported
    assert tokenize("Hello, all", "unicode-words", imported[:1]) != imported[:1]
    assert words("Hello, all", "as-imported") == ["Hello", ",", "all"]


@pytest.mark.parametrize(
    "imported", [[(0, 0)], [(2, 1)], [(0, 3), (2, 4)], [(3, 4), (0, 1)], [(0, 7)]]
)
def test_imported_tokens_are_checked(imported):
    with pytest.raises(ValueError, match=rf"\[{imported[-1][0]}, {imported[-1][1]}\)"):
        tokenize("sixsix", "as-imported", imported)


def test_an_unknown_mode_is_named():
    with pytest.raises(ValueError, match="'words'"):
        tokenize("a", "words")


@pytest.mark.parametrize(
    "sentences",
    [
        ["Ada left.", "She wrote."],
        ['He said "Go."', "Then (so it is told) he left!", "¿Why?", "Ok"],
        ["Dr. Who met J. Smith in the U.S. Army.", "It rained."],
        ["It costs 3.50 in May. 4 years later", "\n", "it rose"],
        ["他说「好。」", "我走了！", "你呢？"],
        ["هل أنت هنا؟", "نعم."],
        ["Wait... what? no", "\r\n", "Next"],
    ],
)
def test_sentences(sentences):
    text = " ".join(sentences)
    tokens = tokenize(text)
    starts = sentence_breaks(text, tokens)
    stops = [*starts[1:], len(tokens)]
    found = [
        text[tokens[first][0] : tokens[stop - 1][1]]
        for first, stop in zip(starts, stops, strict=True)
    ]
    assert found == [sentence for sentence in sentences if sentence.strip()]


@given(text=TEXTS)
def test_sentence_breaks_increase_from_the_first_token(text):
    tokens = tokenize(text)
    breaks = sentence_breaks(text, tokens)
    assert breaks[:1] == ([0] if tokens else [])
    assert breaks == sorted(set(breaks))
    assert all(index < len(tokens) for index in breaks)


@pytest.mark.parametrize(
    "text", ["a" * 200_000, "." * 200_000, "\u0301" * 200_000, "\u0600" * 20_000]
)
def test_long_runs_take_linear_time(text):
    start = time.perf_counter()
    sentence_breaks(text, tokenize(text))
    assert time.perf_counter() - start < 10


def test_tokens_load_no_torch():
    code = "import sys, modeling.tokens, modeling.tagging, modeling.scoring; "
    code += "raise SystemExit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
