"""Building the demo projects: people, documents and the first half of the work."""

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from annotator.models import Annotation, Document, Edit, Membership, Project
from annotator.models.edits import SpanEdit

FOLDER = Path(__file__).resolve().parent
PEOPLE = ["admin", "curator", "annotator", "viewer"]  # each named after the role


@dataclass(frozen=True)
class Demo:
    """What one demo project is made of."""

    name: str
    files: tuple[str, ...]
    guideline: str
    fields: dict[str, Any]
    labels: dict[str, str]  # name: note for annotators
    annotated: int  # pool documents that are answered from the start


DEMOS = [
    Demo(
        name="Naturalists' papers",
        files=("naturalists_a.jsonl", "naturalists_b.jsonl"),
        guideline="naturalists.md",
        fields={"language": "en", "token_mode": "unicode-words"},
        labels={
            "PERSON": "A named person, without titles.",
            "PLACE": "Where something is: towns, rivers, islands, gardens.",
            "ORG": "A society, museum or nursery that acts.",
            "TAXON": "A scientific name, or a common name for a species or genus.",
            "WORK": "The title of a book, paper, chart or periodical.",
        },
        annotated=110,
    ),
    Demo(
        name="古建筑笔记",
        files=("gujianzhu.jsonl",),
        guideline="gujianzhu.md",
        fields={
            "language": "zh-hans",
            "token_mode": "characters",
            "encoder": "scratch",
        },
        labels={
            "人物": "姓名、字号；称谓不在内。",
            "地点": "地名，以及作为遗址的寺、塔、宫、桥。",
            "机构": "学社、博物院、委员会、学校。",
            "构件": "斗栱、阑额、昂、藻井等。",
            "文献": "书名号以内的书名、篇名。",
        },
        annotated=50,
    ),
]


def build_all() -> list[Project]:
    """Create the demo projects that do not exist; the others stay as they are."""
    with transaction.atomic():
        people = {name: _person(name) for name in PEOPLE}
        return [
            build(demo, people)
            for demo in DEMOS
            if not Project.objects.filter(name=demo.name).exists()
        ]


def password() -> str:
    """The demo people's password, made once and kept in the state folder."""
    path = Path(settings.VAR_DIR) / "demo_password"
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(4))
    return path.read_text().strip()


def _person(name: str) -> User:
    user, is_new = User.objects.get_or_create(
        username=name,
        defaults={"is_staff": name == "admin", "is_superuser": name == "admin"},
    )
    if is_new:
        user.set_password(password())
        user.save()
    return user


def build(demo: Demo, people: dict[str, User]) -> Project:
    """One project with its documents, the first part of them annotated."""
    guideline = (FOLDER / demo.guideline).read_text(encoding="utf-8")
    project = Project.objects.create(name=demo.name, guideline=guideline, **demo.fields)
    for name, note in demo.labels.items():
        label = project.ensure_labels([name])[name]
        label.note = note
        label.save()
    Membership.objects.bulk_create(
        Membership(project=project, user=user, role=name)
        for name, user in people.items()
    )
    answers = {record["id"]: record["spans"] for record in _store(demo, project)}
    project.draw_evaluation()
    _annotate(project, demo.annotated, people, answers)
    return project


def _read(demo: Demo) -> Iterator[dict[str, Any]]:
    for name in demo.files:
        with (FOLDER / name).open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def _store(demo: Demo, project: Project) -> list[dict[str, Any]]:
    records = list(_read(demo))
    Document.objects.bulk_create(
        Document.new(
            project,
            record["text"],
            external_id=record["id"],
            metadata=record["metadata"],
        )
        for record in records
    )
    return records


def _annotate(
    project: Project,
    count: int,
    people: dict[str, User],
    answers: dict[str, list[dict[str, Any]]],
) -> None:
    """Answer the evaluation slice and a seeded part of the pool from the corpus."""
    documents = project.documents.order_by("shuffle_key")
    chosen = [*documents.filter(split="evaluation")]
    chosen += documents.filter(split="pool")[:count]
    for index, document in enumerate(chosen):
        user = people["curator" if index % 4 == 0 else "annotator"]
        annotation = Annotation.objects.create(document=document, user=user)
        spans = [SpanEdit(**span) for span in answers[document.external_id]]
        edit = Edit(version=0, add=spans, state="submitted", seconds=len(spans) * 4.0)
        annotation.apply(edit, by=user)
