"""How fast are files imported and exported, beside doccano and Label Studio?

The same documents, two spans each, go through our importer (as gold: document,
annotation, spans and revision), doccano's and Label Studio's, and through our and
doccano's exporter; each on SQLite, in a process of its own, in turn. Keys are medians
over rounds of how many times faster ours is, by the clock; those that end in ``_cpu``
by processor time. doccano reads the same JSON lines; Label Studio knows none, so it
and we read its own JSON. A peer that is not there gives null and a reason in
``missing``.

``peak_mb`` is the most memory of a process of ours that imports a million documents
and exports them again (``--large``), on SQLite and, with ``--database-url``, on
PostgreSQL too.

Each peer has a virtual environment of its own, outside the repository:
``pip install "marshmallow<4" "numpy<2" "setuptools<80" doccano==1.8.4`` and
``pip install label-studio==1.23.2``. Run ``python -m benchmarks.formats --json
--doccano FOLDER --label-studio FOLDER``; the last line is one JSON object.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from benchmarks.growth import PEOPLE, PLACES
from benchmarks.timing import ratio
from benchmarks.workspace import make_project, workspace

LABELS = ("PERSON", "PLACE")
PEERS = Path(__file__).resolve().parent / "peers"
Steps = dict[str, dict[str, float]]  # by name: wall, cpu, documents


def main() -> None:
    """Compare and print, or do our own steps in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", type=int, default=1_000_000, help="0 leaves it out")
    parser.add_argument("--doccano", type=Path, help="its virtual environment")
    parser.add_argument("--label-studio", type=Path, help="its virtual environment")
    parser.add_argument("--database-url", default="", help="an empty PostgreSQL")
    parser.add_argument("--json", action="store_true", help="only the JSON object")
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        print(json.dumps(_work(options.ours, options.database_url)))
        return
    with tempfile.TemporaryDirectory(prefix="marginalia-formats-") as folder:
        report = _compare(Path(folder), options) | _large(Path(folder), options)
    if not options.json:
        for name, value in report.items():
            print(f"{name:>26}  {value}")
    print(json.dumps(report))


