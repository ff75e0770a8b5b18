"""Exporting into a folder that holds an earlier export, or somebody's files."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError

from annotator.models import Project
from tests.annotator.test_commands import run
from tests.annotator.test_exports import annotate


@pytest.fixture
def folder(project: Project, tmp_path: Path) -> Path:
    for number in range(40):
        annotate(project, f"Ada {number}", (0, 3, "PER"))
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def export(folder: Path, *more: str, format: str = "jsonl") -> list[str]:
    run("export", "News", "--format", format, "--output", folder, *more)
    return sorted(path.name for path in folder.iterdir())


def test_files_of_an_earlier_export_do_not_stay_behind(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    parts = ["dev.jsonl", "test.jsonl", "train.jsonl"]
    assert export(folder, "--split", "60/20/20") == sorted(
        [*parts, "notes.txt", "report.json"]
    )
    assert export(folder) == ["documents.jsonl", "notes.txt", "report.json"]
    named = ["README.md", "documents.jsonl", "notes.txt", "report.json"]
    assert export(folder, format="hugging-face") == named
    assert export(folder, format="conll2002") == [
        *("documents.conll", "notes.txt", "report.json")
    ]


def test_a_file_that_was_changed_since_is_not_taken_away(folder: Path) -> None:
    before = export(folder, "--split", "60/20/20")
    (folder / "test.jsonl").write_text("corrected by hand")
    with pytest.raises(CommandError, match="test.jsonl was changed after it was"):
        export(folder)
    assert sorted(path.name for path in folder.iterdir()) == before
    (folder / "test.jsonl").unlink()  # moved away
    assert export(folder) == ["documents.jsonl", "report.json"]


@pytest.mark.parametrize(
    "report",
    [
        "{",
        '{"score": 1}',
        "[]",
        json.dumps({"files": [{"file": "../out.jsonl", "sha256": "0"}]}),
        json.dumps({"files": [{"file": "..", "sha256": "0"}]}),
        json.dumps({"files": [{"file": "", "sha256": "0"}]}),
    ],
)
def test_a_report_of_another_program_stays(folder: Path, report: str) -> None:
    (folder / "report.json").write_text(report)
    with pytest.raises(CommandError, match="report.json is not an export's receipt"):
        export(folder)
    assert (folder / "report.json").read_text() == report
    assert [path.name for path in folder.iterdir()] == ["report.json"]


def test_a_receipt_from_before_there_were_files_beside_is_understood(
    folder: Path,
) -> None:
    export(folder, "--split", "50/50")
    report = json.loads((folder / "report.json").read_text())
    del report["beside"]
    (folder / "report.json").write_text(json.dumps(report))
    assert export(folder) == ["documents.jsonl", "report.json"]
