"""What people see when something is not there, not allowed or broken."""

from unittest.mock import Mock

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views.defaults import server_error

from annotator.models import Document, Project


def test_an_outsider_sees_the_page_for_nothing(
    as_charlie: Client, project: Project
) -> None:
    response = as_charlie.get(reverse("project-detail", args=[project.pk]))
    assert response.status_code == 404
    assert b"Nothing is here" in response.content
    assert b"News" not in response.content


def test_an_annotator_sees_why_he_may_not(as_bob: Client, project: Project) -> None:
    response = as_bob.get(reverse("project-settings", args=[project.pk]))
    assert response.status_code == 403
    assert b"Your role in this project does not allow it" in response.content


def test_a_form_without_its_token_is_refused_with_advice(alice: object) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post(reverse("login"), {"username": "alice"})
    assert response.status_code == 403
    assert b"Cookies must be allowed" in response.content


def test_the_page_for_a_failure_needs_no_database_and_no_session() -> None:
    response = server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert b"The server failed" in response.content


def test_only_staff_sees_the_way_to_the_administration(
    as_alice: Client, alice: object
) -> None:
    address = reverse("admin:index").encode()
    assert address not in as_alice.get(reverse("project-list")).content
    type(alice).objects.update(is_staff=True)  # type: ignore[attr-defined]
    assert address in as_alice.get(reverse("project-list")).content


def test_who_writes_while_an_import_holds_the_database_is_told_so(
    as_alice: Client,
    project: Project,
    locked: OperationalError,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("annotator.access.get_project", Mock(side_effect=locked))
    response = as_alice.post(reverse("project-settings", args=[project.pk]))
    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert b"nothing was changed" in response.content


def test_the_editor_is_told_to_send_again(
    as_bob: Client,
    project: Project,
    locked: OperationalError,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document = Document.new(project, "Ada.")
    document.save()
    monkeypatch.setattr("annotator.access.get_document", Mock(side_effect=locked))
    response = as_bob.get(f"/api/documents/{document.pk}/annotation")
    assert response.status_code == 503
    assert "please try again" in response.json()["detail"]


def test_another_failure_of_the_database_is_no_wait(
    as_bob: Client, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure = Mock(side_effect=OperationalError("disk I/O error"))
    monkeypatch.setattr("annotator.access.get_project", failure)
    with pytest.raises(OperationalError, match="disk"):
        as_bob.get(reverse("project-detail", args=[project.pk]))
