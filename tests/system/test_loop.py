"""The whole loop from the command line, embedded and production-like."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.system.site import Site
from tests.system.test_faults import LABELS, write_documents

pytestmark = [pytest.mark.services, pytest.mark.slow]


def test_import_train_pre_annotate_order_and_export(site: Site) -> None:
    options = ("--labels", LABELS, "--encoder", "scratch", "--retrain-every", "0")
    site.manage("create_project", "Notes", *options)
    gold = write_documents(site.folder / "gold.jsonl", 60, with_spans=True)
    pool = write_documents(site.folder / "pool.jsonl", 80, with_spans=False)
    first = bring_in(site, gold, "--annotated-by", "gold")
    assert (first["created"], first["evaluation"]) == (60, 20)
    assert bring_in(site, pool, "--split", "pool")["created"] == 80
    cold = site.manage_json("queue", "Notes", "-n", "200")
    assert all(row["confidence"] is None for row in cold["documents"])

    site.start_worker()
    site.start_beat()
    run = site.manage_json("retrain", "Notes", "--wait")
    assert run["state"] == "succeeded"
    assert run["metrics"]["evaluated_documents"] == 20
    assert site.manage_json("preannotate", "Notes", "--wait")["unread"] == 0
    warm = site.manage_json("queue", "Notes", "-n", "200")
    assert len(warm["documents"]) == 80
    confidences = [row["confidence"] for row in warm["documents"]]
    assert confidences == sorted(confidences)
    assert 0 < confidences[0] < confidences[-1] <= 1

    exported = export(site, "Notes")
    site.manage("create_project", "Copy")
    site.manage(
        "import_documents",
        "Copy",
        str(exported),
        *("--document", "docstart", "--annotated-by", "gold"),
    )
    assert export(site, "Copy").read_bytes() == exported.read_bytes()


def bring_in(site: Site, path: Path, *options: str) -> Any:
    result = site.manage_json("import_documents", "Notes", str(path), *options)
    return result["files"][str(path)]


def export(site: Site, project: str) -> Path:
    path = site.folder / f"{project}.conll"
    format = ("--format", "conll2003", "--output", str(path))
    site.manage("export", project, *format)
    report = json.loads(Path(f"{path}.report.json").read_text("utf-8"))
    assert report["documents"] == 60
    return path
