"""Documents read in part: what is unknown must not teach that nothing is there."""

import random
from dataclasses import replace

import pytest

from modeling.configuration import TrainingConfig
from modeling.examples import Example
from modeling.training import evaluate, train

NAMES = ["Ada", "Bo", "Cy", "Di", "Ed", "Flo", "Gus", "Hal"]
TOWNS = ["Oslo", "Lima", "Bern", "Riga", "Pisa", "Nara", "Kiev", "Baku"]
CONFIG = TrainingConfig(
    encoder="bundled",
    epochs=1,
    min_steps=20,
    max_steps=20,
    tokens_per_batch=256,
    device="cpu",
)


@pytest.fixture
def letters(annotated) -> list[Example]:
    """Twelve texts with four names each."""
    draw = random.Random(0)

    def sentence() -> str:
        name, town = draw.choice(NAMES), draw.choice(TOWNS)
        return f"[{name}|PER] wrote a letter from [{town}|LOC]."

    return [annotated(f"{sentence()} {sentence()}") for _ in range(12)]


def test_unknown_regions_taken_as_unknown_beat_those_taken_as_outside(letters):
    """Two texts are read to the end, of six only one name in four is marked."""
    whole, begun, unseen = letters[:2], letters[2:8], letters[8:]
    begun = [
        replace(text, spans=(text.spans[number % 4],), known=())
        for number, text in enumerate(begun)
    ]
    taken_as_outside = [replace(text, known=None) for text in begun]

    def f1_after(lessons: list[Example]) -> float:
        tagger = train(whole + lessons, ["PER", "LOC"], CONFIG).tagger
        return evaluate(tagger, unseen).score.micro.f1

    assert f1_after(begun) > f1_after(taken_as_outside) + 0.2
