"""The whole loop as a person walks it, with a real web server and a real worker."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from modeling.spans import Span
from modeling.tagging import encode
from modeling.tokens import tokenize
from tests.system.site import ROOT, Site

pytestmark = [pytest.mark.browser, pytest.mark.slow]
STEPS = "60"
PASSWORD = "correct horse battery"


def records() -> list[dict[str, Any]]:
    source = ROOT / "annotator/demo/naturalists_a.jsonl"
    return [json.loads(line) for line in source.read_text("utf-8").splitlines()]


def write_conll(path: Path, documents: list[dict[str, Any]]) -> Path:
    """Each document as one sentence of CoNLL-2002 columns."""
    with path.open("w", encoding="utf-8") as file:
        for document in documents:
            text = document["text"]
            tokens = tokenize(text)
            spans = [Span(s["start"], s["end"], s["label"]) for s in document["spans"]]
            tags = encode(spans, tokens).tags
            for (start, end), tag in zip(tokens, tags, strict=True):
                file.write(f"{text[start:end]} {tag}\n")
            file.write("\n")
    return path


def write_jsonl(path: Path, documents: list[dict[str, Any]]) -> Path:
    lines = [
        json.dumps({"id": document["id"], "text": document["text"]}, ensure_ascii=False)
        for document in documents
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(
        tmp_path,
        DJANGO_SUPERUSER_PASSWORD=PASSWORD,
        TRAINING_MIN_STEPS=STEPS,
        TRAINING_MAX_STEPS=STEPS,
    )
    site.manage("migrate", "-v", "0")
    account = ("--username", "alice", "--email", "alice@example.org")
    site.manage("createsuperuser", "--no-input", *account)
    by_button = ("--admin", "alice", "--retrain-every", "0")
    labels = ("--labels", "PERSON,PLACE,ORG,TAXON,WORK")
    site.manage("create_project", "Notes", *labels, *by_button)
    site.manage("create_project", "Copy", *by_button)
    yield site
    site.close()


class Visitor:
    """Alice in her browser."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.address = address
        page.set_default_timeout(30_000)

    def log_in(self) -> None:
        self.page.goto(f"{self.address}/")
        self.page.get_by_label("Username").fill("alice")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("text=Notes")

    def visit(self, path: str) -> None:
        self.page.goto(f"{self.address}{path}")

    def send_in(self, project: int, path: Path, **options: str) -> None:
        """Upload, look at the preview, leave the rest to a worker."""
        self.visit(f"/projects/{project}/import/")
        self.page.set_input_files("input[type=file]", path)
        for name, value in options.items():
            self.page.select_option(f"select[name={name}]", value)
        self.page.get_by_role("button", name="Preview").click()
        self.page.wait_for_selector("text=Nothing is stored yet.")
        self.page.get_by_role("button", name="Import", exact=True).click()

    def bring_in(self, project: int, path: Path, **options: str) -> str:
        """Import a file; the text of the report."""
        self.send_in(project, path, **options)
        return self.outcome()

    def outcome(self) -> str:
        """What the page says by itself when the worker is done."""
        self.page.wait_for_selector("text=New documents")
        return str(self.page.inner_text("main"))

    def queue(self) -> list[dict[str, Any]]:
        response = self.page.request.get(f"{self.address}/api/projects/1/queue?n=100")
        body = response.json()
        return list(body["documents"] if isinstance(body, dict) else body)

    def annotate_next(self) -> int:
        """Open the next document; its primary key."""
        self.visit("/projects/1/annotate/")
        self.page.wait_for_selector("#desk.is-ready")
        return int(self.page.get_attribute("#desk", "data-document"))

    def submit(self, document: int) -> None:
        """Submit, and wait until the next document is open or none is left."""
        self.page.keyboard.press("Control+Enter")
        here = f"/documents/{document}/"
        self.page.wait_for_url(lambda address: here not in address)

    def export(self, project: int, folder: Path) -> bytes:
        self.visit(f"/projects/{project}/export/")
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name="Download").click()
        path = folder / f"export-{project}.zip"
        download.value.save_as(path)
        with ZipFile(path) as archive:
            names = archive.namelist()
            assert any(name.endswith("report.json") for name in names)
            data = next(name for name in names if name.endswith(".conll"))
            return archive.read(data)


