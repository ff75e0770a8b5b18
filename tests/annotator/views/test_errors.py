"""What people see when something is not there, not allowed or broken."""

from django.test import Client, RequestFactory
from django.urls import reverse
from django.views.defaults import server_error

from annotator.models import Project


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
