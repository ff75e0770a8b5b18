"""JSON element by element: every value with its line, every mistake with its own."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.formats import FormatError
from annotator.formats.json_values import elements, parse

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" []\n", []),
        ("\n[1,\n2\n]\n", [(2, 1), (3, 2)]),
        ('[\n[1],\r\n{"a":\n 1}, "b"]', [(2, [1]), (3, {"a": 1}), (4, "b")]),
        ('{"a": 1}', [(1, {"a": 1})]),
        ('{"a": 1}\n{"b": 2}', [(1, {"a": 1}), (2, {"b": 2})]),
    ],
)
def test_elements_come_with_their_lines(text: str, found: list[Any]) -> None:
    assert list(elements(text)) == found


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("[1,\n]", 2, "Expecting value"),
        ("[1\n2]", 2, "Expecting ',' or ']'"),
        ("[1\n", 2, "Expecting ',' or ']'"),
        ("[1]\nx", 2, "Extra data"),
        ("[,1]", 1, "Expecting value"),
        ("]", 1, "Expecting value"),
        ('[1,\n{"a": }]', 2, "Expecting value at character 10"),
        ('[1,\n{"a": 1, "a": 2}]', 2, "the key “a” stands twice"),
        ("[" * 100_000, 1, "nested too deeply"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, line: int, why: str) -> None:
    with pytest.raises(FormatError) as refusal:
        list(elements(text))
    assert refusal.value.line == line
    assert why in refusal.value.message


def test_a_value_has_nothing_behind_it() -> None:
    assert parse(7, " 1 \n") == 1
    with pytest.raises(FormatError, match="line 7: This is not JSON: Extra data"):
        parse(7, "1 2")


@settings(deadline=None, max_examples=50)
@given(st.lists(any_json), st.sampled_from([None, 1]))
def test_all_elements_of_an_array_are_found(values: list[Any], indent: Any) -> None:
    found = elements(json.dumps(values, indent=indent))
    assert [value for _line, value in found] == values


def test_a_key_that_stands_twice_is_named_in_characters_every_database_takes() -> None:
    with pytest.raises(FormatError) as caught:
        parse(1, r'{"a\u0000\ud800": 1, "a\u0000\ud800": 2}')
    assert "\0" not in caught.value.message
    assert caught.value.message.isprintable()
