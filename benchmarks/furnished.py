"""What the editor's benchmark opens: documents half done, on a server of their own."""

import math
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.workspace import make_project
from tests.services import free_port, wait_for_port

if TYPE_CHECKING:
    from annotator.models import Document

ROOT = Path(__file__).resolve().parent.parent
LABELS = ("PERSON", "PLACE", "ORG")
WORDS = [
    *("the", "garden", "letter", "wrote", "to", "from", "river"),
    *("of", "a", "specimen", "collected", "near", "Kew"),
]


def furnish() -> tuple[dict[str, "Document"], dict[str, str]]:
    """Store a person with the documents half done; and the cookie of a session."""
    from django.contrib.auth.models import User
    from django.test import Client

    from annotator.models import Membership

    project = make_project(LABELS)
    person = User.objects.create_user("benchmark")
    Membership.objects.create(project=project, user=person, role="annotator")
    long, line = (make_text(200_000, break_every) for break_every in (500, None))
    made = {
        "long": (long, 3000),
        "line": (line, 3000),
        "short": (make_text(2000, 500), 30),
    }
    documents = {
        name: add_document(project, text, count, person)
        for name, (text, count) in made.items()
    }
    client = Client()
    client.force_login(person)
    (cookie,) = (client.cookies[name] for name in client.cookies)
    return documents, {"name": cookie.key, "value": cookie.value}


def make_text(length: int, break_every: int | None) -> str:
    """Words of one seed, with a line break about every so many characters."""
    source = random.Random(0)
    words, size = [], 0
    while size < length:
        word = source.choice(WORDS)
        size += len(word) + 1
        is_end = break_every is not None and size % break_every < len(word) + 1
        words.append(word + ("\n" if is_end else " "))
    return "".join(words)[:length]


def add_document(project: Any, text: str, count: int, person: Any) -> "Document":
    """Store a text with so many spans of the person's and so many suggestions.

    The first twenty tokens and then every second one stay free, for the edits.
    """
    from annotator.models import (
        Annotation,
        Checkpoint,
        Document,
        Edit,
        Suggestion,
        TrainingRun,
    )
    from annotator.models.edits import SpanEdit

    document = Document.new(project, text)
    document.save()
    run = TrainingRun.objects.create(project=project, state="succeeded")
    checkpoint = Checkpoint.objects.create(
        project=project, training_run=run, folder="c", encoder="bundled", labels={}
    )
    tokens = document.tokenize()[1::2]
    step = len(tokens) / (2 * count)
    places = [tokens[math.floor(number * step)] for number in range(2 * count)]
    labels = list(project.labels.all())[1:]
    annotation = Annotation.objects.create(document=document, user=person)
    spans = [
        SpanEdit(start, end, labels[number % 2].name)
        for number, (start, end) in enumerate(places[::2])
    ]
    annotation.apply(Edit(version=0, add=spans), by=person)
    Suggestion.objects.bulk_create(
        Suggestion(
            document=document,
            checkpoint=checkpoint,
            label=labels[number % 2],
            start=start,
            end=end,
            confidence=0.3 + number % 70 / 100,
        )
        for number, (start, end) in enumerate(places[1::2])
    )
    return document


@contextmanager
def serving(folder: str) -> Iterator[str]:
    """Run the web server on the workspace, as it is deployed."""
    environment = {**os.environ, "VAR_DIR": folder}
    port = free_port()

    def command(*arguments: str) -> Sequence[str]:
        return [sys.executable, *arguments]

    collect = command("manage.py", "collectstatic", "--no-input", "-v", "0")
    subprocess.run(collect, cwd=ROOT, env=environment, check=True)
    where = ("--bind", f"127.0.0.1:{port}", "--threads", "4")
    web = command("-m", "gunicorn", "annotator.wsgi", *where, "--log-level", "warning")
    server = subprocess.Popen(web, cwd=ROOT, env=environment)
    try:
        wait_for_port(port, 60)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)
