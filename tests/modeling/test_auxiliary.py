import math
from dataclasses import replace
from typing import get_args

import pytest
import torch

from modeling.auxiliary import Boundary, Step, borders, contrast, symmetric_divergence
from modeling.configuration import AuxiliaryLoss, TrainingConfig
from modeling.training import evaluate, train
from tests.modeling.crfs import (
    probabilities,
    random_batch,
    random_crf,
    scores_of_all_paths,
)

QUICK = TrainingConfig(
    encoder="scratch",
    epochs=1,
    min_steps=4,
    max_steps=4,
    tokens_per_batch=128,
    device="cpu",
)

AUXILIARY = pytest.mark.parametrize(
    "kind", [k for k in get_args(AuxiliaryLoss) if k != "none"]
)


@pytest.fixture
def letters(annotated):
    marked = [
        "[Ada|PER] wrote from [Kew|LOC].",
        "[Asa Gray|PER] answered [Ada|PER].",
        "It rained.",
    ]
    return [annotated(text) for text in marked]


def divergence(p, q):
    return math.fsum(p[path] * math.log(p[path] / q[path]) for path in p)


def test_the_divergence_is_that_over_all_paths():
    crf = random_crf()
    first, mask = random_batch([4, 2])
    second, _ = random_batch([4, 2], seed=7)
    expected = 0.0
    for row, length in enumerate([4, 2]):
        p, q = (
            probabilities(scores_of_all_paths(crf, emissions[row, :length]))
            for emissions in (first, second)
        )
        expected += divergence(p, q) + divergence(q, p)

    found = symmetric_divergence(crf, first, second, mask)
    assert float(found) == pytest.approx(expected / 6, rel=1e-4)
    assert symmetric_divergence(crf, first, first, mask) == 0.0


def test_each_pass_is_drawn_to_the_other_as_to_a_fixed_target():
    """Compare with finite differences of KL(Q|P), Q held."""
    crf = random_crf()
    first, mask = random_batch([3])
    second, _ = random_batch([3], seed=7)
    first.requires_grad_()
    symmetric_divergence(crf, first, second, mask).backward()
    target = probabilities(scores_of_all_paths(crf, second[0]))
    step = 1e-3
    for place, tag in ((0, 0), (1, 3), (2, 4)):
        sides = []
        for sign in (1, -1):
            moved = first.detach().clone()
            moved[0, place, tag] += sign * step
            p = probabilities(scores_of_all_paths(crf, moved[0]))
            sides.append(divergence(target, p))
        slope = (sides[0] - sides[1]) / (2 * step) / 3
        assert float(first.grad[0, place, tag]) == pytest.approx(slope, abs=1e-3)


def test_borders_are_where_spans_begin_and_end():
    #                     O  B  I  B  B' I' O        B  ?  I
    tags = torch.tensor([[0, 1, 2, 1, 3, 4, 0], [1, -1, 2, 0, 0, 0, 0]])
    mask = torch.tensor([[True] * 7, [True] * 3 + [False] * 4])
    targets, is_known = borders(tags, mask)

    assert targets[0, :, 0].tolist() == [0, 1, 0, 1, 1, 0, 0]
    assert targets[0, :, 1].tolist() == [0, 0, 1, 1, 0, 1, 0]
    assert is_known[0].all()
    # Row two: whether its first token ends a span depends on an unknown tag.
    assert targets[1, :, 0].tolist()[0] == 1
    assert is_known[1].tolist() == [
        [True, False],
        [False, False],
        [True, True],
        *[[False, False]] * 4,
    ]


def test_a_known_border_weighs_the_same_whatever_is_known_beside_it():
    torch.manual_seed(0)
    boundary = Boundary(4, weight=1.0, dropout=0.0)
    mask = torch.ones((1, 6), dtype=torch.bool)
    slopes = []
    for tags in ([0, 1, 2, 0, 0, 0], [0, 1, 2, 0, -1, -1], [-1, 1, 2, 0, -1, -1]):
        states = torch.linspace(-1, 1, 24).view(6, 4).requires_grad_()
        batch = torch.tensor([tags])
        step = Step(None, states, None, mask, batch, torch.zeros(()), None)
        boundary(step).backward()
        slopes.append(states.grad[1:3])
    assert torch.equal(slopes[0], slopes[1])
    assert torch.equal(slopes[0], slopes[2])


def test_the_contrastive_loss_is_the_sum_over_pairs():
    torch.manual_seed(0)
    points = torch.nn.functional.normalize(torch.randn(6, 4), dim=1)
    classes = torch.tensor([1, 1, 2, 0, 0, 1])
    expected = []
    for anchor in (0, 1, 5):
        others = [i for i in range(6) if i != anchor]
        weights = {i: math.exp(float(points[anchor] @ points[i]) / 0.1) for i in others}
        total = sum(weights.values())
        alike = [i for i in others if classes[i] == classes[anchor]]
        expected.append(-sum(math.log(weights[i] / total) for i in alike) / len(alike))

    found = contrast(points, classes)
    assert float(found) == pytest.approx(sum(expected) / 3, rel=1e-4)
    assert contrast(points[:1], classes[:1]) == 0.0


def test_a_contrast_without_any_pair_has_a_gradient_of_nothing():
    points = torch.eye(3, requires_grad=True)
    contrast(points, torch.tensor([0, 1, 2])).backward()
    assert not points.grad.any()


@AUXILIARY
def test_a_loss_beside_the_crfs_changes_the_run_but_not_the_tagger(letters, kind):
    plain = train(letters, ["PER", "LOC"], QUICK)
    config = replace(QUICK, auxiliary=kind)
    first, again = (train(letters, ["PER", "LOC"], config) for _ in range(2))

    assert first.history[0].loss != plain.history[0].loss
    assert [e.loss for e in first.history] == [e.loss for e in again.history]
    state, of_plain = first.tagger.state_dict(), plain.tagger.state_dict()
    assert state.keys() == of_plain.keys()
    assert any(not torch.equal(state[name], of_plain[name]) for name in state)


@AUXILIARY
def test_with_each_loss_names_are_learnt(letters, kind):
    config = replace(
        QUICK, encoder="bundled", auxiliary=kind, min_steps=15, max_steps=15
    )
    result = train(letters, ["PER", "LOC"], config)
    assert evaluate(result.tagger, letters).score.micro.f1 == 1.0


@AUXILIARY
def test_each_loss_takes_documents_read_in_part(letters, kind):
    half = [replace(e, known=((0, len(e.text) // 2),)) for e in letters]
    config = replace(QUICK, auxiliary=kind)
    result = train(half, ["PER", "LOC"], config)
    assert all(math.isfinite(report.loss) for report in result.history)