def import_both_files(alice: Visitor, site: Site, folder: Path) -> None:
    """60 documents with gold answers from CoNLL, 30 without from JSON lines."""
    known, fresh = records()[:60], records()[60:90]
    conll = write_conll(folder / "known.conll", known)
    alice.send_in(1, conll, annotated_by="gold")
    # Nobody listens yet: the page says so within five seconds, and goes on by itself.
    waits = "text=No worker is listening. The import waits"
    alice.page.wait_for_selector(waits, timeout=5_000)
    site.start_worker()
    report = alice.outcome()
    assert "60" in report and "imported" in report
    alice.bring_in(1, write_jsonl(folder / "fresh.jsonl", fresh), split="pool")
    cold = alice.queue()
    assert len(cold) == 30
    assert {row["confidence"] for row in cold} == {None}


def annotate_one(alice: Visitor, site: Site) -> None:
    """The first token of the next document becomes a PERSON, by keys alone."""
    document = alice.annotate_next()
    alice.page.locator("#text").focus()
    for key in ("Home", "Shift+ArrowRight", "1"):
        alice.page.keyboard.press(key)
    alice.page.wait_for_selector("text=Saved")
    alice.submit(document)
    submitted = "SELECT count(*) FROM annotator_annotation WHERE user_id IS NOT NULL"
    assert site.value(f"{submitted} AND state = 'submitted'") == 1


def retrain(alice: Visitor, site: Site) -> int:
    """Press the button, watch the steps, wait for the model; its primary key."""
    alice.visit("/projects/1/training/")
    alice.page.get_by_role("button", name="Retrain").click()
    alice.page.wait_for_selector(f"text=/step \\d+ of {STEPS}/", timeout=120_000)
    alice.page.wait_for_selector("text=, in use", timeout=300_000)
    checkpoint = int(site.value("SELECT id FROM annotator_checkpoint"))
    unread = "SELECT count(*) FROM annotator_document WHERE split = 'pool' AND "
    unread += "(checkpoint_id IS NULL OR checkpoint_id <> ?)"
    site.wait_for(lambda: site.value(unread, checkpoint) == 0, 120, "all read")
    return checkpoint


def accept_one(alice: Visitor, site: Site, checkpoint: int) -> None:
    """The least certain document is served; in one with suggestions, accept one."""
    warm = alice.queue()
    confidences = [row["confidence"] for row in warm]
    assert len(warm) == 29
    assert confidences == sorted(confidences)
    assert alice.annotate_next() == warm[0]["id"]
    document = site.value(
        "SELECT d.id FROM annotator_document d JOIN annotator_suggestion s "
        "ON s.document_id = d.id WHERE d.id NOT IN "
        "(SELECT document_id FROM annotator_annotation) ORDER BY d.confidence LIMIT 1"
    )
    alice.visit(f"/documents/{document}/annotate/")
    alice.page.wait_for_selector("#desk.is-ready")
    alice.page.locator("#text").focus()
    alice.page.keyboard.press("Tab")
    alice.page.keyboard.press("Enter")
    accepted = "SELECT count(*) FROM annotator_span WHERE suggested_by_id = ?"
    site.wait_for(lambda: site.value(accepted, checkpoint) == 1, 20, "acceptance")
    alice.submit(document)


def test_a_person_imports_annotates_retrains_and_exports(
    browser: Any, site: Site, tmp_path: Path
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    alice = Visitor(context.new_page(), site.start_web())
    alice.log_in()
    import_both_files(alice, site, tmp_path)
    alice.page.wait_for_selector("text=1 worker listening", timeout=30_000)
    annotate_one(alice, site)
    checkpoint = retrain(alice, site)
    accept_one(alice, site, checkpoint)

    exported = alice.export(1, tmp_path)
    assert exported.decode().count("-DOCSTART-") in (0, 62)
    (tmp_path / "exported.conll").write_bytes(exported)
    unit = "docstart" if b"-DOCSTART-" in exported else "sentence"
    alice.bring_in(2, tmp_path / "exported.conll", annotated_by="gold", document=unit)
    assert alice.export(2, tmp_path) == exported
    context.close()
