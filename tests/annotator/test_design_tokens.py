"""The colours of the site can be read: WCAG AA in light and in dark."""

import re

import pytest
from django.conf import settings

CSS = settings.BASE_DIR / "annotator" / "static" / "annotator" / "css" / "tokens.css"
BLOCK = re.compile(r"(?P<selector>:root[^{]*)\{(?P<body>[^}]*)\}")
SMALL_TEXT, SHAPES = 4.5, 3.0
PAIRS = [
    *(
        (ink, paper, SMALL_TEXT)
        for ink in ("ink", "muted", "accent", "danger", "warn", "ok")
        for paper in ("paper", "surface", "sunken")
    ),
    ("accent-ink", "accent", SMALL_TEXT),
    ("accent-ink", "accent-hover", SMALL_TEXT),
    *((hue, f"{hue}-soft", SMALL_TEXT) for hue in ("accent", "danger", "warn", "ok")),
    *(("ink", f"{hue}-soft", SMALL_TEXT) for hue in ("accent", "danger", "warn", "ok")),
    ("line-strong", "paper", SHAPES),
    ("line-strong", "surface", SHAPES),
]


def themes() -> dict[str, dict[str, str]]:
    """The custom properties that hold colours, by the selector that sets them."""
    return {
        match["selector"].strip(): dict(
            re.findall(r"--([\w-]+): (#[0-9a-f]{6});", match["body"])
        )
        for match in BLOCK.finditer(CSS.read_text())
    }


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("selector", [":root", ':root[data-theme="dark"]'])
@pytest.mark.parametrize(("ink", "paper", "least"), PAIRS)
def test_what_stands_on_what_can_be_read(
    selector: str, ink: str, paper: str, least: float
) -> None:
    colors = themes()[selector]
    assert contrast(colors[ink], colors[paper]) >= least


def test_dark_is_the_same_by_choice_and_by_system() -> None:
    found = themes()
    chosen = found[':root[data-theme="dark"]']
    assert found[':root:not([data-theme="light"])'] == chosen
    assert set(chosen) == set(found[":root"])