def _compare(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    lines, tasks = folder / "documents.jsonl", folder / "tasks.json"
    _write_lines(lines, options.documents)
    _write_tasks(tasks, lines)
    candidates: dict[str, Callable[[], Steps]] = {
        "ours": lambda: _ours(lines),
        "ours_tasks": lambda: _ours(tasks),
    }
    missing = {}
    for name, environment, file in (
        ("doccano", options.doccano, lines),
        ("label_studio", options.label_studio, tasks),
    ):
        python = environment / "bin" / "python" if environment else None
        if python is None or not python.exists():
            missing[name] = f"no --{name.replace('_', '-')} with its Python was given"
            continue
        call = _peer(python, name, folder / name, file)
        try:
            call()  # makes its database
        except subprocess.CalledProcessError as error:
            said = error.stderr.strip().splitlines() or ["it said nothing"]
            missing[name] = f"it ended with an error: {said[-1]}"
        else:
            candidates[name] = call
    rounds = [_round(candidates, number) for number in range(options.rounds)]
    seen = {name: [played[name] for played in rounds] for name in candidates}
    return {
        **_ratios("import_vs_doccano", seen, "doccano", "ours", "import"),
        **_ratios("export_vs_doccano", seen, "doccano", "ours", "export"),
        **_ratios("import_vs_label_studio", seen, "label_studio", "ours_tasks"),
        "documents": options.documents,
        "microseconds_a_document": {
            name: {
                step: round(1e6 * played[-1][step]["cpu"] / options.documents)
                for step in ("import", "export")
                if step in played[-1]
            }
            for name, played in seen.items()
        },
        "missing": missing,
    }


def _round(candidates: dict[str, Callable[[], Steps]], number: int) -> dict[str, Steps]:
    """Each candidate once; every other round backwards."""
    names = list(candidates)[:: -1 if number % 2 else 1]
    return {name: candidates[name]() for name in names}


def _ratios(
    key: str,
    seen: dict[str, list[Steps]],
    peer: str,
    ours: str,
    step: str = "import",
) -> dict[str, float | None]:
    """How many times faster ours did a step, by the clock and by the processor."""
    found: dict[str, float | None] = {}
    for suffix, clock in (("", "wall"), ("_cpu", "cpu")):
        if peer not in seen:
            found[key + suffix] = None
            continue
        theirs = [steps[step][clock] for steps in seen[peer]]
        mine = [steps[step][clock] for steps in seen[ours]]
        found[key + suffix] = round(ratio(theirs, mine), 2)
    return found


def _large(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Import and export many documents and say how long it took and how much memory."""
    if not options.large:
        return {"peak_mb": None}
    path = folder / "large.jsonl"
    _write_lines(path, options.large)
    found = {"sqlite": _ours(path)}
    if options.database_url:
        found["postgresql"] = _ours(path, options.database_url)
    peaks = [steps.pop("peak")["megabytes"] for steps in found.values()]
    return {"peak_mb": max(peaks), "large": options.large, "large_seconds": found}


def _ours(path: Path, database_url: str = "") -> Steps:
    command = [sys.executable, "-m", "benchmarks.formats", "--ours", str(path)]
    return _last_line([*command, "--database-url", database_url])


def _peer(python: Path, name: str, folder: Path, path: Path) -> Callable[[], Steps]:
    script = PEERS / f"{name}_peer.py"
    folder.mkdir()
    return lambda: _last_line([str(python), str(script), str(folder), str(path)])


def _last_line(command: list[str]) -> Any:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def _work(path: Path, database_url: str) -> Steps:
    """Import a file into a fresh database and export it again."""
    with workspace(database_url=database_url) as folder:
        from annotator.exports import ExportOptions, export
        from annotator.imports import import_file
        from annotator.opening import ImportOptions

        project = make_project(LABELS)
        target = Path(folder) / "export.jsonl"

        def write() -> int:
            receipt = export(project, target, ExportOptions(format="jsonl"))
            return int(receipt.facts["documents"])

        options = ImportOptions(annotated_by="gold")
        imported = _timed(lambda: import_file(path, project, options).created)
        exported = _timed(write)
    if not imported["documents"] == exported["documents"] > 0:
        raise RuntimeError(f"{imported} went in, {exported} came out")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "import": imported,
        "export": exported,
        "peak": {"megabytes": round(peak, 1)},
    }


def _timed(work: Callable[[], int]) -> dict[str, float]:
    wall, cpu = perf_counter(), process_time()
    count = work()
    cpu, wall = process_time() - cpu, perf_counter() - wall
    return {"wall": round(wall, 3), "cpu": round(cpu, 3), "documents": count}


def _write_lines(path: Path, count: int) -> None:
    """Short documents, all different, as doccano writes them."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            person = PEOPLE[number % len(PEOPLE)]
            place = PLACES[number // len(PEOPLE) % len(PLACES)]
            text = f"{person} wrote letter {number} to the garden at {place}."
            end = len(text) - 1
            spans = [[0, len(person), "PERSON"], [end - len(place), end, "PLACE"]]
            file.write(json.dumps({"text": text, "label": spans}) + "\n")


def _write_tasks(path: Path, lines: Path) -> None:
    """The same documents as Label Studio's tasks."""
    tasks = []
    for line in lines.read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        result = [
            {
                "from_name": "label",
                "to_name": "text",
                "type": "labels",
                "value": {
                    "start": start,
                    "end": end,
                    "text": document["text"][start:end],
                    "labels": [label],
                },
            }
            for start, end, label in document["label"]
        ]
        data = {"text": document["text"]}
        tasks.append({"data": data, "annotations": [{"result": result}]})
    path.write_text(json.dumps(tasks), encoding="utf-8")


if __name__ == "__main__":
    main()
