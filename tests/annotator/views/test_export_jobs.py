"""An export that a worker makes: waited for, cancelled, asked for again."""

from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from annotator import keeping
from annotator.models import Export, Project
from annotator.progress import Progress
from tasks.exports import make_export
from tests.annotator.views.exporting import address_of


@pytest.fixture
def queued(
    download: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Export]:
    """Ask for an export that is left to a worker."""
    monkeypatch.setattr(keeping, "SMALL", 0)
    monkeypatch.setattr(make_export, "delay", Mock())

    def ask(**choice: Any) -> Export:
        download(**choice)
        export = Export.objects.first()
        assert export is not None and export.state == "queued"
        return export

    return ask


def test_a_large_export_waits_for_a_worker_and_its_download_then_begins_once(
    queued: Callable[..., Export], as_alice: Client
) -> None:
    export = queued(package="receipt")
    page = as_alice.get(address_of(export))
    assert "No worker is listening. The export waits" in page.content.decode()
    assert "?shown=queued" in page.content.decode()
    make_export(export.pk)
    shown = as_alice.get(address_of(export, "progress/"), {"shown": "queued"})
    assert shown["HX-Refresh"] == "true"
    page = as_alice.get(address_of(export))
    assert page.context["sent"].endswith("?package=receipt")
    assert "?shown=succeeded" not in page.content.decode()
    assert as_alice.get(address_of(export)).context["sent"] is None


def test_the_page_shows_how_far_an_export_is(
    queued: Callable[..., Export], as_alice: Client
) -> None:
    export = queued()
    export.claim("worker")
    export.folder.mkdir(parents=True)
    export.note_progress(Progress("writing", 2000, 0.25, 8000))
    page = as_alice.get(address_of(export, "progress/"), {"shown": "running"})
    assert "2,000 of 8,000 documents" in page.content.decode()
    assert 'aria-label="0.25 / 1"' in page.content.decode()
    assert "No worker is listening. The export" not in page.content.decode()


def test_an_export_is_cancelled_by_who_asked_for_it_or_an_admin(
    queued: Callable[..., Export], as_alice: Client, as_bob: Client, as_viewer: Client
) -> None:
    export = queued()
    cancel = address_of(export, "cancel/")
    assert as_bob.post(cancel).status_code == as_viewer.post(cancel).status_code == 403
    page = as_alice.post(cancel, follow=True).content.decode()
    assert "Cancelled: nothing is kept." in page and "Try again" in page
    page = as_alice.post(cancel, follow=True).content.decode()
    assert "It had ended already." in page
    again = as_alice.post(address_of(export, "again/"))["Location"]
    running = Export.objects.get(state="queued")
    assert again == address_of(running)
    running.claim("worker")
    assert "Stopping…" in as_alice.post(f"{again}cancel/", follow=True).content.decode()
    delete = reverse("document-export-delete", args=[export.project_id, running.pk])
    page = as_alice.post(delete, follow=True).content.decode()
    assert "Cancel the export before you delete it." in page


def test_who_cancels_while_an_import_holds_the_database_is_heard(
    queued: Callable[..., Export],
    as_alice: Client,
    locked: OperationalError,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    export = queued()
    with monkeypatch.context() as patch:
        patch.setattr(Export, "cancel", Mock(side_effect=locked))
        page = as_alice.post(address_of(export, "cancel/"), follow=True)
    assert "It is told to stop, and this page will say so" in page.content.decode()
    make_export(export.pk)
    export.refresh_from_db()
    assert (export.state, export.folder.exists()) == ("cancelled", False)


def test_an_export_cancelled_after_its_worker_died_leaves_no_pieces(
    queued: Callable[..., Export], as_alice: Client
) -> None:
    export = queued()
    export.claim("dead")
    export.attempt_folder.mkdir(parents=True)
    (export.attempt_folder / "half").touch()
    assert export.put_back()
    as_alice.post(address_of(export, "cancel/"))
    export.refresh_from_db()
    assert (export.state, export.folder.exists()) == ("cancelled", False)


def test_who_exports_while_an_import_holds_the_database_is_told_so(
    download: Callable[..., Any],
    locked: OperationalError,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Export.objects, "create", Mock(side_effect=locked))
    assert b"nothing was changed" in download().content


def test_the_same_is_exported_again_unless_it_cannot_be(
    download: Callable[..., Any], as_alice: Client, project: Project
) -> None:
    download(labels=["PER"], format="jsonl")
    first = Export.objects.get()
    as_alice.post(address_of(first, "again/"))
    second = Export.objects.first()
    assert second is not None and second.options == first.options
    assert second.sha256 == first.sha256
    project.labels.filter(name="PER").update(name="PERSON")
    page = as_alice.post(address_of(first, "again/"), follow=True).content.decode()
    assert "The label “PER” is none of" in page
