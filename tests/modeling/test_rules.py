"""Rules find what a slow and simple search finds, in code points of the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.rules import (
    PATIENCE,
    BadPattern,
    Match,
    Matcher,
    Rule,
    compile_pattern,
    flat,
    fold,
    whole_tokens,
)
from modeling.tokens import TOKEN_MODES

ALPHABET = "abAB ßİi̇ǆ東京.é-\n😀"
TEXTS = st.text(ALPHABET, max_size=40)
RULES = st.lists(
    st.builds(
        Rule,
        key=st.integers(0, 10_000),
        label=st.sampled_from(["PER", "LOC"]),
        text=st.text(ALPHABET, min_size=1, max_size=5),
        is_case_sensitive=st.booleans(),
        is_learned=st.booleans(),
        rank=st.integers(0, 1),
    ),
    max_size=8,
    unique_by=lambda rule: rule.key,
)


def surfaces(text: str, matches: list[Match]) -> list[str]:
    return [text[match.start : match.end] for match in matches]


def naive(rules: list[Rule], text: str, mode: str) -> set[tuple[int, int, int]]:
    """Every pair of token boundaries against every entry."""
    tokens = whole_tokens(text, mode)
    found = set()
    for start, _ in tokens:
        for _, end in tokens:
            if start < end:
                surface = text[start:end]
                for rule in rules:
                    same = surface == rule.text
                    folded = surface.casefold() == rule.text.casefold()
                    if same or (folded and not rule.is_case_sensitive):
                        found.add((start, end, rule.key))
    return found


@given(RULES, TEXTS, st.sampled_from(TOKEN_MODES))
def test_entries_are_found_where_a_naive_search_finds_them(
    rules: list[Rule], text: str, mode: str
) -> None:
    matches = Matcher(rules).find_all(text, mode)
    found = [(m.start, m.end, m.rule.key) for m in matches]
    assert len(found) == len(set(found))
    assert set(found) == naive(rules, text, mode)


@given(RULES, TEXTS)
def test_what_stays_is_flat_and_whatever_goes_had_to_yield(
    rules: list[Rule], text: str
) -> None:
    matcher = Matcher(rules)
    every, kept = matcher.find_all(text), matcher.find(text)
    assert kept == sorted(kept, key=lambda match: match.start)
    assert all(a.end <= b.start for a, b in zip(kept, kept[1:], strict=False))
    for match in every:
        over = [k for k in kept if k.start < match.end and match.start < k.end]
        assert any(k.precedence <= match.precedence for k in over)


@given(RULES, TEXTS)
def test_a_text_without_mention_has_no_match(rules: list[Rule], text: str) -> None:
    matcher = Matcher(rules)
    if matcher.find_all(text):
        assert matcher.mentions(text)


@given(st.text(max_size=60))
def test_folding_keeps_the_place_of_every_code_point(text: str) -> None:
    folded, origins = fold(text)
    assert folded == text.casefold()
    if origins is None:
        assert len(folded) == len(text)
        return
    assert len(origins) == len(folded) + 1
    kept = [place for place in origins if place >= 0]
    assert kept == [*range(len(text) + 1)]


def test_case_folding_may_change_the_length_before_and_in_a_match() -> None:
    matcher = Matcher([Rule(1, "LOC", "strasse"), Rule(2, "PER", "İpek")])
    text = "Große STRASSE, straße; İPEK ging."
    assert surfaces(text, matcher.find(text)) == ["STRASSE", "straße", "İPEK"]


def test_half_of_what_a_letter_folds_to_is_no_match() -> None:
    assert Matcher([Rule(1, "X", "s")]).find("ß s") == [Match(2, 3, Rule(1, "X", "s"))]


def test_an_exact_entry_keeps_its_case() -> None:
    matcher = Matcher([Rule(1, "ORG", "US", is_case_sensitive=True)])
    assert surfaces("Us, us and US", matcher.find("Us, us and US")) == ["US"]


def test_words_are_found_whole_and_characters_anywhere() -> None:
    matcher = Matcher([Rule(1, "LOC", "art"), Rule(2, "LOC", "京都")])
    text = "A party of art 东京都内"
    assert surfaces(text, matcher.find(text)) == ["art", "京都"]
    assert surfaces(text, matcher.find(text, "characters")) == ["art", "京都"]


def test_imported_tokens_bound_entries() -> None:
    matcher = Matcher([Rule(1, "X", "cd")])
    assert matcher.find("ab-cd", "as-imported", [(0, 5)]) == []
    assert surfaces("abcd", matcher.find("abcd", "as-imported", [(0, 2), (2, 4)]))


def test_the_longest_match_stays_then_a_persons_rule_then_the_first_label() -> None:
    york, new_york = Rule(1, "LOC", "York"), Rule(2, "LOC", "New York")
    text = "New York"
    assert [m.rule for m in Matcher([york, new_york]).find(text)] == [new_york]
    learned = Rule(3, "PER", "York", is_learned=True, rank=0)
    later = Rule(4, "ORG", "York", rank=2)
    earlier = Rule(5, "LOC", "York", rank=1)
    assert [m.rule for m in Matcher([learned, later]).find("York")] == [later]
    assert [m.rule for m in Matcher([later, earlier]).find("York")] == [earlier]


def test_equal_matches_in_another_order_give_the_same_result() -> None:
    matches = [Match(0, 4, Rule(n, "X", "York", rank=n % 3)) for n in range(9)]
    assert flat(matches) == flat(reversed(matches)) == [matches[0]]


def test_the_first_group_of_a_pattern_marks_the_span() -> None:
    rules = [
        Rule(1, "PER", r"Mrs?\. (\p{Lu}\w+)", is_pattern=True, is_case_sensitive=True),
        Rule(2, "ID", r"[a-z]{2}\d+", is_pattern=True),
    ]
    text = "Mr. Marx has AB12; mr. marx has not."
    assert surfaces(text, Matcher(rules).find(text)) == ["Marx", "AB12"]


def test_a_group_that_takes_no_part_and_an_empty_one_mark_nothing() -> None:
    matcher = Matcher([Rule(1, "X", r"(b)?c|d(e*)", is_pattern=True)])
    assert surfaces("c bc d", matcher.find("c bc d")) == ["b"]


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("[", "unterminated character set"),
        ("a*", "finds the empty text"),
        (r"\b", "finds the empty text"),
        ("(?=a)", "finds the empty text"),
        ("((a{1000}){1000}){1000}", "counts in braces"),
        ("a{999999999999}", "counts in braces"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused(pattern: str, reason: str) -> None:
    with pytest.raises(BadPattern, match=reason):
        compile_pattern(pattern, is_case_sensitive=True)


def test_a_catastrophic_pattern_is_stopped_and_given_up() -> None:
    slow = Rule(7, "X", r"(?:a|b|ab)*[xy]", is_pattern=True)
    matcher = Matcher([slow, Rule(8, "LOC", "Bern")], seconds=0.01)
    text = "ab" * 60 + " Bern"
    for _ in range(PATIENCE):
        assert matcher.given_up == set()
        assert surfaces(text, matcher.find(text)) == ["Bern"]
    assert matcher.given_up == {7}
    assert surfaces("abx", matcher.find("abx")) == []


def test_a_matcher_without_rules_finds_nothing() -> None:
    assert Matcher([]).find("Ada") == []
