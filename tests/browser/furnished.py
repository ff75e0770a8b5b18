"""A project in which every page has something to show."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.utils import timezone

from annotator import rulebook
from annotator.models import (
    Annotation,
    Assessment,
    Checkpoint,
    Comment,
    Document,
    Edit,
    Project,
    Suggestion,
    TrainingRun,
    Worker,
)
from annotator.models.edits import SpanEdit
from tests.annotator.views.conftest import finished_run
from tests.browser.desk import BASEL, KARL, TEXT, add_document

BINS = [[0.5, 0.6, 0.55, 0.5, 2], [0.9, 1.0, 0.97, 1.0, 9]]
CONFUSION = [
    ["missed", "LOC", "", 1],
    ["right", "PER", "PER", 1],
    ["label", "LOC", "ORG", 2],
    ["longer_right", "PER", "PER", 1],
]
GUIDELINE = "# Names\n\nMark **every** name.\n\n| a | b |\n|---|---|\n| 1 | 2 |"
HESITATION = {"start": 23, "end": 28, "alternatives": [["LOC", 0.52], ["ORG", 0.46]]}


def furnish(project: Project, alice: User, bob: User) -> Document:
    """Fill the project; the document that the editor is shown with."""
    project.guideline = GUIDELINE
    project.yardstick = {
        name: [[100, 0.4, 0.3, 0.5], [200, 0.6, 0.5, 0.7]]
        for name in ("random", "lowest_marginal")
    }
    project.save()
    project.labels.filter(name="PER").update(note="People, no gods.")
    version = _train(project)
    document = add_document(
        project,
        metadata={"source": "a letter"},
        confidence=0.4,
        checkpoint=version,
        uncertain_tokens=[HESITATION],
    )
    _propose(document, version)
    _annotate(project, alice, bob)
    place = {"start": 23, "end": 28, "surface": "Basel"}
    Comment.objects.create(document=document, author=bob, text="A club?", **place)
    rulebook.add(project, [rulebook.Entry("LOC", "Basel")], by=alice)
    Worker.objects.create(name="cpu@host", seen_at=timezone.now())
    return document


def _train(project: Project) -> Checkpoint:
    measured = {"confusion": CONFUSION, "reliability": BINS, "trained_tokens": 150}
    old = finished_run(project, f1=0.4, trained_tokens=80)
    new = finished_run(project, previous_f1=0.4, ece=0.031, auroc=0.9, **measured)
    new.activate()
    judged = add_document(project, "Ada met Bo in Kew.", split="evaluation")
    for version in (old, new):
        Assessment.objects.create(
            checkpoint=version,
            document=judged,
            gold=[[0, 3, "PER"], [8, 10, "PER"], [14, 17, "LOC"]],
            predicted=[[0, 3, "PER"], [8, 13, "PER"]],
        )
    _start_run(project).fail("The encoder “nowhere/bert” is not there.")
    _start_run(project)
    return new


def _start_run(project: Project) -> TrainingRun:
    now = timezone.now()
    return TrainingRun.objects.create(
        project=project,
        state="running",
        phase="training",
        attempt=1,
        started_at=now,
        heartbeat_at=now,
        step=7,
        total_steps=50,
        history=[{"step": 1, "loss": 9.0}, {"step": 7, "loss": 4.0}],
    )


def _propose(document: Document, version: Checkpoint) -> None:
    for (start, end), name, confidence in ((KARL, "PER", 0.95), (BASEL, "LOC", 0.4)):
        Suggestion.objects.create(
            document=document,
            checkpoint=version,
            label=document.project.labels.get(name=name),
            start=start,
            end=end,
            confidence=confidence,
        )


def _annotate(project: Project, alice: User, bob: User) -> None:
    for user, state in ((alice, "submitted"), (bob, "flagged"), (bob, "skipped")):
        done = add_document(project, f"{state}: {TEXT}", confidence=0.7)
        annotation = Annotation.objects.create(document=done, user=user)
        start = len(state) + 2
        edit = Edit(version=0, add=[SpanEdit(start, start + 3, "PER")], state=state)
        annotation.apply(edit, by=user)


def addresses(project: Project, document: Document) -> Iterator[str]:
    """Every page of a project, then those of the site."""
    base = f"/projects/{project.pk}"
    versions = Checkpoint.objects.filter(project=project).order_by("pk")
    for name in ("", "documents/", "documents/?q=nothing", "import/", "training/"):
        yield f"{base}/{name}"
    for name in ("export/", "members/", "settings/", "rules/"):
        yield f"{base}/{name}"
    old, new = versions
    yield f"{base}/checkpoints/{new.pk}/"
    yield f"{base}/checkpoints/{new.pk}/mistakes/?kind=missed&gold=LOC"
    yield f"{base}/checkpoints/compare/?first={old.pk}&second={new.pk}"
    yield f"/documents/{document.pk}/annotate/"
    edited = project.documents.get(annotations__state="submitted")
    yield f"/documents/{edited.pk}/revisions/"
    yield from ("/", "/projects/new/", "/no-such-page/", "/500/")


def show_500(page: Any) -> None:
    """Answer /500/ with the page for a broken server, which none of ours shows."""
    body = render_to_string("500.html")
    answer = {"status": 500, "content_type": "text/html; charset=utf-8", "body": body}
    page.route("**/500/", lambda route: route.fulfill(**answer))
