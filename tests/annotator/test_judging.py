"""The tables of confusions and what is behind their cells."""

from typing import Any

import pytest

from annotator import judging
from annotator.judging import Choice
from annotator.models import Assessment, Checkpoint, Document, Project, TrainingRun
from modeling.confusion import tally
from modeling.spans import Span

TEXT = "Ada Lovelace met Babbage in Kew."
ADA, BABBAGE, KEW = Span(0, 12, "PER"), Span(17, 24, "PER"), Span(28, 31, "LOC")
GOLD = [(ADA, BABBAGE, KEW), (ADA,), ()]
FOUND = [(Span(0, 3, "PER"), Span(17, 24, "LOC"), KEW), (), (KEW,)]


@pytest.fixture
def confusion() -> list[list[Any]]:
    return [[*cell, n] for cell, n in sorted(tally(GOLD, FOUND).items())]


@pytest.fixture
def checkpoint(project: Project) -> Checkpoint:
    """A version that was measured on three documents."""
    run = TrainingRun.objects.create(project=project, state="succeeded")
    version = Checkpoint.objects.create(
        project=project, training_run=run, folder="f", encoder="x", labels={}
    )
    for number, (gold, found) in enumerate(zip(GOLD, FOUND, strict=True)):
        document = Document.new(project, TEXT + " " * number, external_id=f"d{number}")
        document.save()
        Assessment.objects.create(
            checkpoint=version,
            document=document,
            gold=[[s.start, s.end, s.label] for s in gold],
            predicted=[[s.start, s.end, s.label] for s in found],
        )
    return version


def test_every_gold_span_is_in_one_cell_of_its_row(confusion: list[list[Any]]) -> None:
    table = judging.label_table(confusion)
    assert table.columns[:2] == ("LOC", "PER")
    counts = {
        row.name: [cell.count if cell else None for cell in row.cells]
        for row in table.rows
    }
    # Columns: LOC, PER, other boundaries, missed.
    assert counts["LOC"] == [1, 0, 0, 0]
    assert counts["PER"] == [1, 0, 1, 1]
    assert counts[judging.NAMES["spurious"]] == [1, 0, None, None]
    assert table.rows[0].cells[0] is not None and table.rows[0].cells[0].is_right


def test_boundaries_go_by_kind_and_gold_label(confusion: list[list[Any]]) -> None:
    [row] = judging.boundary_table(confusion).rows
    assert (row.kind, row.cells[0] and row.cells[0].count) == ("shorter_right", 1)
    assert judging.boundary_table([["right", "PER", "PER", 3]]).rows == ()


@pytest.mark.django_db
def test_behind_each_cell_are_as_many_findings_as_it_says(
    checkpoint: Checkpoint, confusion: list[list[Any]]
) -> None:
    tables = [judging.label_table(confusion), judging.boundary_table(confusion)]
    cells = [c for table in tables for row in table.rows for c in row.cells if c]
    for cell in cells:
        keys = judging.behind(checkpoint, cell.choice)
        found = [one for row in judging.judged(keys, cell.choice) for one in row.found]
        assert len(found) == cell.count


@pytest.mark.django_db
def test_a_document_shows_both_sides_around_the_finding(checkpoint: Checkpoint) -> None:
    choice = Choice("label", "PER", "LOC")
    [row] = judging.judged(judging.behind(checkpoint, choice), choice)
    [shown] = row.shown
    marked = [(p.text, p.label) for p in shown.gold if p.label]
    assert ("Babbage", "PER") in marked
    assert ("Babbage", "LOC") in [(p.text, p.label) for p in shown.predicted]
    assert "".join(piece.text for piece in shown.gold) == TEXT


@pytest.mark.django_db
def test_a_long_document_is_cut_and_many_findings_are_counted(project: Project) -> None:
    text = "Ada met Bo. " * 100
    spans = [[12 * i, 12 * i + 3, "PER"] for i in range(100)]
    document = Document.new(project, text)
    document.save()
    assessment = Assessment(document=document, gold=spans, predicted=[])
    row = judging.Judged(
        assessment, list(judging.matching(assessment, Choice("missed")))
    )
    assert len(row.shown) == judging.SHOWN_FINDINGS
    assert row.more == 100 - judging.SHOWN_FINDINGS
    for shown in row.shown:
        assert sum(len(piece.text) for piece in shown.gold) < 220


def test_an_empty_choice_takes_everything_and_boundary_any_of_them() -> None:
    assert Choice().fits("missed", "PER", "")
    assert Choice("boundary").fits("split", "PER", "LOC")
    assert not Choice("boundary").fits("label", "PER", "LOC")
    assert not Choice("missed", "PER").fits("missed", "LOC", "")
    assert not Choice("nonsense").is_known
