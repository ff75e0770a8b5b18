"""A worker carries an import to its end, once, or leaves nothing."""

import json
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.translation import get_language
from pytest_django import DjangoCaptureOnCommitCallbacks

from annotator import progress, storing, uploads
from annotator.models import ImportJob, Project
from annotator.models.jobs import RunState
from tasks import imports, jobs
from tasks.heartbeat import Heartbeat
from tasks.imports import import_upload
from tasks.prediction import preannotate_project

pytestmark = pytest.mark.django_db
OPTIONS = dict.fromkeys(
    ("encoding", "split", "annotated_by", "text_column", "new_labels"), ""
) | {"format": "auto", "document": "sentence", "count": "10"}
Queue = Callable[..., ImportJob]


@pytest.fixture(autouse=True)
def small_batches(telling_jobs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "BATCH", 2)


@pytest.fixture
def queue(project: Project, alice: User) -> Queue:
    """Leave files of JSON lines to a worker: ``queue("ab", "cd")``."""

    def add(*files: str, skips_bad: bool = False, **options: str) -> ImportJob:
        sent = [
            SimpleUploadedFile(f"{number}.jsonl", lines(texts).encode())
            for number, texts in enumerate(files)
        ]
        kept = uploads.keep(sent, project.pk, OPTIONS | options)
        fields = {"options": kept.manifest.options, "requested_by": alice}
        names = kept.manifest.names
        return ImportJob.request(
            project, kept.key, names=names, skips_bad=skips_bad, **fields
        )[0]

    return add


def lines(texts: str) -> str:
    """A document a character; an exclamation mark is a bad line."""
    return "\n".join("{}" if t == "!" else json.dumps({"text": t}) for t in texts)


def carry_out(job: ImportJob) -> ImportJob:
    import_upload(job.pk)
    job.refresh_from_db()
    return job


