"""Projects: labels that stay apart, and an evaluation slice drawn by chance."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import override_settings

from annotator.models import Annotation, Document, Label, Membership, Project
from annotator.models.projects import PALETTE


def add_documents(project: Project, count: int, prefix: str = "n") -> list[Document]:
    return Document.objects.bulk_create(
        Document.new(project, f"{prefix} {n}") for n in range(count)
    )


def evaluation(project: Project) -> set[str]:
    slice_ = project.documents.filter(split="evaluation")
    return set(slice_.values_list("text", flat=True))


@pytest.mark.parametrize(
    ("documents", "drawn"),
    [(0, 0), (2, 0), (3, 1), (30, 10), (89, 29), (90, 30), (300, 30), (301, 31)],
)
def test_a_tenth_is_drawn_at_least_30_and_at_most_a_third(
    project: Project, documents: int, drawn: int
) -> None:
    add_documents(project, documents)
    assert project.draw_evaluation() == drawn
    assert len(evaluation(project)) == drawn


def test_drawing_again_moves_nothing(project: Project) -> None:
    add_documents(project, 100)
    project.draw_evaluation()
    before = evaluation(project)
    assert project.draw_evaluation() == 0
    assert evaluation(project) == before


def test_new_documents_top_the_slice_up(project: Project) -> None:
    add_documents(project, 300)
    project.draw_evaluation()
    before = evaluation(project)
    add_documents(project, 300, "m")
    assert project.draw_evaluation() == 30
    assert before < evaluation(project)


def test_the_draw_is_reproducible_and_depends_on_the_seed(db: None) -> None:
    drawn = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        project = Project.objects.create(name=name, seed=seed)
        add_documents(project, 200)
        project.draw_evaluation()
        drawn.append(evaluation(project))
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def test_documents_with_work_or_a_chosen_split_are_never_drawn(
    project: Project, bob: User
) -> None:
    documents = add_documents(project, 90)
    for document in documents[:40]:
        Annotation.objects.create(document=document, user=bob)
    chosen = [document.pk for document in documents[40:80]]
    Document.objects.filter(pk__in=chosen).update(split_is_chosen=True)
    assert project.draw_evaluation() == 10
    assert evaluation(project) == {document.text for document in documents[80:]}


def test_gold_that_came_with_an_import_may_be_drawn(project: Project) -> None:
    old = add_documents(project, 30)
    new = add_documents(project, 60, "m")
    Annotation.objects.bulk_create(
        Annotation(document=document, is_gold=True) for document in [*old, *new]
    )
    assert project.draw_evaluation() == 0
    assert project.draw_evaluation(imported_after=old[-1].pk) == 30
    assert evaluation(project) <= {document.text for document in new}


def test_a_drawn_document_forgets_its_confidence(project: Project) -> None:
    add_documents(project, 3)
    project.documents.update(confidence=0.5)
    project.draw_evaluation()
    assert project.documents.get(split="evaluation").confidence is None


def test_another_projects_documents_do_not_count(project: Project) -> None:
    other = Project.objects.create(name="Other")
    add_documents(other, 300)
    add_documents(project, 3)
    assert project.draw_evaluation() == 1
    assert evaluation(other) == set()


def test_labels_are_created_once_in_order_with_colours_and_shortcuts(
    project: Project,
) -> None:
    labels = project.ensure_labels(["ORG", "WORK", "ORG"])
    assert list(labels) == ["PER", "LOC", "ORG", "WORK"]
    stored = list(project.labels.all())
    assert [label.position for label in stored] == [0, 1, 2, 3]
    assert [label.color for label in stored] == PALETTE[:4]
    assert [label.shortcut for label in stored] == ["1", "2", "3", "4"]


def test_shortcuts_stay_apart_and_keep_off_the_editors_keys(project: Project) -> None:
    names = [f"SFXNP-{n}" for n in range(30)] + ["alpha", "beta", "\u4eba\u540d"]
    labels = project.ensure_labels(names)
    used = [label.shortcut for label in labels.values() if label.shortcut]
    assert len(used) == len(set(used))
    assert not set(used) & set("sfxnp")
    assert labels["alpha"].shortcut == "a"
    assert labels["\u4eba\u540d"].shortcut == ""


@pytest.mark.parametrize("name", ["", "Job title", "a\tb", "PER\n", "x" * 81])
def test_labels_that_conll_cannot_hold_are_refused(project: Project, name: str) -> None:
    with pytest.raises(ValidationError):
        project.ensure_labels([name])


@pytest.mark.parametrize(
    "name", ["PER.NOM", "Multi-tissue_structure", "\u4eba\u540d", "I-PER"]
)
def test_labels_may_hold_hyphens_dots_and_any_script(
    project: Project, name: str
) -> None:
    assert project.ensure_labels([name])[name].pk


@pytest.mark.parametrize(
    ("language", "joiner"),
    [("en", " "), ("zh", ""), ("zh-Hans", ""), ("JA", ""), ("th", ""), ("ar", " ")],
)
def test_tokens_are_joined_as_the_language_is_written(
    language: str, joiner: str
) -> None:
    assert Project(language=language).joins_tokens_with == joiner


def test_the_servers_encoder_is_the_default() -> None:
    with override_settings(ENCODER="bundled"):
        assert Project().encoder_name == "bundled"
        assert Project(encoder="scratch").encoder_name == "scratch"


@pytest.mark.parametrize(
    "fields", [{"name": ""}, {"name": "News"}, {"token_mode": "x"}]
)
def test_the_database_refuses_projects_that_make_no_sense(
    project: Project, fields: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError):
        Project.objects.create(**({"name": "Other"} | fields))


def test_the_database_refuses_unknown_strategies_and_roles(
    project: Project, charlie: User
) -> None:
    with pytest.raises(IntegrityError, match="strategy"), transaction.atomic():
        Project.objects.create(name="Other", query_strategy="best")
    with pytest.raises(IntegrityError, match="role"), transaction.atomic():
        Membership.objects.create(project=project, user=charlie, role="owner")


def test_a_person_is_a_member_once(project: Project, bob: User) -> None:
    with pytest.raises(IntegrityError):
        Membership.objects.create(project=project, user=bob, role="viewer")


@pytest.mark.parametrize(
    "fields", [{"name": "PER"}, {"name": ""}, {"name": "NEW", "shortcut": "1"}]
)
def test_the_database_refuses_labels_that_collide(
    project: Project, fields: dict[str, str]
) -> None:
    with pytest.raises(IntegrityError):
        Label.objects.create(project=project, **fields)
