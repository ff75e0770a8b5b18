"""A worker carries an export to its end, once, or leaves no half of a file."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotator import keeping, selection
from annotator.export_options import ExportOptions
from annotator.models import Export, Project
from annotator.models.jobs import RunState
from annotator.progress import Progress
from tasks.exports import make_export
from tasks.heartbeat import Heartbeat
from tasks.maintenance import reconcile
from tests.annotator.test_exports import annotate

pytestmark = pytest.mark.django_db
Queue = Callable[..., Export]


@pytest.fixture(autouse=True)
def small_batches(telling_jobs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "BATCH", 2)


@pytest.fixture
def queue(project: Project, alice: User) -> Queue:
    """Ask for an export of five documents."""
    for number in range(5):
        annotate(project, f"Ada {number}", (0, 3, "PER"))

    def ask(**options: Any) -> Export:
        wanted = ExportOptions(**{"format": "jsonl"} | options)
        return keeping.request(project, wanted, alice)

    return ask


def carry_out(kept: Export) -> Export:
    make_export(kept.pk)
    kept.refresh_from_db()
    return kept


def files(kept: Export) -> list[str]:
    found = kept.folder.rglob("*")
    return sorted(str(path.relative_to(kept.folder)) for path in found)


def test_the_file_and_its_receipt_are_made_once(queue: Queue) -> None:
    kept = carry_out(queue())
    assert (kept.state, kept.file, kept.attempt) == ("succeeded", "news.jsonl", 1)
    assert len(kept.path.read_text().splitlines()) == 5
    assert json.loads(kept.report.read_text())["sha256"] == kept.sha256
    assert files(kept) == ["1", "1/news.jsonl", "1/news.jsonl.report.json"]
    before = kept.path.stat().st_mtime_ns
    assert carry_out(kept).path.stat().st_mtime_ns == before  # redelivered


def test_progress_is_seen_while_documents_are_written(queue: Queue) -> None:
    kept = queue(format="conll2003", ratio=(1,))
    seen = []
    note = Export.note_progress

    def look(kept: Export, progress: Progress) -> None:
        note(kept, progress)
        seen.append(kept.progress)

    with patch.object(Export, "note_progress", look):
        carry_out(kept)
    assert seen == [
        *[("reading", done, done / 5, 5) for done in (2, 4, 5)],
        *[("writing", done, done / 5, 5) for done in (2, 4, 5)],
        ("packing", 5, 1.0, 5),
    ]


def test_who_cancels_while_it_is_written_keeps_nothing(queue: Queue) -> None:
    kept = queue()
    check = Heartbeat.check

    def check_and_be_cancelled(heart: Heartbeat) -> None:
        assert kept.folder.exists()
        check(heart)
        heart.is_cancelled = True

    with patch.object(Heartbeat, "check", check_and_be_cancelled):
        carry_out(kept)
    assert (kept.state, kept.folder.exists()) == (RunState.CANCELLED, False)


def test_a_cancel_between_two_beats_is_heard(queue: Queue) -> None:
    kept = queue()
    made = keeping.make

    def make_and_be_cancelled(*arguments: Any) -> Any:
        receipt = made(*arguments)
        assert Export.objects.get(pk=kept.pk).cancel()
        return receipt

    with patch.object(keeping, "make", make_and_be_cancelled):
        carry_out(kept)
    assert (kept.state, kept.folder.exists()) == (RunState.CANCELLED, False)


def test_what_the_format_refuses_is_one_sentence(queue: Queue) -> None:
    kept = carry_out(queue(format="conll2003", tokens="characters", strict=True))
    assert kept.state == RunState.SUCCEEDED
    annotate(kept.project, "Basel", (0, 2, "LOC"))
    kept = carry_out(queue(format="conll2003", strict=True))
    assert kept.state == RunState.FAILED
    assert kept.error.startswith("1 things would not be exact, first in document")
    assert not kept.folder.exists()


def test_a_full_disk_is_one_sentence(queue: Queue) -> None:
    full = OSError(28, "No space left on device")
    with patch("annotator.keeping.write_receipt", side_effect=full):
        kept = carry_out(queue())
    assert kept.error == "The file cannot be written: No space left on device."
    assert not kept.folder.exists()


def test_a_failure_nobody_foresaw_is_recorded_and_raised(queue: Queue) -> None:
    kept = queue()
    with (
        patch.object(keeping, "make", side_effect=KeyError("x")),
        pytest.raises(KeyError),
    ):
        carry_out(kept)
    kept.refresh_from_db()
    assert (kept.state, kept.error) == (RunState.FAILED, "KeyError: 'x'")


def test_a_dead_worker_s_export_is_made_again_and_its_pieces_go(queue: Queue) -> None:
    kept = queue()
    kept.claim("dead")
    half = kept.attempt_folder / ".export-abc"
    half.mkdir(parents=True)
    (half / "documents.jsonl").write_text("{")
    long_ago = timezone.now() - timedelta(minutes=5)
    Export.objects.update(heartbeat_at=long_ago)
    with patch.object(make_export, "delay") as send, patch("time.sleep"):
        reconcile()
        send.assert_called_once_with(kept.pk)
        Export.objects.update(dispatched_at=long_ago)
        reconcile()  # a message that was lost
        assert send.call_count == 2
    kept.refresh_from_db()
    assert carry_out(kept).attempt == 2
    assert files(kept) == ["2", "2/news.jsonl", "2/news.jsonl.report.json"]


def test_a_worker_given_up_for_dead_does_not_touch_its_successor_s_file(
    queue: Queue,
) -> None:
    kept = queue()
    made = keeping.make

    def make_too_late(late: Export, *arguments: Any) -> Any:
        Export.objects.update(state="queued")
        with patch.object(keeping, "make", made):
            carry_out(kept)
        annotate(kept.project, "Bern", (0, 4, "LOC"))
        late.attempt_folder.mkdir(exist_ok=True)
        return made(late, *arguments)

    with patch.object(keeping, "make", make_too_late):
        make_export(kept.pk)
    assert (kept.state, kept.attempt) == ("succeeded", 2)
    assert len(kept.path.read_text().splitlines()) == 5
    assert not (kept.folder / "1").exists()


def test_an_export_deleted_meanwhile_leaves_nothing(queue: Queue) -> None:
    kept = queue()
    made = keeping.make

    def make_and_delete(*arguments: Any) -> Any:
        receipt = made(*arguments)
        Export.objects.all().delete()
        return receipt

    with patch.object(keeping, "make", make_and_delete):
        make_export(kept.pk)
    assert not kept.folder.exists()
