"""Does a document cost the same in a large project, in time and in memory?

For each size a project is filled and used, every step in a process of its own:
``import`` reads all documents from a JSONL file and stores them; ``preannotate`` reads
some thousands of them as the worker does, wave by wave, with a tiny encoder, so that
queries and storing are measured and not the encoder; ``queue`` leases the next document
to a person many times. Seconds are processor time for each document (or call).
``time_ratio`` and ``memory_ratio`` are the largest size's over the smallest's, the
worst of ``import`` and ``preannotate``; every step's own ratios stand beside. Peak
memory is the whole process's, with interpreter and libraries, which is what a machine
must have.

Run ``python -m benchmarks.growth --json``; the last line is one JSON object.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks.workspace import make_active, make_project, workspace

LABELS = ("PERSON", "PLACE")
SIZES = (1_000, 100_000)
PREANNOTATED = 4_000
SERVED = 40
PEOPLE = ["Ada", "Mary", "Joseph", "Anna", "Charles", "Maria", "Emil", "Jane"]
PLACES = ["Kew", "Leiden", "Calcutta", "Sydney", "Lima", "Oslo", "Cork", "Bergen"]


def main() -> None:
    """Measure all sizes and print, or do one step in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--json", action="store_true", help="only the JSON object")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(_do(options.step, options.folder, options.sizes[0])))
        return
    sizes = sorted(options.sizes)
    steps = {size: _measure(size) for size in sizes}
    report = _report(steps[sizes[0]], steps[sizes[-1]]) | {"sizes": steps}
    if not options.json:
        for name, value in report.items():
            print(f"{name:>26}  {value}")
    print(json.dumps(report))


def _report(small: dict[str, Any], large: dict[str, Any]) -> dict[str, float]:
    ratios = {
        f"{step}_{what}_ratio": round(large[step][of] / small[step][of], 2)
        for step in STEPS
        for what, of in (("time", "milliseconds"), ("memory", "peak_megabytes"))
    }
    bulk = ("import", "preannotate")
    return {
        "time_ratio": max(ratios[f"{step}_time_ratio"] for step in bulk),
        "memory_ratio": max(ratios[f"{step}_memory_ratio"] for step in bulk),
        **ratios,
    }


def _measure(size: int) -> dict[str, Any]:
    """Do all steps on one project of so many documents."""
    command = [sys.executable, "-m", "benchmarks.growth", "--sizes", str(size)]
    found = {}
    with tempfile.TemporaryDirectory(prefix="marginalia-growth-") as folder:
        for step in STEPS:
            done = subprocess.run(
                [*command, "--step", step, "--folder", folder],
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
            found[step] = json.loads(done.stdout.splitlines()[-1])
    return found


def _do(step: str, folder: Path, size: int) -> dict[str, float]:
    """Do one step and say what a document cost and how much memory was in use."""
    with workspace(str(folder)):
        seconds, count = STEPS[step](folder, size)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "milliseconds": round(1000 * seconds / count, 3),
        "documents": count,
        "peak_megabytes": round(peak, 1),
    }


def _import(folder: Path, size: int) -> tuple[float, int]:
    from annotator.imports import import_file

    project = make_project(LABELS)
    path = folder / "documents.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(size):
            person = PEOPLE[number % len(PEOPLE)]
            place = PLACES[number // len(PEOPLE) % len(PLACES)]
            text = f"{person} wrote letter {number} to the garden at {place}."
            file.write(json.dumps({"text": text}) + "\n")
    start = process_time()
    report = import_file(path, project)
    seconds = process_time() - start
    if report.created != size:
        raise RuntimeError(f"{report.created} of {size} documents were imported")
    return seconds, size


def _preannotate(_folder: Path, _size: int) -> tuple[float, int]:
    import torch

    from annotator.models import Project
    from modeling.encoders import build_scratch_encoder
    from modeling.tagger import Tagger
    from tasks.prediction import WAVE_CHUNKS

    torch.set_num_threads(1)
    torch.manual_seed(0)
    project = Project.objects.get()
    known = [" ".join((*PEOPLE, *PLACES, "wrote letter to the garden at 0123456789."))]
    encoder, tokenizer = build_scratch_encoder(known * 2, hidden_size=48, layers=1)
    checkpoint = make_active(Tagger(encoder, tokenizer, LABELS), project)
    _read_wave(checkpoint, chunks=1)  # loads and exports the model
    start = process_time()
    count = 0
    while count < PREANNOTATED and (read := _read_wave(checkpoint, WAVE_CHUNKS)):
        count += read
    return process_time() - start, count


def _read_wave(checkpoint: Any, chunks: int) -> int:
    """Read some chunks of the unread documents, found as the worker finds them."""
    from django.conf import settings

    from tasks.prediction import preannotate_chunk

    size = settings.PREANNOTATION_CHUNK_DOCUMENTS
    unread = checkpoint.unread_documents()
    keys = list(unread.values_list("pk", flat=True)[: chunks * size])
    for start in range(0, len(keys), size):
        preannotate_chunk(checkpoint.pk, keys[start : start + size])
    return len(keys)


def _queue(_folder: Path, _size: int) -> tuple[float, int]:
    from django.contrib.auth.models import User

    from annotator.models import Project
    from annotator.queue import take_next

    project = Project.objects.get()
    user = User.objects.create_user("benchmark")
    last = take_next(project, user)
    start = process_time()
    for _ in range(SERVED):
        if last is None:
            raise RuntimeError("the queue ended early")
        last = take_next(project, user, after=last.pk)
    return process_time() - start, SERVED


STEPS: dict[str, Callable[[Path, int], tuple[float, int]]] = {
    "import": _import,
    "preannotate": _preannotate,
    "queue": _queue,
}


if __name__ == "__main__":
    main()
