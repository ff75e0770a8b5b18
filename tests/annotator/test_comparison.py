"""Two versions side by side."""

from typing import Any

import pytest

from annotator.comparison import compare, paired
from annotator.models import Assessment, Checkpoint, Document, Project, TrainingRun

PER, LOC = [0, 3, "PER"], [4, 8, "LOC"]


@pytest.fixture
def documents(project: Project) -> list[Document]:
    fresh = [Document.new(project, f"Ada Oslo {number}") for number in range(20)]
    return Document.objects.bulk_create(fresh)


def version(project: Project, **metrics: Any) -> Checkpoint:
    run = TrainingRun.objects.create(project=project, state="succeeded")
    return Checkpoint.objects.create(
        project=project,
        training_run=run,
        folder="f",
        encoder="bundled",
        labels={},
        metrics=metrics,
    )


def judge(
    checkpoint: Checkpoint, documents: list[Document], gold: list[Any], found: list[Any]
) -> None:
    Assessment.objects.bulk_create(
        Assessment(checkpoint=checkpoint, document=document, gold=gold, predicted=found)
        for document in documents
    )


@pytest.mark.django_db
def test_the_difference_is_that_on_the_documents_in_common(
    project: Project, documents: list[Document]
) -> None:
    first, second = version(project), version(project)
    judge(first, documents[:15], [PER, LOC], [PER])
    judge(second, documents[5:], [PER, LOC], [PER, LOC])
    found = paired(first, second)
    assert found is not None
    assert found.documents == 10
    assert (found.first, found.second) == (pytest.approx(2 / 3), 1.0)
    assert found.difference == pytest.approx(1 / 3)
    assert found.is_clear
    back = paired(second, first)
    assert back is not None and back.difference == pytest.approx(-1 / 3)


@pytest.mark.django_db
def test_documents_whose_answer_changed_are_left_out(
    project: Project, documents: list[Document]
) -> None:
    first, second = version(project), version(project)
    judge(first, documents, [PER], [PER])
    judge(second, documents[:4], [LOC], [PER])
    assert paired(first, second) is None
    judge(second, documents[4:8], [PER], [])
    found = paired(first, second)
    assert found is not None and found.documents == 4


@pytest.mark.django_db
def test_an_even_match_is_not_clear(
    project: Project, documents: list[Document]
) -> None:
    first, second = version(project), version(project)
    judge(first, documents[:10], [PER], [PER])
    judge(first, documents[10:], [PER], [])
    judge(second, documents[:10], [PER], [])
    judge(second, documents[10:], [PER], [PER])
    found = paired(first, second)
    assert found is not None and not found.is_clear


@pytest.mark.django_db
def test_measures_labels_data_and_recipes_are_laid_side_by_side(
    project: Project,
) -> None:
    cards = [
        {"data_sha256": "a", "config": {"seed": 1, "epochs": 8}},
        {"data_sha256": "b", "config": {"seed": 2, "epochs": 8}},
    ]
    first = version(
        project,
        f1=0.5,
        card=cards[0],
        trained_documents=20,
        labels={"PER": {"f1": 0.5}},
    )
    second = version(
        project,
        f1=0.75,
        card=cards[1],
        trained_documents=30,
        labels={"LOC": {"f1": 0.25}},
    )
    found = compare(first, second)
    assert [(line.name, line.change) for line in found.measures] == [("F1", 0.25)]
    rows = [(line.name, line.first, line.second) for line in found.labels]
    assert rows == [("LOC", None, 0.25), ("PER", 0.5, None)]
    assert [line.change for line in found.data] == [10]
    assert [(line.name, line.first, line.second) for line in found.recipe] == [
        ("seed", 1, 2)
    ]
    assert not found.is_same_data
    assert compare(first, first).is_same_data
    assert not compare(version(project), version(project)).is_same_data
