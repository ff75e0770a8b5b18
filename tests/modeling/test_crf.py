"""The CRF against enumeration of all tag sequences, torchcrf and autograd."""

import math
import warnings
from itertools import product

import pytest
import torch
import torchcrf
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling.crf import CRF
from modeling.lattice import FORBIDDEN
from modeling.tagging import chunks
from tests.modeling.crfs import (
    MOVES,
    NAMES,
    STARTS,
    log_sum,
    probabilities,
    random_batch,
    random_crf,
    scores_of_all_paths,
    theirs,
)


@pytest.fixture(autouse=True)
def _quiet_torchcrf():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*uint8 condition")
        yield


# Enumeration


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("lengths", [(1,), (2, 1), (5, 3, 1, 4)])
def test_everything_equals_enumeration(lengths, constrained):
    crf = random_crf(constrained=constrained)
    emissions, mask = random_batch(lengths)
    output = crf.infer(emissions, mask)
    assert output.lattice.lengths.tolist() == list(lengths)
    for row, length in enumerate(lengths):
        scores = scores_of_all_paths(crf, emissions[row, :length])
        shares = probabilities(scores)
        assert float(output.log_partition[row]) == pytest.approx(log_sum(scores))
        best = tuple(output.tags[row, :length].tolist())
        assert scores[best] == pytest.approx(max(scores.values()))
        assert float(output.best_score[row]) == pytest.approx(max(scores.values()))
        for token in range(length):
            for tag in range(crf.num_tags):
                expected = math.fsum(p for y, p in shares.items() if y[token] == tag)
                found = float(output.marginals[row, token, tag])
                assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("constrained", [False, True])
def test_log_likelihood_equals_enumeration(constrained):
    crf = random_crf(constrained=constrained)
    emissions, _ = random_batch((4,))
    scores = scores_of_all_paths(crf, emissions[0])
    for path in list(scores)[::37]:
        found = crf(emissions, torch.tensor([path]))
        expected = scores[path] - log_sum(scores)
        assert float(found.detach()) == pytest.approx(expected, rel=1e-5)


# torchcrf and autograd

LENGTHS = (17, 40, 1, 2, 33, 40)


@pytest.mark.parametrize("tags", [1, 5, 37])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean", "token_mean"])
def test_log_likelihood_equals_torchcrf(tags, reduction):
    crf = random_crf(tags)
    emissions, mask = random_batch(LENGTHS, tags)
    path = torch.randint(tags, mask.shape)
    expected = theirs(crf)(emissions, path, mask, reduction)
    torch.testing.assert_close(crf(emissions, path, mask, reduction), expected)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("reduction", ["sum", "token_mean"])
def test_gradients_equal_torchcrf(reduction):
    crf = random_crf(9)
    emissions, mask = random_batch(LENGTHS, 9)
    path = torch.randint(9, mask.shape)
    gradients = []
    for module in (crf, theirs(crf)):
        leaf = emissions.clone().requires_grad_()
        module(leaf, path, mask, reduction).backward()
        gradients.append([leaf.grad, *(p.grad for p in module.parameters())])
    for ours, expected in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.usefixtures("engine")
def test_gradients_weigh_each_row():
    crf = random_crf()
    emissions, mask = random_batch((6, 3, 5))
    path = torch.randint(5, mask.shape)
    weights = torch.tensor([0.0, -2.0, 3.0])
    gradients = []
    for module in (crf, theirs(crf)):
        leaf = emissions.clone().requires_grad_()
        (module(leaf, path, mask, "none") * weights).sum().backward()
        gradients.append([leaf.grad, *(p.grad for p in module.parameters())])
    for ours, expected in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("tags", [1, 5, 37])
@pytest.mark.parametrize("batch_first", [True, False])
def test_decode_equals_torchcrf(tags, batch_first):
    crf = random_crf(tags, batch_first=batch_first)
    emissions, mask = random_batch(LENGTHS, tags)
    if not batch_first:
        emissions, mask = emissions.transpose(0, 1), mask.t()
    reference = theirs(crf, batch_first)
    assert crf.decode(emissions, mask) == reference.decode(emissions, mask)
    assert crf.decode(emissions) == reference.decode(emissions)


def test_the_layout_with_the_length_first_changes_nothing_else():
    crf, other = random_crf(), random_crf(batch_first=False)
    emissions, mask = random_batch((4, 6, 1))
    path = torch.randint(5, mask.shape)
    turned = emissions.transpose(0, 1)
    torch.testing.assert_close(
        other(turned, path.t(), mask.t()), crf(emissions, path, mask)
    )
    torch.testing.assert_close(
        other.marginals(turned, mask.t()).transpose(0, 1),
        crf.marginals(emissions, mask),
    )
    spans = torch.tensor([[1, 2, 6, 1], [2, 0, 1, 0]])
    torch.testing.assert_close(
        other.span_posteriors(other.infer(turned, mask.t()), spans),
        crf.span_posteriors(crf.infer(emissions, mask), spans),
    )


