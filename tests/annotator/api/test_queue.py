"""The queue over the wire."""

from django.contrib.auth.models import User
from django.test import Client

from annotator.models import Document, Project


def test_the_queue_is_least_certain_first(bob: User, project: Project) -> None:
    for number, confidence in enumerate([0.9, 0.3, 0.6]):
        Document.new(project, f"text {number}", confidence=confidence).save()
    client = Client()
    client.force_login(bob)
    reply = client.get(f"/api/projects/{project.pk}/queue?n=2").json()
    assert [row["confidence"] for row in reply["documents"]] == [0.3, 0.6]
    assert reply["order"] == "cold"


def test_an_outsider_finds_no_queue(charlie: User, project: Project) -> None:
    client = Client()
    client.force_login(charlie)
    assert client.get(f"/api/projects/{project.pk}/queue").status_code == 404
    assert client.get(f"/api/projects/{project.pk}/queue?n=0").status_code == 422