def test_all_files_are_stored_and_the_upload_is_gone(
    project: Project,
    queue: Queue,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with (
        patch.object(preannotate_project, "delay") as follow,
        django_capture_on_commit_callbacks(execute=True),
    ):
        job = carry_out(queue("abc", "de"))
    assert job.state == RunState.SUCCEEDED
    assert [report["name"] for report in job.reports] == ["0.jsonl", "1.jsonl"]
    assert [report["created"] for report in job.reports] == [3, 2]
    assert project.documents.count() == 5
    assert uploads.find(job.upload, project.pk) is None
    follow.assert_called_once_with(project.pk)


def test_a_redelivered_import_stores_nothing_again(
    project: Project, queue: Queue
) -> None:
    job = carry_out(queue("abc"))
    carry_out(job)
    assert (job.attempt, project.documents.count()) == (1, 3)


def test_a_bad_line_of_one_file_keeps_all_files_out(
    project: Project, queue: Queue
) -> None:
    job = carry_out(queue("abc", "d!!"))
    assert job.error == "2 lines are bad: nothing was stored."
    assert [report["error_count"] for report in job.reports] == [0, 2]
    assert job.reports[1]["errors"][0] == [2, "There is no “text”, only –."]
    assert not project.documents.exists()
    assert uploads.find(job.upload, project.pk) is not None  # to try again with


def test_the_good_ones_are_stored_where_a_person_chose_so(
    project: Project, queue: Queue
) -> None:
    job = carry_out(queue("abc", "d!", "!", skips_bad=True))
    assert job.state == RunState.SUCCEEDED
    assert [report["is_stored"] for report in job.reports] == [True, True, False]
    assert project.documents.count() == 4
    assert uploads.find(job.upload, project.pk) is not None  # for the bad lines' file
    assert carry_out(queue("!!", skips_bad=True)).state == RunState.FAILED


def test_the_same_files_again_make_no_duplicates(
    project: Project, queue: Queue
) -> None:
    carry_out(queue("aab"))
    job = carry_out(queue("aabc"))
    (report,) = job.reports
    assert (report["created"], report["duplicates"]) == (1, 3)


def test_who_cancels_while_it_is_stored_keeps_nothing(
    project: Project, queue: Queue
) -> None:
    job = queue("abcdef")
    heart = Heartbeat(job)
    stored = storing.Storage.add

    def add_and_cancel(storage: Any, *batch: Any) -> None:
        stored(storage, *batch)
        assert project.documents.exists()
        heart.is_cancelled = True

    with patch.object(storing.Storage, "add", add_and_cancel):
        carry_out_with(job, heart)
    job.refresh_from_db()
    assert job.state == RunState.CANCELLED
    assert not project.documents.exists()


def test_a_cancel_between_two_beats_is_heard(project: Project, queue: Queue) -> None:
    job = queue("abcdef")
    checked = imports._check

    def check_and_be_cancelled(*arguments: Any) -> Any:
        found = checked(*arguments)
        assert ImportJob.objects.get(pk=job.pk).cancel()
        return found

    with patch.object(imports, "_check", check_and_be_cancelled):
        import_upload(job.pk)
    job.refresh_from_db()
    assert job.state == RunState.CANCELLED
    assert not project.documents.exists()


def carry_out_with(job: ImportJob, heart: Heartbeat) -> None:
    """As a worker does whose heartbeat the test holds."""

    class Held:
        def __enter__(self) -> Heartbeat:
            return heart

        def __exit__(self, *_: object) -> None:
            return None

    with patch.object(jobs, "Heartbeat", lambda _job: Held()):
        import_upload(job.pk)


def test_an_import_taken_away_at_the_end_is_taken_back(
    project: Project, queue: Queue
) -> None:
    job = queue("abc")
    stored = imports._store

    def store_too_late(*arguments: Any) -> Any:
        reports = stored(*arguments)
        ImportJob.objects.filter(pk=job.pk).update(attempt=2)  # another worker's now
        return reports

    with patch.object(imports, "_store", store_too_late):
        carry_out(job)
    assert not project.documents.exists()
    assert uploads.find(job.upload, project.pk) is not None


def test_files_that_are_gone_are_one_sentence(project: Project, queue: Queue) -> None:
    job = queue("abc")
    kept = uploads.find(job.upload, project.pk)
    assert kept is not None
    kept.remove()
    assert carry_out(job).error == "The files are gone; please upload them again."


def test_a_failure_nobody_foresaw_is_recorded_and_raised(
    project: Project, queue: Queue
) -> None:
    job = queue("abc")
    with (
        patch.object(imports, "_store", side_effect=OSError("disk full")),
        pytest.raises(OSError, match="disk full"),
    ):
        carry_out(job)
    job.refresh_from_db()
    assert (job.state, job.error) == (RunState.FAILED, "OSError: disk full")
    assert not project.documents.exists()


def test_sentences_are_in_the_language_of_the_person(queue: Queue) -> None:
    job = queue("!")
    ImportJob.objects.update(options=job.options | {"language": "zh-hans"})
    with patch("tasks.imports._t", side_effect=lambda _: get_language()) as spoken:
        kept = uploads.find(job.upload, job.project_id)
        assert kept is not None
        kept.remove()
        assert carry_out(job).error == "zh-hans"
    spoken.assert_called_once()


def test_progress_is_seen_while_documents_are_stored(
    project: Project, queue: Queue
) -> None:
    job = queue("abcd", "ef")
    seen = []
    note = uploads.Upload.note_progress

    def look(upload: uploads.Upload, progress: progress.Progress) -> None:
        note(upload, progress)
        seen.append(upload.progress)

    with patch.object(uploads.Upload, "note_progress", look):
        carry_out(job)
    assert seen == [
        ("checking", 2, 0.25, 0),
        ("checking", 4, 0.5, 0),
        ("checking", 2, 1.0, 0),
        ("storing", 2, 1 / 3, 0),
        ("storing", 4, 2 / 3, 0),
        ("storing", 6, 1.0, 0),
    ]
