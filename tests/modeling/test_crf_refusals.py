"""What the CRF refuses, with a sentence, before it computes nonsense."""

import pytest
import torch

from modeling.crf import CRF
from tests.modeling.crfs import (
    random_batch,
    random_crf,
)


@pytest.mark.parametrize(
    ("shape", "mask", "message"),
    [
        ((2, 3), None, "dimension of 3"),
        ((2, 3, 4), None, "last dimension of emissions is 5"),
        ((2, 0, 5), None, "emissions are empty"),
        ((0, 3, 5), None, "emissions are empty"),
        ((1, 3, 5), [[True, True]], "emissions and mask must match"),
        ((1, 3, 5), [[False, True, True]], "mask of the first timestep"),
        ((1, 3, 5), [[True, False, True]], "dense prefix"),
        ((1, 3, 5), [[1, 1, 0]], "mask must be bool"),
    ],
)
def test_wrong_batches_are_refused(shape, mask, message):
    crf = random_crf()
    mask = None if mask is None else torch.tensor(mask)
    emissions = torch.zeros(shape)
    for call in (crf.decode, crf.marginals, crf.infer):
        with pytest.raises(ValueError, match=message):
            call(emissions, mask)
    with pytest.raises(ValueError, match=message):
        crf(emissions, torch.zeros(shape[:2], dtype=torch.long), mask)


def test_wrong_tags_are_refused():
    crf, emissions = random_crf(), torch.zeros(1, 3, 5)
    with pytest.raises(ValueError, match="emissions and tags must match"):
        crf(emissions, torch.zeros(1, 2, dtype=torch.long))
    for wrong in (-100, 5):
        with pytest.raises(ValueError, match=rf"\[0, 5\), got .*{wrong}"):
            crf(emissions, torch.tensor([[0, wrong, 0]]))
    with pytest.raises(ValueError, match="invalid reduction: max"):
        crf(emissions, torch.zeros(1, 3, dtype=torch.long), reduction="max")


@pytest.mark.parametrize(
    "span",
    [(2, 0, 1, 0), (-1, 0, 1, 0), (0, 1, 1, 0), (1, 0, 3, 0), (0, 0, 1, 2)]
    + [(0, -1, 1, 0), (0, 0, 1, -1)],
)
def test_wrong_spans_are_refused(span):
    crf = random_crf()
    emissions, mask = random_batch((3, 2))
    output = crf.infer(emissions, mask)
    with pytest.raises(ValueError, match=str(list(span)).replace("[", r"\[")):
        crf.span_posteriors(output, torch.tensor([span]))
    with pytest.raises(ValueError, match="spans must be"):
        crf.span_posteriors(output, torch.zeros(1, 3, dtype=torch.long))


def test_no_spans_have_no_posteriors():
    crf = random_crf()
    emissions, mask = random_batch((3, 2))
    none = torch.empty(0, 4, dtype=torch.long)
    assert crf.span_posteriors(crf.infer(emissions, mask), none).numel() == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"allowed": [(0, 3)]}, r"no move \(0, 3\) among 3 tags"),
        ({"allowed": [(-1, 0)]}, r"no move \(-1, 0\)"),
        ({"allowed_start": [True]}, "allowed_start"),
        ({"allowed_start": [False] * 3}, "allowed_start"),
    ],
)
def test_wrong_constraints_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        CRF(3, **options)
