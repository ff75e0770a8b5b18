"""Uploading files and importing them, as a person and a worker do."""

from collections.abc import Callable

from django.test import Client

from tasks.imports import import_upload

OPTIONS = {"format": "auto", "document": "sentence", "count": "10"}
Send = Callable[..., str]


def carry_out(client: Client, preview: str, action: str = "import") -> str:
    """Press a button of the preview, let a worker do it, look at the outcome."""
    address = client.post(preview, {"action": action})["Location"]
    import_upload(int(address.rstrip("/").rsplit("/", 1)[1]))
    return client.get(address).content.decode()
