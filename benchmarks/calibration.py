"""Is a span's confidence its chance to be right? Before and after scaling.

A model is trained on one part of a corpus, a temperature is fitted on a second, and
three confidences of the spans it proposes are judged on a third: the exact posterior
of the span, the lowest marginal of its tokens, and their mean softmax over emissions,
which is what tools without a CRF show. ``calibrated`` is what the worker does: a curve
behind the temperature, both cross-fitted with halves of the third part. Beside the
calibration error stands the one that a perfect model shows by chance on so many spans.

Run ``python -m benchmarks.calibration --corpus NAME=TRAIN[:TEST] --json``; the last
line is one JSON object. Without a TEST file two fifths of TRAIN are judged on.
"""

import argparse
import json
import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import django
import torch

from modeling import checkpoints
from modeling.calibration import (
    auroc,
    calibration_error,
    expected_error_if_calibrated,
    log_loss,
    reliability,
)
from modeling.configuration import TrainingConfig
from modeling.examples import Example
from modeling.tagger import Tagger
from modeling.temperature import Proposals, cross_fit, fit, propose
from modeling.training import evaluate, train

TEST_SHARE = 0.4  # of TRAIN, without a TEST file


def main() -> None:
    """Train, fit, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", required=True, help="NAME=TRAIN[:TEST]")
    parser.add_argument("--no-spaces", action="store_true", help="join tokens without")
    parser.add_argument("--fit", type=float, default=0.2, help="share to fit T on")
    parser.add_argument("--share", type=float, default=1.0, help="of what is left")
    parser.add_argument("--max-steps", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--keep", type=Path, help="folder of trained models, used again"
    )
    parser.add_argument("--json", action="store_true", help="only the JSON object")
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
    django.setup()
    report = measure(arguments)
    if not arguments.json:
        for name, value in report.items():
            print(f"{name:>24}  {value}")
    print(json.dumps(report))


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Do all of it for one corpus."""
    name, _, files = arguments.corpus.partition("=")
    learned, fitted, judged = read_parts(files, arguments)
    tagger = trained(name, learned, arguments)
    held_out, test = propose(tagger, fitted), propose(tagger, judged)
    temperature = fit([held_out])
    score = evaluate(tagger, judged).score.micro
    right = test.is_right
    ways = {
        "span_posterior": test.confidences(1.0),
        "span_posterior_scaled": test.confidences(temperature),
        "calibrated": cross_fit(test, [held_out]),
        "lowest_marginal": token_confidences(test, 1.0)[0],
        "lowest_marginal_scaled": token_confidences(test, temperature)[0],
        "mean_softmax": token_confidences(test, 1.0)[1],
    }
    shown = ways["calibrated"]
    return {
        "corpus": name,
        "trained_documents": len(learned),
        "fitted_spans": len(held_out.is_right),
        "judged_spans": len(right),
        "f1": round(score.f1, 4),
        "temperature": round(temperature, 3),
        "ece_by_chance": round(expected_error_if_calibrated(shown), 4),
        **{way: figures(found, right) for way, found in ways.items()},
        "reliability": [
            [round(x, 3) for x in row] for row in reliability(shown, right)
        ],
    }


def figures(confidences: Sequence[float], right: Sequence[bool]) -> dict[str, float]:
    """Measure one kind of confidence."""
    return {
        "ece": round(calibration_error(confidences, right), 4),
        "ece_equal_width": round(
            calibration_error(confidences, right, kind="width"), 4
        ),
        "auroc": round(auroc(confidences, right), 4),
        "log_loss": round(log_loss(confidences, right), 4),
    }


@torch.inference_mode()
def token_confidences(
    proposals: Proposals, temperature: float
) -> tuple[list[float], list[float]]:
    """Give the lowest marginal and the mean softmax over the tokens of each span."""
    lowest: list[float] = []
    softmax: list[float] = []
    for batch in proposals.batches:
        output = proposals.crf.infer(
            batch.emissions, batch.mask, temperature=temperature
        )
        tags = output.tags.unsqueeze(2)
        # shape: (batch, tokens)
        marginals = output.marginals.gather(2, tags).squeeze(2)
        plain = batch.emissions.softmax(2).gather(2, tags).squeeze(2)
        for row, first, behind, _ in batch.spans.tolist():
            lowest.append(min(1.0, float(marginals[row, first:behind].min())))
            softmax.append(min(1.0, float(plain[row, first:behind].mean())))
    return lowest, softmax


def read_parts(
    files: str, arguments: argparse.Namespace
) -> tuple[list[Example], list[Example], list[Example]]:
    """Split a corpus by the seed: to learn from, to fit the temperature, to judge."""
    from annotator.formats import ReadOptions
    from tasks.simulation import read_examples

    reading = ReadOptions(
        document="sentence", joins_tokens_with="" if arguments.no_spaces else " "
    )
    first, _, second = files.partition(":")
    pool = read_examples(Path(first), reading)
    random.Random(arguments.seed).shuffle(pool)
    if second:
        judged = read_examples(Path(second), reading)
    else:
        cut = int(TEST_SHARE * len(pool))
        judged, pool = pool[:cut], pool[cut:]
    cut = int(arguments.fit * len(pool))
    fitted, pool = pool[:cut], pool[cut:]
    return pool[: max(1, int(arguments.share * len(pool)))], fitted, judged


def trained(
    name: str, learned: Sequence[Example], arguments: argparse.Namespace
) -> Tagger:
    """Train a model, or take the one that was kept."""
    recipe = (arguments.seed, arguments.fit, arguments.share, arguments.max_steps)
    folder = arguments.keep and arguments.keep / "-".join(map(str, (name, *recipe)))
    if folder and folder.is_dir():
        return checkpoints.load(folder)
    labels = sorted({span.label for example in learned for span in example.spans})
    config = TrainingConfig(max_steps=arguments.max_steps, seed=arguments.seed)
    tagger = train(learned, labels, config).tagger
    if folder:
        checkpoints.save(tagger, folder)
    return tagger


if __name__ == "__main__":
    main()
