"""Exports that are kept, fetched again, and imported elsewhere."""

import json
import os
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from annotator import keeping
from annotator.export_options import ExportOptions, ExportRefused
from annotator.imports import import_file
from annotator.models import Export, Project
from annotator.opening import ImportOptions
from modeling.spans import Span
from tests.annotator.formats.test_round_trips import READERS
from tests.annotator.test_commands import as_json, run
from tests.annotator.test_exports import annotate

GOLD = ImportOptions(annotated_by="gold")


def test_an_export_of_the_command_line_is_kept_where_asked(
    project: Project, tmp_path: Path, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    annotate(project, "Basel", (0, 5, "LOC"))
    output = run("export", "News", "--format", "jsonl", "--keep")
    kept = Export.objects.get()
    assert output.startswith(f"{kept.path}: 1 documents with 1 spans")
    assert (kept.requested_by, kept.facts["documents"], kept.title) == (
        None,
        1,
        "JSON lines",
    )
    assert json.loads(kept.report.read_text())["sha256"] == kept.sha256
    assert kept.path.stat().st_size == kept.bytes
    found = as_json("export", "News", "--format", "jsonl", "--keep")
    assert (found["sha256"], Export.objects.count()) == (kept.sha256, 2)


def test_the_command_says_what_made_room(
    project: Project, tmp_path: Path, settings: Any
) -> None:
    settings.MEDIA_ROOT, settings.KEEP_EXPORTS = tmp_path, 1
    for _ in range(2):
        output = run("export", "News", "--format", "jsonl", "--keep")
    newest, oldest = Export.objects.all()
    assert f"news.jsonl of {oldest.created_at:%Y-%m-%d %H:%M} made room" in output
    assert (newest.is_kept, oldest.is_kept) == (True, False)


@pytest.mark.parametrize("ratio", [(), (1, 1)])
@pytest.mark.parametrize("name", [*READERS])
def test_a_download_comes_back_by_import_as_it_is(
    project: Project, tmp_path: Path, settings: Any, name: str, ratio: tuple[int, ...]
) -> None:
    settings.MEDIA_ROOT = tmp_path
    texts = [f"Ada saw Basel {number}" for number in range(12)]
    for text in texts:
        annotate(project, text, (0, 3, "PER"), (8, 13, "LOC"))
    kept = keeping.keep(project, ExportOptions(format=name, ratio=ratio))
    other = Project.objects.create(name="Other")
    with keeping.packaged(kept, keeping.WITH_REPORT) as path:
        report = import_file(path, other, GOLD)
    assert report.errors == []
    assert sorted(other.documents.values_list("text", flat=True)) == sorted(texts)
    for document in other.documents.all():
        spans = document.annotations.get().spans_by_value()
        assert spans == [Span(0, 3, "PER"), Span(8, 13, "LOC")]


def test_a_folder_gets_the_file_and_its_receipt(
    project: Project, tmp_path: Path
) -> None:
    annotate(project, "Basel Bern", (0, 5, "LOC"), (6, 10, "LOC"))
    how = ["--format", "conll2002", "--scheme", "bio1"]
    run("export", "News", *how, "--output", tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["documents.conll", "report.json"]
    tags = (tmp_path / "documents.conll").read_text()
    assert tags == "Basel I-LOC\nBern B-LOC\n\n"


def test_a_refused_export_is_not_kept(
    project: Project, tmp_path: Path, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    annotate(project, "Basel", (0, 2, "LOC"))
    with pytest.raises(ExportRefused, match="1 things would not be exact"):
        keeping.keep(project, ExportOptions(strict=True))
    assert not Export.objects.exists()
    assert [*Export.all_folders().iterdir()] == []


def test_what_ended_without_a_file_leaves_nothing_a_day_later(
    project: Project, tmp_path: Path, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    made = {"file": "a", "sha256": "0"}
    states: list[dict[str, Any]] = [
        *({"state": state} for state in ("queued", "failed", "cancelled")),
        {"state": "succeeded", **made},
        {"state": "succeeded", "removed_at": timezone.now(), **made},
    ]
    exports = [
        Export.objects.create(
            project=project, key=uuid.uuid4(), format="jsonl", options={}, **fields
        )
        for fields in states
    ]
    for kept in exports:
        (kept.folder / "1").mkdir(parents=True)
        os.utime(kept.folder, (0, 0))
    keeping.sweep()
    there = [kept.folder.exists() for kept in exports]
    assert there == [True, False, False, True, False]


def test_what_somebody_pins_meanwhile_makes_no_room(
    project: Project, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEDIA_ROOT = tmp_path
    oldest, *_ = (keeping.keep(project, ExportOptions()) for _ in range(3))
    settings.KEEP_EXPORTS = 1
    clear = keeping.clear

    def clear_and_pin(kept: Export) -> None:
        clear(kept)
        Export.objects.filter(removed_at=None).update(is_pinned=True)

    monkeypatch.setattr(keeping, "clear", clear_and_pin)
    assert keeping.make_room(project) == [oldest]
    assert [kept.is_kept for kept in Export.objects.all()] == [True, True, False]