@pytest.mark.usefixtures("engine")
def test_marginals_are_the_gradient_of_the_log_partition():
    crf = random_crf(9)
    emissions, mask = random_batch(LENGTHS, 9)
    leaf = emissions.double().requires_grad_()
    reference = theirs(crf).double()
    # torchcrf's normaliser is differentiated by autograd.
    log_partition = reference._compute_normalizer(leaf.transpose(0, 1), mask.t())
    log_partition.sum().backward()
    found = crf.marginals(emissions, mask)
    torch.testing.assert_close(found.double(), leaf.grad, atol=1e-6, rtol=0.0)
    output = crf.infer(emissions, mask)
    torch.testing.assert_close(output.marginals, found)
    torch.testing.assert_close(output.log_partition, log_partition.detach())


def test_state_dicts_are_torchcrfs():
    crf = random_crf(constrained=True)
    assert set(crf.state_dict()) == set(torchcrf.CRF(5).state_dict())


# Constraints


@given(seed=st.integers(0, 10_000), scale=st.sampled_from([0.0, 1.0, 30.0, 300.0]))
@settings(max_examples=60, deadline=None)
def test_no_illegal_path_is_decoded_or_probable(seed, scale):
    crf = random_crf(constrained=True, seed=seed)
    lengths = torch.randint(1, 14, (4,)).tolist()
    emissions, mask = random_batch(lengths, scale=scale, seed=seed)
    for path in crf.decode(emissions, mask):
        assert STARTS[path[0]]
        assert all(move in MOVES for move in zip(path, path[1:], strict=False))
        named = [NAMES[tag] for tag in path]
        assert all(named[first][0] == "B" for first, _, _ in chunks(named))
    marginals = crf.marginals(emissions, mask)
    assert marginals[:, 0, ~torch.tensor(STARTS)].amax() == 0.0
    illegal = torch.tensor([[0, 2, 2]])
    likelihood = crf(torch.zeros(1, 3, 5), illegal).detach()
    assert float(likelihood.exp()) == 0.0
    assert float(likelihood) == pytest.approx(FORBIDDEN, rel=0.01)


@given(seed=st.integers(0, 10_000), scale=st.sampled_from([0.1, 1.0, 10.0, 100.0]))
@settings(max_examples=60, deadline=None)
def test_marginals_and_best_paths_are_consistent(seed, scale):
    crf = random_crf(constrained=True, seed=seed, scale=min(scale, 3.0))
    lengths = torch.randint(1, 20, (5,)).tolist()
    emissions, mask = random_batch(lengths, scale=scale, seed=seed)
    output = crf.infer(emissions, mask)
    totals = output.marginals.sum(2)
    torch.testing.assert_close(totals, mask.float(), atol=1e-5, rtol=0.0)
    assert (output.best_score <= output.log_partition + 1e-9).all()
    likelihood = crf(emissions, output.tags, mask, "none").double()
    expected = output.best_score - output.log_partition
    torch.testing.assert_close(likelihood, expected, atol=1e-4, rtol=1e-5)
    # A path is at most as probable as any one of its tags.
    chosen = output.marginals.gather(2, output.tags.unsqueeze(2)).squeeze(2)
    least = chosen.where(mask, 1.0).amin(1)
    assert (least + 1e-5 >= expected.exp().float()).all()


# Padding, extremes, precision


def test_padding_changes_nothing():
    crf = random_crf(constrained=True)
    emissions, mask = random_batch((7, 3, 1, 5))
    path = torch.randint(5, mask.shape)
    noise = emissions.masked_fill(~mask.unsqueeze(2), math.nan)
    noisy_path = path.masked_fill(~mask, -100)
    output = crf.infer(noise, mask)
    likelihood = crf(noise, noisy_path, mask, "none")
    assert output.tags[~mask].eq(0).all()
    assert output.marginals[~mask].eq(0).all()
    for row, length in enumerate(mask.sum(1).tolist()):
        alone = emissions[row : row + 1, :length]
        single = crf.infer(alone)
        assert output.tags[row, :length].tolist() == single.tags[0].tolist()
        found = output.marginals[row, :length]
        torch.testing.assert_close(found, single.marginals[0])
        for field in ("alpha", "beta"):
            found = getattr(output.passes, field)[:length, row]
            torch.testing.assert_close(found, getattr(single.passes, field)[:, 0])
        expected = crf(alone, path[row : row + 1, :length])
        torch.testing.assert_close(likelihood[row], expected)
    spans = torch.tensor([[1, 1, 3, 0]])
    alone = emissions[1:2, :3]
    expected = crf.span_posteriors(crf.infer(alone), torch.tensor([[0, 1, 3, 0]]))
    torch.testing.assert_close(crf.span_posteriors(output, spans), expected)


