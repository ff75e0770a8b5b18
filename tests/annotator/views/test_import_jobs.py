"""An import that a worker does: waited for, watched, cancelled."""

from typing import Any
from unittest.mock import Mock

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from annotator import progress, uploads
from annotator.models import ImportJob, Project, Worker
from annotator.progress import Progress
from tasks.imports import import_upload
from tests.annotator.views.uploading import Send, carry_out

pytestmark = pytest.mark.usefixtures("media", "enqueued")


def queued(client: Client, preview: str) -> tuple[ImportJob, str]:
    address = client.post(preview, {"action": "import"})["Location"]
    return ImportJob.objects.get(), address


def test_the_button_pressed_twice_queues_one_import(
    as_alice: Client, project: Project, upload: Send, alice: Any
) -> None:
    preview = upload(("a.txt", "Ada."), split="pool")
    job, address = queued(as_alice, preview)
    assert as_alice.post(preview, {"action": "import"})["Location"] == address
    assert as_alice.post(preview, {"action": "discard"})["Location"] == address
    assert (ImportJob.objects.count(), job.requested_by) == (1, alice)
    assert (job.names, job.options["split"]) == (["a.txt"], "pool")


def test_without_a_worker_the_page_says_so_and_the_import_waits(
    as_alice: Client, upload: Send
) -> None:
    _job, address = queued(as_alice, upload(("a.txt", "Ada.")))
    page = as_alice.get(address).content.decode()
    assert "No worker is listening. The import waits" in page
    assert 'hx-trigger="every 1s"' in page


def test_a_running_import_shows_how_far_it_is(
    as_alice: Client, upload: Send, project: Project
) -> None:
    job, address = queued(as_alice, upload(("a.txt", "Ada.")))
    shown = {"shown": "running"}
    assert as_alice.get(f"{address}progress/", shown)["HX-Refresh"] == "true"
    job.claim("worker")
    kept = uploads.find(job.upload, project.pk)
    assert kept is not None
    for phase, words in (("checking", "nothing is stored yet"), ("storing", "Storing")):
        kept.note_progress(Progress(phase, 4000, 0.25))
        page = as_alice.get(f"{address}progress/", shown).content.decode()
        assert words in page and "4,000 documents" in page
        assert "No worker is listening. The import" not in page
        assert 'aria-label="0.25 / 1"' in page


def test_an_import_is_cancelled_before_and_while_a_worker_does_it(
    as_alice: Client, upload: Send, project: Project
) -> None:
    preview = upload(("a.txt", "Ada."))
    job, address = queued(as_alice, preview)
    page = as_alice.post(f"{address}cancel/", follow=True).content.decode()
    assert "Cancelled: nothing was stored." in page
    assert "Try again" in page
    address = as_alice.post(preview, {"action": "import"})["Location"]
    again = ImportJob.objects.latest("pk")
    again.claim("worker")
    page = as_alice.post(f"{address}cancel/", follow=True).content.decode()
    assert "Stopping…" in page
    again.stop_cancelled()
    page = as_alice.post(f"{address}cancel/", follow=True).content.decode()
    assert "It had ended already." in page
    assert not project.documents.exists()


def test_who_cancels_while_the_database_is_the_imports_alone_is_heard(
    as_alice: Client,
    upload: Send,
    project: Project,
    locked: OperationalError,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job, address = queued(as_alice, upload(("a.txt", "Ada.")))
    with monkeypatch.context() as patch:
        patch.setattr(ImportJob, "cancel", Mock(side_effect=locked))
        page = as_alice.post(f"{address}cancel/", follow=True).content.decode()
    assert "It is told to stop, and this page will say so" in page
    import_upload(job.pk)
    job.refresh_from_db()
    assert (job.state, project.documents.exists()) == ("cancelled", False)


def test_a_worker_that_can_only_write_to_the_upload_is_no_silent_one(
    as_alice: Client, upload: Send, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, address = queued(as_alice, upload(("a.txt", "Ada.")))
    job.claim("worker")
    kept = uploads.find(job.upload, project.pk)
    assert kept is not None and not kept.is_moving
    kept.note_progress(Progress("storing", 1, 0.5))
    assert kept.is_moving
    monkeypatch.setattr(progress, "MOVING_SECONDS", -1)
    page = as_alice.get(address).content.decode()
    assert "No worker is listening. The import waits" in page


def test_earlier_imports_are_listed_where_the_next_one_begins(
    as_alice: Client, upload: Send, project: Project
) -> None:
    carry_out(as_alice, upload(("<b>.txt", "Ada.")))
    page = as_alice.get(reverse("document-upload", args=[project.pk])).content.decode()
    assert "Earlier imports" in page
    assert "&lt;b&gt;.txt</a>" in page


def test_a_busy_worker_is_waited_for(as_alice: Client, upload: Send) -> None:
    from django.utils import timezone

    Worker.objects.create(name="worker", seen_at=timezone.now())
    _job, address = queued(as_alice, upload(("a.txt", "Ada.")))
    assert (
        "Waiting for a worker that is busy." in as_alice.get(address).content.decode()
    )


def test_what_waits_for_a_worker_is_never_swept(
    as_alice: Client, upload: Send, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _address = queued(as_alice, upload(("a.txt", "Ada.")))
    monkeypatch.setattr(uploads, "KEPT_SECONDS", -1)
    upload(("b.txt", "Rome."))
    assert uploads.find(job.upload, project.pk) is not None
