"""A person at the desk, through the API, and what there is to label."""

import json
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from annotator.models import Document

KARL = {"start": 10, "end": 19, "label": "PER", "surface": "Karl Marx"}
BASEL = {"start": 23, "end": 28, "label": "LOC", "surface": "Basel"}


def bare(span: dict[str, Any]) -> dict[str, Any]:
    return {name: span[name] for name in ("start", "end", "label")}


class Editor:
    """A person at the desk, speaking the wire format."""

    def __init__(self, user: User, document: Document, **options: Any) -> None:
        self.client = Client(**options)
        self.client.force_login(user)
        self.url = f"/api/documents/{document.pk}/annotation"
        self.count = 0

    def read(self) -> Any:
        return self.client.get(self.url)

    def edit(self, version: int, **parts: Any) -> Any:
        self.count += 1
        body = {"version": version, "edit_id": f"edit-{self.count}", **parts}
        return self.client.post(
            f"{self.url}/edits", json.dumps(body), content_type="application/json"
        )