def test_padding_is_without_gradient():
    crf = random_crf()
    emissions, mask = random_batch((7, 60, 1))
    leaf = emissions.clone().requires_grad_()
    crf(leaf, torch.randint(5, mask.shape), mask).backward()
    assert leaf.grad[~mask].eq(0).all()
    assert all(parameter.grad.isfinite().all() for parameter in crf.parameters())


def test_long_documents_are_exact():
    """A long document's marginals match float64 log-sum-exp to 1e-5."""
    crf = random_crf(constrained=True)
    emissions, mask = random_batch((5000, 300), scale=4.0)
    output = crf.infer(emissions, mask)
    reference = theirs(crf).double()
    with torch.no_grad():
        reference.transitions += crf.transition_penalty
        reference.start_transitions += crf.start_penalty
    leaf = emissions.double().requires_grad_()
    expected = reference._compute_normalizer(leaf.transpose(0, 1), mask.t())
    expected.sum().backward()
    torch.testing.assert_close(output.log_partition, expected.detach())
    found = output.marginals.double()
    torch.testing.assert_close(found, leaf.grad, atol=1e-5, rtol=0.0)
    assert crf.decode(emissions, mask) == reference.decode(emissions.double(), mask)
    path = torch.zeros_like(output.tags)
    with torch.no_grad():
        score = reference._compute_score(leaf.transpose(0, 1), path.t(), mask.t())
        found = crf(emissions, path, mask, "none").double()
    torch.testing.assert_close(found, score - expected.detach())


@pytest.mark.parametrize("scale", [1e2, 1e4])
@pytest.mark.parametrize("lengths", [(1,), (4, 1, 3)])
def test_extreme_emissions_are_exact(lengths, scale):
    crf = random_crf(constrained=True)
    emissions, mask = random_batch(lengths)
    emissions = scale * emissions.sign()
    emissions[0, 0, 2] = 2 * scale
    output = crf.infer(emissions, mask)
    leaf = emissions.clone().requires_grad_()
    crf(leaf, output.tags, mask).backward()
    assert leaf.grad.isfinite().all()
    for row, length in enumerate(lengths):
        scores = scores_of_all_paths(crf, emissions[row, :length])
        assert float(output.log_partition[row]) == pytest.approx(log_sum(scores))
        assert float(output.best_score[row]) == pytest.approx(max(scores.values()))
        shares = probabilities(scores)
        for token, tag in product(range(length), range(5)):
            expected = math.fsum(p for y, p in shares.items() if y[token] == tag)
            found = float(output.marginals[row, token, tag])
            assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    "moves", [[(0, 1), (1, 2), (2, 0)], [(0, 0), (0, 1), (1, 2)], [(0, 1)]]
)
def test_sparse_moves_are_exact(moves):
    """Cycles, chains and dead ends, where some tags are far from others."""
    crf = CRF(3, allowed=moves, allowed_start=[True, False, True])
    emissions, mask = random_batch((5, 1, 4), 3)
    output = crf.infer(emissions, mask)
    for row, length in enumerate((5, 1, 4)):
        scores = scores_of_all_paths(crf, emissions[row, :length])
        found = float(output.log_partition[row])
        assert found == pytest.approx(log_sum(scores), abs=1e-3)
        best = tuple(output.tags[row, :length].tolist())
        assert scores[best] == pytest.approx(max(scores.values()))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_scores_are_float32_whatever_the_emissions(dtype):
    crf = random_crf()
    emissions, mask = random_batch((30, 9))
    emissions = emissions.to(dtype)
    path = torch.randint(5, mask.shape)
    found = crf(emissions, path, mask)
    assert found.dtype == crf.marginals(emissions, mask).dtype == torch.float32
    torch.testing.assert_close(found, crf(emissions.float(), path, mask))


def test_autocast_is_off_inside():
    crf = random_crf(9)
    emissions, mask = random_batch((128, 100), 9)
    path = torch.randint(9, mask.shape)
    spans = torch.tensor([[0, 0, 3, 1], [1, 97, 100, 2]])

    def everything():
        output = crf.infer(emissions, mask)
        posteriors = crf.span_posteriors(output, spans)
        return crf(emissions, path, mask), *output[:4], *output.passes, posteriors

    expected = everything()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = everything()
    for ours, reference in zip(found, expected, strict=True):
        assert ours.dtype == reference.dtype
        torch.testing.assert_close(ours, reference, atol=0.0, rtol=0.0)


def test_emissions_are_left_as_they_are():
    crf = random_crf()
    emissions, mask = random_batch((4, 2))
    for given_emissions in (emissions, emissions.double()):
        copy = given_emissions.clone()
        output = crf.infer(given_emissions, mask)
        crf.span_posteriors(output, torch.tensor([[0, 0, 2, 1]]))
        crf(given_emissions, output.tags, mask)
        assert torch.equal(copy, given_emissions)


# Errors
