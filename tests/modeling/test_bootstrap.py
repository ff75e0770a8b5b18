"""Intervals by resampling documents."""

import random
from itertools import product

import numpy as np
import pytest

from modeling.bootstrap import intervals
from modeling.scoring import score
from modeling.spans import Span

PER, LOC = Span(0, 1, "PER"), Span(2, 3, "LOC")


def test_a_model_that_is_always_right_has_no_doubt() -> None:
    everything, labels = intervals([[PER]] * 5, [[PER]] * 5)
    assert everything == labels["PER"]
    assert (everything.precision, everything.f1) == ((1.0, 1.0), (1.0, 1.0))


def test_the_bounds_are_those_of_all_possible_resamples() -> None:
    gold = [[PER], [PER, LOC], [LOC], []]
    found = [[PER], [LOC], [], [PER]]
    drawn = [
        score([gold[i] for i in chosen], [found[i] for i in chosen])
        for chosen in product(range(4), repeat=4)
    ]
    everything, labels = intervals(gold, found, samples=40_000)
    for name, measured in [("", everything), *labels.items()]:
        for measure in ("precision", "recall", "f1"):
            counts = [s.labels.get(name) if name else s.micro for s in drawn]
            bottom = {"precision": "predicted", "recall": "gold"}.get(measure)
            values = [
                getattr(c, measure)
                for c in counts
                if c and (getattr(c, bottom) if bottom else c.gold + c.predicted)
            ]
            exact = np.quantile(values, [0.025, 0.975])
            assert getattr(measured, measure) == pytest.approx(exact, abs=1e-9)


def test_it_agrees_with_the_plain_bootstrap() -> None:
    gold = [[PER, LOC] if i % 3 else [PER] for i in range(90)]
    found = [[PER] if i % 2 else [PER, LOC] for i in range(90)]
    everything, _ = intervals(gold, found)
    assert everything == intervals(gold, found)[0] != intervals(gold, found, seed=1)[0]
    draw = random.Random(0)
    measured = []
    for _ in range(1000):
        chosen = draw.choices(range(90), k=90)
        drawn = score([gold[i] for i in chosen], [found[i] for i in chosen])
        measured.append(drawn.micro.f1)
    plain = np.quantile(measured, [0.025, 0.975])
    assert everything.f1 == pytest.approx(plain, abs=0.015)
    assert everything.f1[0] < score(gold, found).micro.f1 < everything.f1[1]


def test_the_same_seed_gives_the_same_bounds_whatever_fits_into_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gold, found = [[PER], [LOC], [PER]], [[PER], [], [LOC]]
    before = intervals(gold, found, samples=50)
    monkeypatch.setattr("modeling.bootstrap._AT_ONCE", 9)
    assert intervals(gold, found, samples=50) == before


def test_no_documents_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one document"):
        intervals([], [])
