"""The likelihood of sets of tag sequences against enumeration and autograd."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import one_hot

from modeling.crf import CRF
from modeling.lattice import Lattice, Potentials
from modeling.partial import partial_log_likelihood
from tests.modeling.crfs import (
    MOVES,
    STARTS,
    log_sum,
    random_batch,
    random_crf,
    scores_of_all_paths,
)


def random_sets(shape, share=0.6, seed=2):
    """Sets that hold some path of any CRF here: tag 0 is in all of them."""
    generator = torch.Generator().manual_seed(seed)
    allowed = torch.rand(shape, generator=generator) < share
    allowed[..., 0] = True
    return allowed


def inside(scores, allowed):
    """Keep the paths inside sets (length, tags)."""
    rows = allowed.tolist()
    return {
        path: score
        for path, score in scores.items()
        if all(row[tag] for row, tag in zip(rows, path, strict=True))
    }


def gradients_of(crf, loss, emissions):
    crf.zero_grad()
    leaf = emissions.clone().requires_grad_()
    loss(leaf).backward()
    return [leaf.grad, *(parameter.grad.clone() for parameter in crf.parameters())]


# Values


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("lengths", [(1,), (2, 1), (5, 3, 1, 4)])
def test_the_likelihood_equals_enumeration(lengths, constrained):
    crf = random_crf(constrained=constrained)
    emissions, mask = random_batch(lengths)
    allowed = random_sets(emissions.shape)
    found = crf.partial_log_likelihood(emissions, allowed, mask, "none")
    for row, length in enumerate(lengths):
        scores = scores_of_all_paths(crf, emissions[row, :length])
        expected = log_sum(inside(scores, allowed[row, :length])) - log_sum(scores)
        assert float(found[row].detach()) == pytest.approx(expected, abs=1e-5)


@pytest.mark.usefixtures("engine")
def test_a_known_sequence_has_its_ordinary_likelihood():
    crf = random_crf(9)
    emissions, mask = random_batch((17, 40, 1, 2), 9)
    tags = torch.randint(9, mask.shape)
    sets = one_hot(tags, 9).bool()
    for reduction in ("none", "sum", "mean", "token_mean"):
        torch.testing.assert_close(
            crf.partial_log_likelihood(emissions, sets, mask, reduction),
            crf(emissions, tags, mask, reduction),
        )
    ordinary = gradients_of(crf, lambda e: crf(e, tags, mask), emissions)
    found = gradients_of(
        crf, lambda e: crf.partial_log_likelihood(e, sets, mask), emissions
    )
    for ours, expected in zip(found, ordinary, strict=True):
        torch.testing.assert_close(ours, expected, atol=1e-6, rtol=1e-4)


@pytest.mark.usefixtures("engine")
def test_where_nothing_is_known_nothing_is_taught():
    crf = random_crf(constrained=True)
    emissions, mask = random_batch((30, 7, 1))
    sets = torch.ones_like(emissions, dtype=torch.bool)
    found = crf.partial_log_likelihood(emissions, sets, mask, "none")
    torch.testing.assert_close(found, torch.zeros(3), atol=1e-6, rtol=0.0)
    for gradient in gradients_of(
        crf, lambda e: crf.partial_log_likelihood(e, sets, mask), emissions
    ):
        torch.testing.assert_close(
            gradient, torch.zeros_like(gradient), atol=1e-6, rtol=0.0
        )


@pytest.mark.usefixtures("engine")
def test_a_document_pulls_as_hard_whatever_is_known_of_the_one_beside_it():
    """Divided by the known tokens alone, one name marked would outweigh a page read."""
    crf = random_crf()
    emissions, mask = random_batch((6, 6))
    tags = torch.zeros((2, 6), dtype=torch.long)
    pulls = []
    for known_beside in (6, 3, 1):
        allowed = one_hot(tags, emissions.size(2)).bool()
        allowed[1, known_beside:] = True
        leaf = emissions.clone().requires_grad_()
        crf.partial_log_likelihood(leaf, allowed, mask, "token_mean").backward()
        pulls.append(leaf.grad[0])
    torch.testing.assert_close(pulls[1], pulls[0])
    torch.testing.assert_close(pulls[2], pulls[0])


@given(seed=st.integers(0, 10_000), scale=st.sampled_from([0.1, 1.0, 10.0, 100.0]))
@settings(max_examples=50, deadline=None)
def test_larger_sets_are_at_least_as_probable(seed, scale):
    crf = random_crf(constrained=True, seed=seed)
    emissions, mask = random_batch((12, 5, 1), scale=scale, seed=seed)
    small = random_sets(emissions.shape, 0.3, seed)
    large = small | random_sets(emissions.shape, 0.3, seed + 1)
    few = crf.partial_log_likelihood(emissions, small, mask, "none")
    many = crf.partial_log_likelihood(emissions, large, mask, "none")
    assert (few <= many + 1e-4 * few.abs().clamp(min=1.0)).all()
    assert (many <= 0).all()


@given(seed=st.integers(0, 10_000), token=st.integers(0, 6))
@settings(max_examples=40, deadline=None)
def test_the_sets_of_one_token_share_out_the_probability(seed, token):
    crf = random_crf(constrained=True, seed=seed)
    emissions, _ = random_batch((7,), seed=seed)
    marginals = crf.marginals(emissions)[0, token]
    for tag in range(crf.num_tags):
        sets = torch.ones_like(emissions, dtype=torch.bool)
        sets[0, token] = False
        sets[0, token, tag] = True
        if token == 0 and not STARTS[tag]:
            with pytest.raises(ValueError, match="row 0"):
                crf.partial_log_likelihood(emissions, sets)
            continue
        found = crf.partial_log_likelihood(emissions, sets).exp().detach()
        torch.testing.assert_close(found, marginals[tag], atol=1e-5, rtol=1e-4)


# Gradients


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("constrained", [False, True])
def test_the_gradient_is_that_of_finite_differences(constrained):
    crf = random_crf(constrained=constrained)
    emissions, mask = random_batch((4, 1, 3))
    allowed = random_sets(emissions.shape)
    weights = torch.tensor([1.0, -2.0, 0.5], dtype=torch.double)

    def loss(scores, *potentials):
        result = partial_log_likelihood(
            scores, allowed, mask, Potentials(*potentials), 2
        )
        return (result * weights).sum()

    given_scores = [emissions, *(part.detach() for part in crf.potentials())]
    leaves = [scores.double().requires_grad_() for scores in given_scores]
    assert torch.autograd.gradcheck(loss, leaves)


def test_both_ways_of_summing_have_one_gradient(monkeypatch):
    crf = random_crf(9)
    emissions, mask = random_batch((60, 200, 1, 33), 9)
    allowed = random_sets(emissions.shape, 0.2)

    def loss(scores):
        return crf.partial_log_likelihood(scores, allowed, mask, "token_mean")

    quick = gradients_of(crf, loss, emissions)
    monkeypatch.setattr(Lattice, "safe_steps", lambda self: 0)
    for ours, expected in zip(quick, gradients_of(crf, loss, emissions), strict=True):
        torch.testing.assert_close(ours, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.usefixtures("engine")
def test_padding_changes_nothing_and_gets_no_gradient():
    crf = random_crf(constrained=True)
    emissions, mask = random_batch((7, 60, 1))
    allowed = random_sets(emissions.shape, 0.4)
    noise = emissions.masked_fill(~mask.unsqueeze(2), math.nan)
    sets = allowed & mask.unsqueeze(2)  # no tag at all at padding
    leaf = noise.requires_grad_()
    found = crf.partial_log_likelihood(leaf, sets, mask, "none")
    found.sum().backward()
    assert leaf.grad[~mask].eq(0).all()
    assert leaf.grad.isfinite().all()
    for row, length in enumerate(mask.sum(1).tolist()):
        alone = crf.partial_log_likelihood(
            emissions[row : row + 1, :length], allowed[row : row + 1, :length]
        )
        torch.testing.assert_close(found[row], alone)


# Hard cases


@pytest.mark.parametrize("length", [3, 400])
def test_paths_that_never_meet_are_not_lost(length):
    """One span of either label: far apart in the middle, level at the end."""
    crf = random_crf(constrained=True, scale=0.1)
    emissions = torch.zeros(1, length, 5)
    emissions[0, : length // 2, 2] = 9.0
    emissions[0, length // 2 :, 4] = 9.0
    allowed = torch.zeros_like(emissions, dtype=torch.bool)
    allowed[0, 0, [1, 3]] = True
    allowed[0, 1:, [2, 4]] = True
    leaf = emissions.clone().requires_grad_()
    found = crf.partial_log_likelihood(leaf, allowed)
    paths = torch.tensor([[1] + [2] * (length - 1), [3] + [4] * (length - 1)])
    expected = torch.cat(
        [crf(emissions, path.unsqueeze(0), reduction="none") for path in paths]
    ).detach()
    assert float(found.detach()) == pytest.approx(
        float(expected.logsumexp(0)), rel=1e-5, abs=1e-6
    )
    found.backward()
    counts = leaf.grad + crf.marginals(emissions)
    shares = expected.softmax(0)
    torch.testing.assert_close(counts[0, -1, [2, 4]], shares, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("scale", [1e2, 1e4])
def test_extreme_emissions_are_exact(scale):
    crf = random_crf(constrained=True)
    emissions, mask = random_batch((4, 1, 3))
    emissions = scale * emissions.sign()
    allowed = random_sets(emissions.shape)
    leaf = emissions.clone().requires_grad_()
    found = crf.partial_log_likelihood(leaf, allowed, mask, "none")
    found.sum().backward()
    assert leaf.grad.isfinite().all()
    for row, length in enumerate(mask.sum(1).tolist()):
        scores = {
            path: score
            for path, score in scores_of_all_paths(crf, emissions[row, :length]).items()
            if STARTS[path[0]]
            and all(move in MOVES for move in zip(path, path[1:], strict=False))
        }
        expected = log_sum(inside(scores, allowed[row, :length])) - log_sum(scores)
        assert float(found[row].detach()) == pytest.approx(expected, rel=1e-6, abs=1e-4)


def test_the_layout_with_the_length_first_changes_nothing_else():
    crf, other = random_crf(), random_crf(batch_first=False)
    emissions, mask = random_batch((4, 6, 1))
    allowed = random_sets(emissions.shape)
    torch.testing.assert_close(
        other.partial_log_likelihood(
            emissions.transpose(0, 1), allowed.transpose(0, 1), mask.t(), "none"
        ),
        crf.partial_log_likelihood(emissions, allowed, mask, "none"),
    )


# Refusals


@pytest.mark.usefixtures("engine")
def test_sets_without_a_legal_sequence_are_refused_by_row():
    crf = random_crf(constrained=True)
    emissions, mask = random_batch((3, 2))
    allowed = torch.ones_like(emissions, dtype=torch.bool)
    allowed[1, 0, 1:] = False  # O, then inside X
    allowed[1, 1] = torch.tensor([False, False, True, False, False])
    with pytest.raises(ValueError, match="row 1: no tag sequence inside"):
        crf.partial_log_likelihood(emissions, allowed, mask)


def test_a_token_without_any_tag_is_refused():
    crf = random_crf()
    emissions, mask = random_batch((3, 2))
    allowed = torch.ones_like(emissions, dtype=torch.bool)
    allowed[0, 2] = False
    with pytest.raises(ValueError, match="row 0: token 2 has no allowed tag"):
        crf.partial_log_likelihood(emissions, allowed, mask)


def test_sets_of_another_shape_or_type_are_refused():
    crf = CRF(5)
    emissions, mask = random_batch((3, 2))
    with pytest.raises(ValueError, match=r"bool of shape \(2, 3, 5\)"):
        crf.partial_log_likelihood(emissions, torch.ones(2, 3, 4).bool(), mask)
    with pytest.raises(ValueError, match=r"got torch.float32"):
        crf.partial_log_likelihood(emissions, torch.ones(2, 3, 5), mask)
    with pytest.raises(ValueError, match="invalid reduction: median"):
        crf.partial_log_likelihood(
            emissions, torch.ones(2, 3, 5).bool(), mask, "median"
        )
