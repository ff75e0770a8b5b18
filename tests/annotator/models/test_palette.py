"""The colours of new labels as colour-blind people see them.

The matrices are those of Machado, Oliveira and Fernandes, "A Physiologically-based
Model for Simulation of Color Vision Deficiency" (2009), at severity 1.0, on linear
RGB; the distance is CIE76's in CIELAB under D65.
"""

from itertools import combinations

import numpy as np
import pytest

from annotator.models.projects import PALETTE

VISIONS = {
    "normal": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(color: str) -> np.ndarray:
    channels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    curved = ((channels + 0.055) / 1.055) ** 2.4
    return np.where(channels <= 0.04045, channels / 12.92, curved)


def lab(color: str, vision: str) -> np.ndarray:
    seen = np.clip(VISIONS[vision] @ linear(color), 0, 1)
    share = (TO_XYZ @ seen) / WHITE
    x, y, z = np.where(
        share > (6 / 29) ** 3, np.cbrt(share), share * 841 / 108 + 4 / 29
    )
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(first: str, second: str, vision: str) -> float:
    return float(np.linalg.norm(lab(first, vision) - lab(second, vision)))


def test_the_distance_is_the_known_one() -> None:
    assert distance("#ffffff", "#000000", "normal") == pytest.approx(100, abs=0.1)
    assert distance("#d55e00", "#b8860b", "deutan") < 12


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize(("count", "least"), [(8, 18), (12, 12)])
def test_any_two_colours_can_be_told_apart(
    vision: str, count: int, least: float
) -> None:
    pairs = {pair: distance(*pair, vision) for pair in combinations(PALETTE[:count], 2)}
    closest = min(pairs, key=pairs.__getitem__)
    assert pairs[closest] >= least, closest


@pytest.mark.parametrize("paper", ["#ffffff", "#1c1f23"])
def test_every_colour_stands_out_from_the_paper(paper: str) -> None:
    """WCAG asks 3 to 1 of what is no text."""
    for color in PALETTE:
        low, high = sorted(float(TO_XYZ[1] @ linear(one)) for one in (color, paper))
        assert (high + 0.05) / (low + 0.05) >= 3, color
