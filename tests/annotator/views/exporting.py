"""Downloading annotations as a person does who presses the button."""

from typing import Any

from django.test import Client
from django.urls import reverse

from annotator.models import Export, Project

CHOICE = {"format": "conll2003", "states": "submitted", "package": "file"}


def fetch(client: Client, project: Project, **choice: Any) -> Any:
    """What a person gets who presses the button and follows where it leads."""
    address = reverse("document-export", args=[project.pk])
    page = client.post(address, CHOICE | choice, follow=True)
    sent = page.context and page.context.get("sent")
    return client.get(sent) if sent else page


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def address_of(export: Export, what: str = "") -> str:
    return f"{reverse('export-job', args=[export.project_id, export.pk])}{what}"
