"""The history of one's edits of a document."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotator.models import Annotation, Document, Edit, Project
from annotator.models.edits import SpanEdit

ADA = SpanEdit(0, 3, "PER")
ROME = SpanEdit(7, 11, "LOC")


@pytest.fixture
def document(project: Project) -> Document:
    document = Document.new(project, "Ada in <b>Rome</b>.")
    document.save()
    return document


@pytest.fixture
def history(document: Document) -> Callable[..., str]:
    """``history(user)`` gives the words of the page, tags taken away."""

    def read(user: User, **query: int) -> str:
        client = Client()
        client.force_login(user)
        address = reverse("revision-list", args=[document.pk])
        page = client.get(address, query).content.decode()
        return " ".join(re.sub(r"<[^>]*>", " ", page).split())

    return read


def edit(document: Document, user: User, **parts: list[SpanEdit]) -> None:
    annotation, _ = Annotation.objects.get_or_create(document=document, user=user)
    annotation.apply(Edit(version=annotation.version, **parts), by=user)


def test_each_edit_is_told_with_its_person_and_texts(
    document: Document, bob: User, history: Callable[..., str]
) -> None:
    edit(document, bob, add=[ADA], reject=[ROME])
    edit(document, bob, remove=[ADA], unreject=[ROME])
    page = history(bob)
    newest, older = page.split("Version 2")[1].split("Version 1")
    assert newest.startswith(" bob · ") and older.startswith(" bob · ")
    assert "Removed PER Ada Rejection taken back LOC &lt;b&gt;R" in newest
    assert "Added PER Ada Rejected LOC &lt;b&gt;R" in older


def test_one_sees_ones_own_edits_and_no_others(
    document: Document, alice: User, bob: User, history: Callable[..., str]
) -> None:
    edit(document, bob, add=[ADA])
    assert "PER Ada" in history(bob)
    assert "No history yet" in history(alice)


def test_a_long_history_has_pages_and_a_long_list_an_end(
    document: Document, bob: User, history: Callable[..., str]
) -> None:
    document.text = "a" * 130
    document.save()
    edit(document, bob, reject=[SpanEdit(at, at + 1, "PER") for at in range(130)])
    for _ in range(20):
        edit(document, bob)
    assert "Version 1 " not in history(bob)
    page = history(bob, page=2)
    assert page.count("PER a") == 100
    assert "and 30 more" in page


def test_an_outsider_finds_no_history(document: Document, charlie: User) -> None:
    client = Client()
    client.force_login(charlie)
    address = reverse("revision-list", args=[document.pk])
    assert client.get(address).status_code == 404
