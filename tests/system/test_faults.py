"""Workers killed in the middle: nothing lost, nothing doubled, work goes on."""

import json
from pathlib import Path

import pytest

from tests.system.site import ROOT, Site

pytestmark = [pytest.mark.services, pytest.mark.slow]
LABELS = "PERSON,PLACE,ORG,TAXON,WORK"
RUN = "SELECT state FROM annotator_trainingrun WHERE id = ?"
ACTIVE = "SELECT id FROM annotator_checkpoint WHERE state = 'active'"


def write_documents(path: Path, count: int, *, with_spans: bool) -> Path:
    """Documents from the demo corpus, each made unique by a numbered last line."""
    source = (ROOT / "annotator/demo/naturalists_a.jsonl").read_text("utf-8")
    records = [json.loads(line) for line in source.splitlines()]
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            record = records[number % len(records)]
            text = f"{record['text']}\n[{path.stem} {number}]"
            spans = record["spans"] if with_spans else []
            line = {"text": text, "spans": spans, "id": f"{path.stem}-{number}"}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return path


def prepare(site: Site, *, unlabelled: int) -> None:
    """A project with 40 gold documents and a pool; a small encoder from nothing."""
    site.manage(
        "create_project",
        "Notes",
        *("--labels", LABELS, "--encoder", "scratch", "--retrain-every", "0"),
    )
    gold = write_documents(site.folder / "gold.jsonl", 40, with_spans=True)
    pool = write_documents(site.folder / "pool.jsonl", unlabelled, with_spans=False)
    site.manage(
        "import_documents",
        "Notes",
        str(gold),
        *("--annotated-by", "gold", "--split", "pool"),
    )
    site.manage("import_documents", "Notes", str(pool), "--split", "pool")


def request_run(site: Site) -> int:
    return int(site.manage_json("retrain", "Notes")["run"])


def run_state(site: Site, run: int) -> str:
    return str(site.value(RUN, run))


def unread(site: Site, checkpoint: int) -> int:
    query = "SELECT count(*) FROM annotator_document WHERE checkpoint_id IS NULL"
    return int(site.value(f"{query} OR checkpoint_id <> ?", checkpoint))


def assert_suggestions_are_whole(site: Site) -> None:
    """A model's suggestions in a document are those of the checkpoint it names."""
    foreign = site.value(
        "SELECT count(*) FROM annotator_suggestion s "
        "JOIN annotator_document d ON d.id = s.document_id "
        "WHERE s.rule_id IS NULL "
        "AND (d.checkpoint_id IS NULL OR d.checkpoint_id <> s.checkpoint_id)"
    )
    assert foreign == 0
    unmeasured = site.value(
        "SELECT count(*) FROM annotator_document "
        "WHERE checkpoint_id IS NOT NULL AND confidence IS NULL"
    )
    assert unmeasured == 0


def test_a_worker_killed_in_training_is_replaced_and_the_run_ends_once(
    site: Site,
) -> None:
    prepare(site, unlabelled=20)
    worker = site.start_worker()
    run = request_run(site)
    step = "SELECT step FROM annotator_trainingrun WHERE id = ?"
    site.wait_for(lambda: site.value(step, run) >= 3, 120, "the third step")
    site.kill(worker)
    assert run_state(site, run) == "running"  # nobody was left to say otherwise

    site.start_worker()
    site.wait_for(lambda: run_state(site, run) == "succeeded", 180, "success")
    attempt = "SELECT attempt FROM annotator_trainingrun WHERE id = ?"
    assert site.value(attempt, run) == 2
    assert site.value("SELECT count(*) FROM annotator_checkpoint") == 1
    assert len(list((site.folder / "checkpoints").glob("project-*/run-*"))) == 1
    checkpoint = site.value(ACTIVE)
    site.wait_for(lambda: unread(site, checkpoint) == 0, 120, "all documents read")
    assert_suggestions_are_whole(site)


