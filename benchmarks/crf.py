"""Times of the CRF against pytorch-crf's on the same batches, in one run.

Ratios are of processor time on one thread, which holds on a busy machine; those by the
clock end in ``_wall``. ``share_of_preannotation`` is the CRF's part of a whole
pre-annotation, see `benchmarks.preannotation`.
"""

import argparse
import json
import platform
import warnings
from typing import Any

import torch
import torchcrf
from torch import Tensor

from benchmarks.preannotation import compare
from benchmarks.texts import sample
from benchmarks.timing import geometric_mean, median, ratio, take_turns
from modeling.crf import CRF
from modeling.tagging import allowed_start, allowed_transitions, tag_names

_BATCH = 32
_LENGTHS = (32, 64, 128, 256)
_LABEL_COUNTS = (4, 18)  # 9 tags as in CoNLL-2003, 37 as in OntoNotes
_SPANS = 8  # for each sequence
# Name of a ratio: pytorch-crf's call and ours.
_RATIOS = {
    "decode_ratio": ("their decode", "decode"),
    "everything_ratio": ("their decode", "everything"),
    "likelihood_ratio": ("their likelihood", "likelihood"),
}


def main() -> None:
    """Measure and print a table or, on one line, JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=15, help="timed rounds a case")
    parser.add_argument("--threads", type=int, default=1, help="torch threads")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    # pytorch-crf builds its own uint8 mask, which torch complains about.
    warnings.filterwarnings("ignore", message=".*uint8 condition", module="torchcrf")
    torch.manual_seed(0)
    share = compare(sample(None, 108), 3, "onnx", with_peer=False)
    cases = [
        _measure(labels, length, options.rounds)
        for labels in _LABEL_COUNTS
        for length in _LENGTHS
    ]
    report = {
        **{
            name + kind: _rounded(case[name + kind] for case in cases)
            for name in _RATIOS
            for kind in ("", "_wall")
        },
        "share_of_preannotation": share["share_of_preannotation"],
        "batch": _BATCH,
        "rounds": options.rounds,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "machine": platform.machine(),
        "cases": cases,
    }
    print(json.dumps(report) if options.json else _table(report))


def _measure(labels: int, length: int, rounds: int) -> dict[str, Any]:
    """Time one size; the sequences are full, which suits pytorch-crf best."""
    names = tag_names([str(label) for label in range(labels)])
    ours = CRF(
        len(names),
        allowed=allowed_transitions(names),
        allowed_start=allowed_start(names),
    )
    theirs = torchcrf.CRF(len(names), batch_first=True)
    theirs.load_state_dict(ours.state_dict())
    # shape: (batch, length, tags)
    emissions = 2 * torch.randn(_BATCH, length, len(names))
    # shape: (batch, length), all O: legal for both
    tags = torch.zeros(_BATCH, length, dtype=torch.long)
    # shape: (batch, length)
    mask = torch.ones(_BATCH, length, dtype=torch.bool)
    spans = _spans(length, labels)

    def everything() -> Tensor:
        output = ours.infer(emissions, mask)
        return ours.span_posteriors(output, spans)

    unwatched = torch.no_grad()
    times = take_turns(
        {
            "their decode": unwatched(lambda: theirs.decode(emissions, mask)),
            "decode": unwatched(lambda: ours.decode(emissions, mask)),
            "everything": unwatched(everything),
            "their likelihood": lambda: _train_step(theirs, emissions, tags, mask),
            "likelihood": lambda: _train_step(ours, emissions, tags, mask),
        },
        rounds,
    )
    return {
        "tags": len(names),
        "length": length,
        "milliseconds": {
            name: round(1e3 * median(entry.cpu), 3) for name, entry in times.items()
        },
        **{
            name: round(ratio(times[slow].cpu, times[fast].cpu), 2)
            for name, (slow, fast) in _RATIOS.items()
        },
        **{
            f"{name}_wall": round(ratio(times[slow].wall, times[fast].wall), 2)
            for name, (slow, fast) in _RATIOS.items()
        },
    }


def _train_step(
    crf: torchcrf.CRF, emissions: Tensor, tags: Tensor, mask: Tensor
) -> None:
    """Compute a log-likelihood and its gradients."""
    crf.zero_grad()
    leaf = emissions.detach().requires_grad_()
    crf(leaf, tags, mask, reduction="token_mean").backward()


def _spans(length: int, labels: int) -> Tensor:
    """Draw spans of one to four tokens: (spans, 4), long."""
    count = _BATCH * _SPANS
    rows = torch.arange(_BATCH).repeat_interleave(_SPANS)
    starts = torch.randint(0, length - 4, (count,))
    ends = starts + torch.randint(1, 5, (count,))
    return torch.stack([rows, starts, ends, torch.randint(0, labels, (count,))], 1)


def _rounded(values: Any) -> float:
    """Average ratios over the cases."""
    return round(geometric_mean(values), 2)


def _table(report: dict[str, Any]) -> str:
    """Lay the report out for reading."""
    lines = [
        f"batch {report['batch']}, {report['threads']} threads, medians of "
        f"{report['rounds']} interleaved rounds; everything = Viterbi, marginals and "
        "span posteriors",
        "tags length  decode ms (theirs)  everything ms  likelihood + gradient (theirs)"
        "   ratios: decode everything likelihood",
    ]
    for case in report["cases"]:
        times = case["milliseconds"]
        lines.append(
            f"{case['tags']:4} {case['length']:6}  {times['decode']:9.2f} "
            f"({times['their decode']:6.2f})  {times['everything']:13.2f}  "
            f"{times['likelihood']:22.2f} ({times['their likelihood']:7.2f})   "
            f"{case['decode_ratio']:14} {case['everything_ratio']:10} "
            f"{case['likelihood_ratio']:10}"
        )
    means = "  ".join(f"{name} {report[name]}" for name in _RATIOS)
    share = f"share of pre-annotation {report['share_of_preannotation']}"
    return "\n".join([*lines, f"geometric means: {means}", share])


if __name__ == "__main__":
    main()
