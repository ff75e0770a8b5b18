"""Random CRFs and batches, and the sums over all paths to compare with."""

import math
from itertools import product

import torch
import torchcrf

from modeling.crf import CRF
from modeling.tagging import allowed_start, allowed_transitions, tag_names

NAMES = tag_names(["X", "Y"])
MOVES = allowed_transitions(NAMES)
STARTS = allowed_start(NAMES)


def random_crf(tags=5, *, constrained=False, seed=0, scale=1.0, **options):
    torch.manual_seed(seed)
    limits = {"allowed": MOVES, "allowed_start": STARTS} if constrained else {}
    crf = CRF(tags, **limits, **options)
    with torch.no_grad():
        for parameter in crf.parameters():
            parameter.copy_(scale * torch.randn_like(parameter))
    return crf


def random_batch(lengths, tags=5, scale=2.0, seed=1):
    generator = torch.Generator().manual_seed(seed)
    shape = (len(lengths), max(lengths), tags)
    emissions = scale * torch.randn(shape, generator=generator)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)
    return emissions, mask


@torch.no_grad()
def scores_of_all_paths(crf, emissions):
    """Score every tag sequence of one (length, tags) row in Python floats."""
    start, end, moves = (part.double() for part in crf.potentials())
    rows = emissions.double()
    scores = {}
    for path in product(range(crf.num_tags), repeat=len(rows)):
        score = start[path[0]] + end[path[-1]]
        score += sum(row[tag] for row, tag in zip(rows, path, strict=True))
        score += sum(moves[a, b] for a, b in zip(path, path[1:], strict=False))
        scores[path] = float(score)
    return scores


def probabilities(scores):
    largest = max(scores.values())
    weights = {path: math.exp(score - largest) for path, score in scores.items()}
    total = math.fsum(weights.values())
    return {path: weight / total for path, weight in weights.items()}


def log_sum(scores):
    largest = max(scores.values())
    return largest + math.log(math.fsum(math.exp(s - largest) for s in scores.values()))


def theirs(crf, batch_first=True):
    """torchcrf's own CRF with the same parameters."""
    reference = torchcrf.CRF(crf.num_tags, batch_first=batch_first)
    reference.load_state_dict(crf.state_dict())
    return reference
