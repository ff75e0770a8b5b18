"""The list of documents: filter, search, order, page."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotator.models import Document, Project
from tests.annotator.views.conftest import annotate, finished_run, suggest


@pytest.fixture
def listed(as_alice: Client, project: Project) -> Callable[..., list[str]]:
    """The names of the documents that a query lists, in order."""

    def get(**query: Any) -> list[str]:
        page = as_alice.get(reverse("document-list", args=[project.pk]), query)
        rows = re.findall(r'documents-table__name">\s*(\S+)', page.content.decode())
        return rows

    return get


@pytest.fixture
def corpus(
    add_document: Callable[..., Document], project: Project, alice: User, bob: User
) -> None:
    ada = add_document("Ada met Babbage.", external_id="ada", confidence=0.9)
    annotate(ada, alice, (0, 3, "PER"), state="submitted")
    rome = add_document("Rome fell.", external_id="rome", confidence=0.3)
    suggest(rome, finished_run(project), 0, 4, "LOC")
    slice_ = add_document("Oslo.", external_id="oslo", split="evaluation")
    annotate(slice_, bob, state="flagged")
    add_document("100% <b>sure</b>", external_id="sure", confidence=0.5)


@pytest.mark.usefixtures("corpus")
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["rome", "sure", "ada", "oslo"]),
        ({"order": "newest"}, ["sure", "oslo", "rome", "ada"]),
        ({"order": "oldest"}, ["ada", "rome", "oslo", "sure"]),
        ({"split": "evaluation"}, ["oslo"]),
        ({"state": "submitted"}, ["ada"]),
        ({"state": "flagged"}, ["oslo"]),
        ({"state": "waiting"}, ["rome", "sure"]),
        ({"suggestions": "yes"}, ["rome"]),
        ({"suggestions": "no", "state": "waiting"}, ["sure"]),
        ({"q": "babbage"}, ["ada"]),
        ({"q": "OSLO"}, ["oslo"]),
        ({"q": "0%"}, ["sure"]),
        ({"q": "nowhere"}, []),
        ({"split": "nonsense", "page": "99"}, ["rome", "sure", "ada", "oslo"]),
    ],
)
def test_the_list_shows_what_was_asked_for(
    listed: Callable[..., list[str]], query: dict[str, str], names: list[str]
) -> None:
    assert listed(**query) == names


@pytest.mark.usefixtures("corpus")
def test_a_label_finds_spans_and_suggestions(
    listed: Callable[..., list[str]], project: Project
) -> None:
    labels = dict(project.labels.values_list("name", "pk"))
    assert listed(label=labels["PER"]) == ["ada"]
    assert listed(label=labels["LOC"]) == ["rome"]
    assert listed(label=labels["ORG"]) == []


@pytest.mark.usefixtures("corpus")
def test_a_row_says_who_did_what_and_escapes_the_text(
    as_alice: Client, project: Project
) -> None:
    address = reverse("document-list", args=[project.pk])
    page = as_alice.get(address).content.decode()
    assert "<b>sure</b>" not in page
    assert "&lt;b&gt;sure" in page
    assert re.search(r"submitted</span>\s*alice", page)
    assert re.search(r"flagged</span>\s*bob", page)
    assert "evaluation</span>" in page
    assert "0.300" in page


def test_a_hit_far_into_a_long_text_is_shown(
    as_alice: Client, project: Project, add_document: Callable[..., Document]
) -> None:
    add_document("nothing " * 400 + "the needle lies here")
    address = reverse("document-list", args=[project.pk])
    assert "the needle lies" not in as_alice.get(address).content.decode()
    page = as_alice.get(address, {"q": "needle"}).content.decode()
    assert "the needle lies here" in page


def test_htmx_gets_the_table_alone(
    as_alice: Client, project: Project, add_document: Callable[..., Document]
) -> None:
    add_document("Ada.")
    address = reverse("document-list", args=[project.pk])
    response = as_alice.get(address, headers={"HX-Target": "documents"})
    assert b"<html" not in response.content
    assert b"Ada." in response.content
    assert "HX-Target" in response["Vary"]


def test_pages_keep_the_filter(
    as_alice: Client, project: Project, add_document: Callable[..., Document]
) -> None:
    for number in range(51):
        add_document(f"Ada {number}")
    address = reverse("document-list", args=[project.pk])
    page = as_alice.get(address, {"q": "ada"}).content.decode()
    assert 'href="?q=ada&amp;page=2"' in page
    assert "1–50 of 51 documents" in page


def test_a_page_of_documents_takes_a_bounded_number_of_queries(
    as_alice: Client,
    project: Project,
    add_document: Callable[..., Document],
    alice: User,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    for number in range(20):
        annotate(add_document(f"Ada {number}"), alice, state="submitted")
    with django_assert_max_num_queries(15):
        as_alice.get(reverse("document-list", args=[project.pk]))


def test_empty_lists_say_what_to_do(as_alice: Client, project: Project) -> None:
    address = reverse("document-list", args=[project.pk])
    assert b"Texts arrive by import" in as_alice.get(address).content
    page = as_alice.get(address, {"q": "needle"}).content
    assert b"Take a filter away" in page
