"""Training against a plain loop, as tutorials write it.

Both fine-tune the same encoder with a CRF on the same texts, tokenised beforehand,
with the same threads. The plain loop takes random batches of 16 or 32 documents (the
better of the two) padded to the longest, pytorch-crf's loss, fp32 and AdamW as it
comes. Ours is one epoch of `modeling.training.Loop` with its default recipe; further
candidates freeze nothing, or more layers, whose states are known from the warm-up as
they are from the first epoch of a run. ``_cpu`` counts processor time, which holds on a
busy machine.

Run ``python -m benchmarks.training --json``; the last line is one JSON object, whose
``vs_plain_loop`` is how many times more sub-tokens a second ours learns from.
"""

import argparse
import json
import random
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import torchcrf
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from transformers.utils import logging

from benchmarks.texts import sample
from benchmarks.timing import median, ratio, take_turns
from modeling.configuration import TrainingConfig
from modeling.encoders import load_encoder
from modeling.examples import Example, Unit, training_units
from modeling.planning import plan_steps
from modeling.reports import Seam
from modeling.spans import Span
from modeling.tagger import Tagger
from modeling.tokens import tokenize
from modeling.training import Loop

LABELS = ("PERSON", "PLACE", "ORG", "TAXON")
PLAIN_BATCH_SIZES = (16, 32)
RECIPES: dict[str, dict[str, Any]] = {
    "ours": {},
    "all_learns": {"frozen_layers": 0},
    "frozen_3": {"frozen_layers": 3},
    "frozen_4": {"frozen_layers": 4},
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--texts", type=Path, help="CoNLL, JSONL or plain lines")
    parser.add_argument("--documents", type=int, default=128, help="at most so many")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="only the JSON object")
    arguments = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    # pytorch-crf builds its own uint8 mask, which torch complains about.
    warnings.filterwarnings("ignore", message=".*uint8 condition", module="torchcrf")
    texts = sample(arguments.texts, arguments.documents)
    report = compare(texts, arguments.rounds)
    if not arguments.json:
        for name, value in report.items():
            print(f"{name:>40}  {value}")
    print(json.dumps(report))


def compare(texts: Sequence[str], rounds: int) -> dict[str, Any]:
    """Time an epoch of each candidate in turn."""
    examples = [as_example(text) for text in texts]
    plain = {
        f"plain_batch_{size}": PlainLoop(examples, size).epoch
        for size in PLAIN_BATCH_SIZES
    }
    tuning = take_turns(plain, rounds=1, warm_up=0)
    best = min(tuning, key=lambda name: tuning[name].cpu[0])
    ours = {name: our_epoch(examples, changes) for name, changes in RECIPES.items()}
    times = take_turns({"plain": plain[best], **ours}, rounds)
    units, _ = training_units(new_tagger(), examples)
    sub_tokens = sum(unit.document.sub_tokens for unit in units)
    report: dict[str, Any] = {}
    for name in RECIPES:
        key = "vs_plain_loop" if name == "ours" else f"{name}_vs_plain_loop"
        report[key] = round(ratio(times["plain"].wall, times[name].wall), 2)
        report[f"{key}_cpu"] = round(ratio(times["plain"].cpu, times[name].cpu), 2)
    for name, entry in times.items():
        rate = round(sub_tokens / median(entry.wall))
        report[f"{name}_sub_tokens_per_second"] = rate
    return report | {
        "plain_best": best,
        "documents": len(texts),
        "sub_tokens": sub_tokens,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def as_example(text: str) -> Example:
    """Mark capitalised words: the times depend on no tag, but tags there must be."""
    tokens = tokenize(text)
    spans = [
        Span(start, end, LABELS[start % len(LABELS)])
        for start, end in tokens
        if text[start].isupper()
    ]
    return Example(text, tuple(tokens), tuple(spans))


def new_tagger() -> Tagger:
    """Put a fresh head on the bundled encoder."""
    torch.manual_seed(0)
    return Tagger(*load_encoder("bundled"), LABELS)


def our_epoch(
    examples: Sequence[Example], changes: dict[str, Any]
) -> Callable[[], object]:
    """Give a call that trains for one epoch; what is frozen stays known from before."""
    config = replace(TrainingConfig(precision="fp32", device="cpu"), **changes)
    config = replace(config, epochs=1, min_steps=1)
    tagger = new_tagger()
    units, _ = training_units(tagger, examples)
    lengths = [unit.document.sub_tokens for unit in units]
    plan = plan_steps(lengths, config)
    loop = Loop([(tagger, units)], plan, config, time.perf_counter())
    return lambda: loop.run([()], Seam(None, None, None))


class PlainLoop:
    """The usual way: pad what comes, sum up, step."""

    def __init__(self, examples: Sequence[Example], batch_size: int) -> None:
        """Build the model and tokenise once."""
        tagger = new_tagger()
        self.encoder, self.head = tagger.encoder, tagger.head
        self.pad_id = tagger.sub_tokenizer.pad_id
        self.crf = torchcrf.CRF(len(tagger.tag_names), batch_first=True)
        self.units = [
            unit
            for unit in training_units(tagger, examples)[0]
            if len(unit.document.windows) == 1
        ]
        self.batch_size = batch_size
        self.dropout = nn.Dropout(0.1)
        self.model = nn.ModuleList([self.encoder, self.head, self.crf, self.dropout])
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=2e-4)
        self.random = random.Random(0)

    def epoch(self) -> None:
        """Go through all documents once, in random order."""
        order = list(self.units)
        self.random.shuffle(order)
        self.model.train()
        for start in range(0, len(order), self.batch_size):
            loss = self.loss(order[start : start + self.batch_size])
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()

    def loss(self, units: Sequence[Unit]) -> Tensor:
        """Encode a padded batch and score the tags of the first sub-tokens."""
        ids = [torch.from_numpy(unit.document.windows[0]) for unit in units]
        # shape: (documents, sub-tokens)
        padded = pad_sequence(ids, batch_first=True, padding_value=self.pad_id)
        mask = pad_sequence([torch.ones_like(row) for row in ids], batch_first=True)
        output = self.encoder(input_ids=padded, attention_mask=mask)
        states = self.dropout(output.last_hidden_state)
        firsts = [
            row[torch.from_numpy(unit.document.token_positions)]
            for row, unit in zip(states, units, strict=True)
        ]  # each of shape: (tokens, hidden)
        emissions = self.head(pad_sequence(firsts, batch_first=True))
        tags = [torch.tensor(unit.tags) for unit in units]
        is_token = pad_sequence(
            [torch.ones(len(row), dtype=torch.bool) for row in tags], batch_first=True
        )
        padded_tags = pad_sequence(tags, batch_first=True)
        loss: Tensor = -self.crf(emissions, padded_tags, is_token, reduction="mean")
        return loss


if __name__ == "__main__":
    main()
