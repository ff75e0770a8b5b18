"""The annotation page: who may open what, what is served next, what it says."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotator import queue
from annotator.models import Annotation, Checkpoint, Document, Membership, Project
from annotator.models.edits import Edit
from annotator.models.training import TrainingRun


@pytest.fixture
def documents(project: Project) -> list[Document]:
    """Three texts, the second one the least certain."""
    rows = [("one", 0.9), ("two", 0.2), ("three", 0.5)]
    documents = [Document.new(project, text, confidence=c) for text, c in rows]
    for document in documents:
        document.save()
    return documents


def open_page(user: User, name: str, pk: int, **query: str) -> str:
    client = Client()
    client.force_login(user)
    reply = client.get(reverse(name, args=[pk]), query, follow=True)
    assert reply.status_code == 200
    return reply.content.decode()


def status_of(user: User | None, name: str, pk: int) -> int:
    client = Client()
    if user:
        client.force_login(user)
    return client.get(reverse(name, args=[pk])).status_code


def test_next_is_the_least_certain_and_leased(
    bob: User, project: Project, documents: list[Document]
) -> None:
    page = open_page(bob, "annotate-next", project.pk)
    assert f'data-document="{documents[1].pk}"' in page
    documents[1].refresh_from_db()
    assert documents[1].leased_by == bob


def test_next_leaves_out_the_document_one_comes_from(
    bob: User, project: Project, documents: list[Document]
) -> None:
    after = str(documents[1].pk)
    page = open_page(bob, "annotate-next", project.pk, after=after)
    assert f'data-document="{documents[2].pk}"' in page
    for nonsense in ("no number", "9" * 30, "9" * 5000):
        assert open_page(bob, "annotate-next", project.pk, after=nonsense)


def test_an_id_leads_to_its_document_or_to_the_list(
    bob: User, project: Project, documents: list[Document]
) -> None:
    first, second, _third = documents
    Document.objects.filter(pk=second.pk).update(external_id=str(first.pk))
    elsewhere = Document.new(Project.objects.create(name="Other"), "far")
    elsewhere.save()
    client = Client()
    client.force_login(bob)
    jump = reverse("document-jump", args=[project.pk])
    leads = {
        f"#{first.pk}": reverse("document-annotate", args=[first.pk]),
        f" {first.pk} ": reverse("document-annotate", args=[second.pk]),
        str(elsewhere.pk): f"/projects/{project.pk}/documents/?q={elsewhere.pk}",
        "9" * 30: f"/projects/{project.pk}/documents/?q={'9' * 30}",
        "": f"/projects/{project.pk}/documents/?q=",
    }
    for sought, address in leads.items():
        assert client.get(jump, {"id": sought})["Location"] == address


def test_two_people_get_two_documents(
    alice: User, bob: User, project: Project, documents: list[Document]
) -> None:
    open_page(alice, "annotate-next", project.pk)
    page = open_page(bob, "annotate-next", project.pk)
    assert f'data-document="{documents[2].pk}"' in page


def test_who_may_open_what(
    bob: User, charlie: User, project: Project, documents: list[Document]
) -> None:
    pages = [("annotate-next", project.pk), ("document-annotate", documents[0].pk)]
    assert [status_of(charlie, *page) for page in pages] == [404, 404]
    assert [status_of(None, *page) for page in pages] == [302, 302]
    Membership.objects.create(project=project, user=charlie, role="viewer")
    assert [status_of(charlie, *page) for page in pages] == [403, 200]


def test_a_viewer_has_no_controls_and_takes_no_lease(
    charlie: User, project: Project, documents: list[Document]
) -> None:
    Membership.objects.create(project=project, user=charlie, role="viewer")
    page = open_page(charlie, "document-annotate", documents[0].pk)
    assert 'data-may-edit="no"' in page
    assert 'data-command="submit"' not in page
    documents[0].refresh_from_db()
    assert documents[0].leased_by is None


def test_a_document_that_is_open_elsewhere_is_read_only(
    alice: User, bob: User, documents: list[Document]
) -> None:
    queue.lease(documents[0], alice)
    page = open_page(bob, "document-annotate", documents[0].pk)
    assert "open at alice" in page
    assert 'data-may-edit="no"' in page


def test_who_began_an_annotation_goes_on_with_it(
    alice: User, bob: User, documents: list[Document]
) -> None:
    Annotation.objects.create(document=documents[0], user=bob)
    queue.lease(documents[0], alice)
    page = open_page(bob, "document-annotate", documents[0].pk)
    assert 'data-may-edit="yes"' in page


def test_the_page_says_why_this_document_comes_now(
    bob: User, project: Project, documents: list[Document]
) -> None:
    pk = documents[0].pk
    assert "No model has read" in open_page(bob, "document-annotate", pk)
    run = TrainingRun.objects.create(project=project)
    Checkpoint.objects.create(
        project=project,
        training_run=run,
        folder="c",
        encoder="e",
        labels={},
        state="active",
    )
    assert "Least certain first" in open_page(bob, "document-annotate", pk)
    Document.objects.update(split="evaluation", confidence=None)
    page = open_page(bob, "document-annotate", pk)
    assert "random evaluation slice" in page
    assert 'id="suggestion-list"' not in page


def test_back_leads_to_the_document_before(
    bob: User, project: Project, documents: list[Document]
) -> None:
    first = Annotation.objects.create(document=documents[0], user=bob)
    first.apply(Edit(version=0, state="submitted"), by=bob)
    page = open_page(bob, "document-annotate", documents[1].pk)
    assert f'href="/documents/{documents[0].pk}/annotate/"' in page


def finish(documents: list[Document], user: User, state: str) -> None:
    for document in documents:
        annotation = Annotation.objects.create(document=document, user=user)
        annotation.apply(Edit(version=0, state=state), by=user)


def test_an_empty_queue_says_what_to_do(
    alice: User, bob: User, project: Project, documents: list[Document]
) -> None:
    Document.objects.filter(pk__in=[d.pk for d in documents[1:]]).delete()
    queue.lease(documents[0], alice)
    page = open_page(bob, "annotate-next", project.pk)
    assert "Others have the last documents open" in page
    queue.release(documents[0], alice)
    finish(documents[:1], bob, "skipped")
    assert "you skipped" in open_page(bob, "annotate-next", project.pk)
    Annotation.objects.all().delete()
    finish(documents[:1], bob, "submitted")
    page = open_page(bob, "annotate-next", project.pk)
    assert "Everything is annotated" in page
    assert reverse("document-export", args=[project.pk]) in page


def test_a_project_without_documents_says_who_imports(
    alice: User, bob: User, project: Project
) -> None:
    upload = reverse("document-upload", args=[project.pk])
    assert f'button--primary" href="{upload}"' in open_page(
        alice, "annotate-next", project.pk
    )
    assert "An administrator" in open_page(bob, "annotate-next", project.pk)


def test_a_guideline_is_markdown_without_html(
    bob: User, project: Project, documents: list[Document]
) -> None:
    project.guideline = "**Mark** names <script>alert(1)</script> [x](javascript:a)"
    project.save()
    page = open_page(bob, "document-annotate", documents[0].pk)
    assert "<strong>Mark</strong>" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert 'href="javascript' not in page


def test_the_page_obeys_its_own_security_policy(
    bob: User, documents: list[Document]
) -> None:
    page = open_page(bob, "document-annotate", documents[0].pk)
    assert " style=" not in page
    assert " onclick=" not in page
    assert page.count("<script") == page.count("<script src=") + page.count(
        '<script type="module" src='
    )


def test_back_goes_to_the_person_s_own_last_document(
    alice: User, bob: User, documents: list[Document]
) -> None:
    one, two, three = documents
    for document, user in ((one, bob), (two, bob), (one, alice), (three, bob)):
        Annotation.objects.create(document=document, user=user)
    back = reverse("document-annotate", args=[two.pk])
    assert f'href="{back}"' in open_page(bob, "document-annotate", three.pk)