def test_a_worker_killed_in_pre_annotation_leaves_no_half_and_it_goes_on(
    site: Site,
) -> None:
    site.environment["PREANNOTATION_CHUNK_DOCUMENTS"] = "4"
    prepare(site, unlabelled=400)
    worker = site.start_worker()
    run = request_run(site)
    site.wait_for(lambda: site.value(ACTIVE), 180, "a first model")
    first = site.value(ACTIVE)
    everything = unread(site, first)
    site.wait_for(
        lambda: 0 < unread(site, first) < everything - 20, 60, "some documents read"
    )
    site.kill(worker)
    left = unread(site, first)
    assert 0 < left < everything
    assert_suggestions_are_whole(site)
    assert run_state(site, run) == "succeeded"

    worker = site.start_worker()
    site.wait_for(lambda: unread(site, first) == 0, 180, "all documents read")
    assert_suggestions_are_whole(site)

    # A second training dies: the first model goes on serving.
    count = "SELECT count(*) FROM annotator_suggestion WHERE checkpoint_id = ?"
    served = site.value(count, first)
    again = request_run(site)
    site.wait_for(lambda: run_state(site, again) == "running", 60, "a second run")
    site.kill(worker)
    assert site.value(ACTIVE) == first
    assert site.value(count, first) == served


IMPORT = """
from pathlib import Path
from django.core.files.base import File
from annotator import uploads
from annotator.models import ImportJob, Project
from tasks.imports import import_upload
path, project = Path({path!r}), Project.objects.get()
options = dict.fromkeys(["split", "annotated_by", "encoding"], "")
options |= dict(format="auto", document="sentence", count="10")
with path.open("rb") as file:
    kept = uploads.keep([File(file, path.name)], project.pk, options)
fields = dict(names=[path.name], options=options)
job, _ = ImportJob.request(project, kept.key, **fields)
import_upload.delay(job.pk)
print(job.pk)
"""


def test_a_worker_killed_while_it_stores_an_import_leaves_nothing_and_it_goes_on(
    site: Site,
) -> None:
    site.manage("create_project", "Notes")
    count = 40_000
    path = site.folder / "letters.jsonl"
    with path.open("w") as file:
        file.writelines(f'{{"text": "Letter {n} to Kew."}}\n' for n in range(count))
    worker = site.start_worker()
    script = IMPORT.format(path=str(path))
    job = int(site.manage("shell", "-v", "0", "-c", script).splitlines()[-1])
    progress = site.folder / "media" / "imports"

    def is_storing() -> bool:
        found = [path.read_text() for path in progress.glob("*/progress.json")]
        return any("storing" in text for text in found)

    state = "SELECT state FROM annotator_importjob WHERE id = ?"
    documents = "SELECT count(*) FROM annotator_document"
    site.wait_for(is_storing, 60, "some documents stored")
    site.kill(worker)
    assert (site.value(state, job), site.value(documents)) == ("running", 0)

    site.start_worker()
    site.wait_for(lambda: site.value(state, job) == "succeeded", 120, "success")
    attempt = "SELECT attempt FROM annotator_importjob WHERE id = ?"
    assert (site.value(attempt, job), site.value(documents)) == (2, count)
    site.wait_for(lambda: not list(progress.glob("*")), 10, "the upload's end")


def test_a_run_that_dies_three_times_fails_with_a_sentence(
    embedded_site: Site,
) -> None:
    site = embedded_site
    prepare(site, unlabelled=5)
    run = request_run(site)
    query = "SELECT attempt FROM annotator_trainingrun WHERE id = ?"
    for attempt in (1, 2, 3):
        worker = site.start_worker()
        site.wait_for(lambda n=attempt: site.value(query, run) == n, 90, "a claim")
        site.kill(worker)
    site.start_worker()
    site.wait_for(lambda: run_state(site, run) == "failed", 60, "failure")
    error = site.value("SELECT error FROM annotator_trainingrun WHERE id = ?", run)
    assert error == "The worker died 3 times during this run."
