"""Labels are changed on the settings page, all in one form."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotator.models import Document, Project
from annotator.models.projects import PALETTE
from tests.annotator.views.conftest import annotate


@pytest.fixture
def send(as_alice: Client, project: Project) -> Callable[..., str]:
    """Post the label table as the page showed it when the test began.

    Arguments are rows (label name, changed fields).
    """
    labels = list(project.labels.all())

    def post(**changes: dict[str, Any]) -> str:
        data: dict[str, Any] = {"form-INITIAL_FORMS": len(labels)}
        rows: list[tuple[str, dict[str, Any]]] = [
            (
                label.name,
                {
                    "id": label.pk,
                    "name": label.name,
                    "color": label.color,
                    "shortcut": label.shortcut,
                    "note": label.note,
                },
            )
            for label in labels
        ]
        rows.append(("new", {"color": PALETTE[len(labels)]}))  # as the page offers it
        data["form-TOTAL_FORMS"] = len(rows)
        for number, (name, fields) in enumerate(rows):
            for field, value in (fields | changes.get(name, {})).items():
                data[f"form-{number}-{field}"] = value
        address = reverse("project-settings", args=[project.pk])
        return as_alice.post(address, data, follow=True).content.decode()

    return post


def names(project: Project) -> list[str]:
    return [label.name for label in project.labels.all()]


def test_a_label_is_added_with_colour_shortcut_and_note(
    send: Callable[..., str], project: Project
) -> None:
    send(new={"name": "WORK", "color": "#123456", "shortcut": "W", "note": "Books."})
    label = project.labels.get(name="WORK")
    assert (label.color, label.shortcut, label.note) == ("#123456", "w", "Books.")
    assert names(project) == ["PER", "LOC", "ORG", "WORK"]


def test_a_label_is_renamed_and_its_spans_follow(
    send: Callable[..., str],
    project: Project,
    add_document: Callable[..., Document],
    alice: User,
) -> None:
    document = add_document("Ada met Babbage.")
    annotation = annotate(document, alice, (0, 3, "PER"), state="submitted")
    send(PER={"name": "PERSON"})
    assert annotation.spans.get().label.name == "PERSON"


def test_two_labels_swap_names_and_shortcuts(
    send: Callable[..., str], project: Project
) -> None:
    before = dict(project.labels.values_list("name", "pk"))
    send(
        PER={"name": "LOC", "shortcut": "2"},
        LOC={"name": "PER", "shortcut": "1"},
    )
    after = dict(project.labels.values_list("name", "pk"))
    assert after == {
        "PER": before["LOC"],
        "LOC": before["PER"],
        "ORG": before["ORG"],
    }


def test_a_label_that_an_import_adds_meanwhile_stays(
    send: Callable[..., str], project: Project
) -> None:
    project.ensure_labels(["WORK"])
    send(PER={"note": "changed"})
    assert names(project) == ["PER", "LOC", "ORG", "WORK"]
    assert project.labels.get(name="WORK").shortcut == "4"


def test_the_name_of_a_label_added_meanwhile_is_taken(
    send: Callable[..., str], project: Project
) -> None:
    project.ensure_labels(["WORK"])
    assert "The name “WORK” is used twice" in send(PER={"name": "WORK"})


def test_an_unused_label_is_deleted(send: Callable[..., str], project: Project) -> None:
    send(ORG={"DELETE": "on"})
    assert names(project) == ["PER", "LOC"]


def test_a_label_that_marks_spans_is_not_deleted(
    send: Callable[..., str],
    project: Project,
    add_document: Callable[..., Document],
    alice: User,
) -> None:
    annotate(add_document("Ada."), alice, (0, 3, "PER"), state="open")
    page = send(PER={"DELETE": "on"})
    assert "“PER” marks 1 span and cannot be deleted" in page
    assert names(project) == ["PER", "LOC", "ORG"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "PER"}, "The name “PER” is used twice"),
        ({"name": "WORK", "shortcut": "1"}, "The shortcut “1” is used twice"),
        ({"name": "two words"}, "A label is one word"),
        ({"name": "WORK", "shortcut": "x"}, "“x” is a key of the editor"),
        ({"name": "WORK", "color": "red"}, "Write #rrggbb"),
    ],
)
def test_a_label_that_cannot_be_says_why_and_nothing_changes(
    send: Callable[..., str], project: Project, fields: dict[str, str], sentence: str
) -> None:
    assert sentence in send(new=fields, PER={"note": "changed"})
    assert names(project) == ["PER", "LOC", "ORG"]
    assert project.labels.get(name="PER").note == ""
