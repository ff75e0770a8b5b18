"""The case table that offsets.js shares with Python's own counting."""

import json
from pathlib import Path
from typing import Any

import pytest

TABLE = Path(__file__).parent.parent / "data" / "offset_cases.json"
CASES = json.loads(TABLE.read_text(encoding="utf-8"))


def utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_table_counts_as_python_does(case: dict[str, Any]) -> None:
    text = case["text"]
    assert case["length"] == len(text)
    for start, end, unit_start, unit_end, surface in case["spans"]:
        assert text[start:end] == surface
        assert utf16_units(text[:start]) == unit_start
        assert utf16_units(text[:end]) == unit_end
