"""An import moves from state to state once, whoever else tries."""

import uuid
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotator.models import ImportJob, Project
from annotator.models.jobs import MAX_ATTEMPTS, RunCancelled, RunLost, RunState

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(project: Project) -> ImportJob:
    return ImportJob.request(project, uuid.uuid4(), names=["a.txt"])[0]


def silence(job: ImportJob) -> None:
    """Make the job look as if its worker had said nothing for a while."""
    long_ago = timezone.now() - timedelta(minutes=5)
    ImportJob.objects.filter(pk=job.pk).update(heartbeat_at=long_ago)
    job.refresh_from_db()


def test_an_upload_has_one_active_import(project: Project, job: ImportJob) -> None:
    again, is_new = ImportJob.request(project, job.upload)
    assert (again, is_new) == (job, False)
    job.claim("worker")
    assert ImportJob.request(project, job.upload) == (job, False)
    with pytest.raises(IntegrityError), transaction.atomic():
        ImportJob.objects.create(project=project, upload=job.upload)
    job.fail("1 line is bad.")
    assert ImportJob.request(project, job.upload)[1]


def test_an_import_that_ends_while_another_is_asked_for_makes_room(
    project: Project, job: ImportJob
) -> None:
    new = ImportJob(project=project, upload=job.upload)
    job.cancel()  # between the database's refusal and the look at what is there
    with patch.object(ImportJob.objects, "create", side_effect=[IntegrityError, new]):
        assert ImportJob.request(project, job.upload) == (new, True)


def test_two_uploads_of_a_project_may_wait_together(
    project: Project, job: ImportJob
) -> None:
    other, is_new = ImportJob.request(project, uuid.uuid4())
    assert is_new
    assert job.claim("first") and other.claim("second")


def test_an_import_is_claimed_by_one_worker_only(job: ImportJob) -> None:
    rival = ImportJob.objects.get(pk=job.pk)
    assert job.claim("first")
    assert not rival.claim("second")
    assert (job.worker, job.attempt) == ("first", 1)


def test_a_worker_given_up_for_dead_cannot_write_over_its_successor(
    job: ImportJob,
) -> None:
    job.claim("first")
    silence(job)
    dead = ImportJob.objects.get(pk=job.pk)
    assert [orphan.pk for orphan in ImportJob.orphans(60)] == [job.pk]
    assert job.put_back()
    job.claim("second")
    with pytest.raises(RunLost, match=f"Import job {job.pk} is no longer"):
        dead.succeed([{"created": 1}])
    assert ImportJob.objects.get(pk=job.pk).reports == []


def test_an_import_that_dies_too_often_fails_with_a_sentence(job: ImportJob) -> None:
    for attempt in range(1, MAX_ATTEMPTS + 1):
        job.refresh_from_db()
        job.claim(f"worker {attempt}")
        silence(job)
        assert job.put_back() == (attempt < MAX_ATTEMPTS)
    job.refresh_from_db()
    assert job.state == RunState.FAILED
    assert job.error == "The worker died 3 times during this run."


def test_the_bad_and_the_good_of_all_files_are_counted(job: ImportJob) -> None:
    job.claim("worker")
    report = {"error_count": 2, "documents": 5}
    job.fail("4 lines are bad.", reports=[report, report])
    assert (job.error_count, job.good_documents) == (4, 10)
    assert str(job) == f"News import {job.pk} (failed)"


def test_a_cancel_before_the_end_is_written_wins(job: ImportJob) -> None:
    job.claim("worker")
    assert ImportJob.objects.get(pk=job.pk).cancel()
    with pytest.raises(RunCancelled):
        job.succeed([])
    job.stop_cancelled()
    assert (job.state, job.cancel()) == (RunState.CANCELLED, False)


def test_what_no_database_stores_is_replaced_in_reports_and_sentences(
    job: ImportJob,
) -> None:
    job.claim("worker")
    odd = "a\x00b\ud83d"
    job.fail(odd, reports=[{odd: [(1, odd)], "count": 1}])
    clean = "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"
    assert job.error == clean
    assert job.reports == [{clean: [[1, clean]], "count": 1}]
