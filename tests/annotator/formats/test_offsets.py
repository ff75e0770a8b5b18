"""Offset units: found by the surfaces of a whole file, never by luck of one span."""

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.formats.offsets import (
    CODE_POINTS,
    HALF_OPEN,
    UNITS,
    UTF_8,
    UTF_16,
    Claim,
    Found,
    Ruler,
    Unit,
    detect,
    offsets_of,
    repaired,
    settled,
)
from annotator.formats.source import FormatError

TEXT = "😊 Zoë met Bo."


def claim(unit: Unit, start: int, end: int, text: str = TEXT) -> Claim:
    """What a file that counts in a unit says of code points."""
    half_open = next(u for u in HALF_OPEN if u.bytes_of == unit.bytes_of)
    counted = offsets_of(text, half_open)
    last = counted[end - 1] if unit.is_inclusive else counted[end]
    return Claim(counted[start], last, text[start:end])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.shown)
def test_every_unit_is_found_and_converted(unit: Unit) -> None:
    claims = [claim(unit, 2, 5), claim(unit, 10, 12)]
    assert detect([(TEXT, claims)]).unit == unit
    ruler = Ruler(TEXT, unit)
    assert [ruler.find(c) for c in claims] == [(2, 5), (10, 12)]


def test_one_broken_surface_does_not_change_the_unit_of_a_file() -> None:
    claims = [claim(UTF_16, 2, 5), claim(UTF_16, 10, 12), Claim(0, 1, "nowhere")]
    assert detect([("Ada", [Claim(0, 3, "Ada")]), (TEXT, claims)]).unit == UTF_16


def test_many_plain_texts_do_not_outvote_the_telling_one() -> None:
    plain = ("Ada", [Claim(0, 3, "Ada")])
    assert detect([plain] * 10 + [(TEXT, [claim(UTF_16, 2, 5)])]).unit == UTF_16


def test_without_surfaces_the_usual_unit_is_taken() -> None:
    assert detect([(TEXT, [Claim(3, 6)])], UTF_16).unit == UTF_16
    assert detect([]).unit == CODE_POINTS


def test_surfaces_to_the_letter_win_over_those_with_other_white_space() -> None:
    claims = [Claim(5, 9, " Ann")]
    found = detect([("😊 a  Ann b", claims)], same=lambda a, b: a.split() == b.split())
    assert found == Found(UTF_16, (UTF_16,))


def test_without_surfaces_words_that_only_another_unit_keeps_whole_are_refused() -> (
    None
):
    with pytest.raises(FormatError, match="“nn ” if it counts code points.*“Ann”"):
        settled("😊 Ann left", [Claim(3, 6)])
    with pytest.raises(FormatError, match="“ ” if it counts code points.*“I”"):
        settled("😊 I am", [Claim(3, 4)])


def test_without_surfaces_the_usual_unit_stays_where_it_cuts_no_more_words() -> None:
    assert settled("😊 Ann left", [Claim(2, 5)]).unit == CODE_POINTS
    assert settled("😊 Annabel", [Claim(2, 5)]).unit == CODE_POINTS
    assert settled("Annabel 😊", [Claim(0, 3)]).unit == CODE_POINTS
    with pytest.raises(FormatError, match="if it counts UTF-16 units, and “Ann”"):
        settled("😊 Ann left", [Claim(2, 5)], Found(UTF_16))


def test_a_name_in_a_word_with_an_ending_is_no_sign_of_another_unit() -> None:
    for text, place in (
        ("😀😀😀 많이 부산에", (7, 9)),
        ("𠮷さんは東京でヒトゲノムを見た人", (7, 10)),
    ):
        assert settled(text, [Claim(*place)]).unit == CODE_POINTS


def test_where_words_do_not_tell_the_usual_unit_is_taken_with_a_note() -> None:
    sentence = "Nothing says what the offsets count; they were read as code points."
    assert settled("😀我昨天在东京看电影", [Claim(6, 8)]) == (CODE_POINTS, (sentence,))
    assert settled("我昨天在东京看电影", [Claim(4, 6)]).notes == ()


def test_the_unit_that_the_file_shows_is_that_of_spans_without_surfaces() -> None:
    of_file = detect([(TEXT, [claim(UTF_16, 2, 5)])])
    assert settled("😊 Bob left", [Claim(3, 6)], of_file).unit == UTF_16
    assert settled("Bob left", [Claim(0, 3)], of_file).unit == CODE_POINTS


def test_a_place_inside_a_character_or_outside_is_none() -> None:
    assert Ruler(TEXT, UTF_16).place(1, 3) is None
    assert Ruler(TEXT, UTF_8).place(0, 2) is None
    assert Ruler(TEXT, CODE_POINTS).place(0, 99) is None
    assert Ruler(TEXT, CODE_POINTS).place(3, 3) is None


def test_a_repair_is_reported_with_its_count() -> None:
    assert repaired(UTF_16, 2) == [
        "The offsets count UTF-16 units, not code points: 2 were converted."
    ]
    assert repaired(CODE_POINTS, 2) == []


def test_units_have_names_in_both_languages() -> None:
    names = {unit.shown for unit in UNITS}
    with translation.override("zh-hans"):
        (note,) = repaired(UTF_16, 2)
        assert not names & {unit.shown for unit in UNITS}
    assert note == "偏移量以UTF-16 单元而非码位计：已换算 2 个。"


@settings(deadline=None, max_examples=50)
@given(st.text(min_size=1), st.sampled_from(HALF_OPEN))
def test_every_place_survives_the_way_out_and_back(text: str, unit: Unit) -> None:
    counted, ruler = offsets_of(text, unit), Ruler(text, unit)
    for end in range(1, len(text) + 1):
        assert ruler.place(counted[end - 1], counted[end]) == (end - 1, end)
