"""Who may open what: every address of the site, walked with every kind of person."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from annotator import keeping, uploads
from annotator.api import api
from annotator.export_options import ExportOptions
from annotator.models import (
    Checkpoint,
    Comment,
    Document,
    Export,
    ImportJob,
    Membership,
    Project,
    Rule,
    TrainingRun,
)

OPEN = {"login", "logout", "set-language", "javascript-catalog", "health"}
WITHOUT_PROJECT = OPEN | {"project-list", "project-create", "worker-status"}
DESCRIPTIONS = {"openapi-json", "openapi-view", "api-root"}
OWN = {"/api/preferences"}  # of the person, see tests/annotator/api/test_preferences.py
READS = {"project-detail", "document-list", "document-annotate", "training"} | {
    "document-jump",
    "revision-list",
    "training-progress",
    "document-export",
    "document-export-file",
    "export-job",
    "export-progress",
    "export-again",
    "member-list",
    "rule-list",
    "rule-export",
    "checkpoint-detail",
    "checkpoint-mistakes",
    "checkpoint-compare",
}
ANNOTATES = {"annotate-next"}
# What a viewer may send: an export is kept, and changes nothing of the work.
EXPORTS = {"document-export", "export-again"}
LEADS_ON = {"document-jump", "export-again"}  # answers with another address


@dataclass(frozen=True)
class Address:
    """A page, which may answer GET, POST or both, or one operation of the API."""

    name: str
    route: str
    methods: tuple[str, ...] = ("get", "post")

    @property
    def is_api(self) -> bool:
        return self.route.startswith("api/")

    def fill(self, values: dict[str, Any]) -> str:
        """The path, with the key of an object of the project for each argument."""
        owner = "document" if "documents/<" in self.route else "project"

        def value(match: re.Match[str]) -> str:
            name = match.group(1)
            return str(values[name if name in values else owner])

        return "/" + re.sub(r"[<{](?:\w+:)?(\w+)[>}]", value, self.route)


def operations() -> Iterator[Address]:
    """Every operation that the API describes."""
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method in methods:
            yield Address(f"{method} {path}", path.removeprefix("/"), (method,))


def addresses() -> Iterator[Address]:
    """Every address but the Django admin's, which has its own staff log-in."""

    def walk(patterns: list[Any], prefix: str) -> Iterator[Address]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver) and pattern.app_name != "admin":
                yield from walk(pattern.url_patterns, route)
            elif isinstance(pattern, URLPattern):
                yield Address(pattern.name or "", route)

    yield from walk(get_resolver().url_patterns, "")


def pages() -> list[Address]:
    return [a for a in addresses() if not a.is_api or a.name in DESCRIPTIONS]


def of_projects() -> list[Address]:
    closed = WITHOUT_PROJECT | DESCRIPTIONS
    inside = [page for page in pages() if page.name not in closed]
    return inside + [o for o in operations() if f"/{o.route}" not in OWN]


def for_admins() -> list[Address]:
    known = READS | ANNOTATES
    return [a for a in of_projects() if not a.is_api and a.name not in known]


def named(address: Address) -> str:
    return address.name or address.route


@pytest.fixture
def values(
    project: Project, alice: User, settings: Any, tmp_path: Any
) -> dict[str, Any]:
    """An object of the project for every kind of argument."""
    settings.MEDIA_ROOT = tmp_path
    document = Document.new(project, "Ada met Babbage.")
    document.save()
    run = TrainingRun.objects.create(project=project, state="failed")
    checkpoint = Checkpoint.objects.create(
        project=project, training_run=run, folder="one", encoder="x", labels={}
    )
    rule = Rule.objects.create(
        project=project, label=project.labels.first(), text="Basel"
    )
    comment = Comment.write(document, "Which Ada?", by=alice)
    kept = keeping.keep(project, ExportOptions())
    waiting = uploads.keep([], project.pk, {"annotated_by": "", "format": "auto"})
    job = ImportJob.objects.create(project=project, upload=uuid.uuid4())
    return {
        "project": project.pk,
        "document": document.pk,
        "run": run.pk,
        "job": job.pk,
        "checkpoint": checkpoint.pk,
        "member": Membership.objects.get(user=alice, project=project).pk,
        "rule": rule.pk,
        "export": kept.pk,
        "comment_id": comment.pk,
        "key": waiting.key,
    }


def client_of(project: Project, role: str | None) -> Client:
    user = User.objects.create_user(f"a-{role}")
    if role:
        Membership.objects.create(project=project, user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


def test_the_walk_finds_the_pages_and_the_api() -> None:
    assert {page.name for page in pages()} >= READS | ANNOTATES | WITHOUT_PROJECT
    described = {operation.route for operation in operations()}
    routed = {a.route for a in addresses()} - {page.route for page in pages()}
    assert described == {re.sub(r"<\w+:(\w+)>", r"{\1}", route) for route in routed}
    assert described >= {path.removeprefix("/") for path in OWN}


@pytest.mark.parametrize("address", of_projects(), ids=named)
def test_an_outsider_finds_nothing(
    values: dict[str, Any], project: Project, address: Address
) -> None:
    client = client_of(project, None)
    replies = {ask(client, address, m, values).status_code for m in address.methods}
    assert 404 in replies
    assert replies <= {404, 405}


@pytest.mark.parametrize("address", of_projects(), ids=named)
def test_nobody_gets_in_without_logging_in(
    values: dict[str, Any], address: Address
) -> None:
    for method in address.methods:
        response = ask(Client(), address, method, values)
        if address.is_api:
            assert response.status_code == 401
        else:
            assert response.status_code == 302
            assert response["Location"].startswith("/login/")


def test_pages_without_a_project_need_a_log_in_too(db: None) -> None:
    closed = (WITHOUT_PROJECT | DESCRIPTIONS) - OPEN
    walked = [page for page in pages() if page.name in closed]
    assert len(walked) > 3
    for page in walked:
        status = Client().get("/" + page.route).status_code
        assert status in (302, 401, 404), page


@pytest.mark.parametrize("address", of_projects(), ids=named)
def test_a_viewer_reads_and_changes_nothing(
    values: dict[str, Any], project: Project, address: Address
) -> None:
    client = client_of(project, "viewer")
    has_exports = address.name not in EXPORTS
    before = snapshot(has_exports=has_exports)
    reads = address.methods == ("get",) if address.is_api else address.name in READS
    for method in address.methods:
        response = ask(client, address, method, values)
        may = reads and (method == "get" or address.name in EXPORTS)
        found = 302 if address.name in LEADS_ON else 200
        allowed = found if may else 403
        expected = {allowed} if address.is_api else {allowed, 405}
        assert response.status_code in expected, response.content
    assert snapshot(has_exports=has_exports) == before


@pytest.mark.parametrize("address", for_admins(), ids=named)
def test_an_annotator_administers_nothing(
    values: dict[str, Any], project: Project, address: Address
) -> None:
    client = client_of(project, "annotator")
    statuses = {ask(client, address, m, values).status_code for m in ("get", "post")}
    assert statuses <= {403, 405}
    assert 403 in statuses


def ask(client: Client, address: Address, method: str, values: dict[str, Any]) -> Any:
    path = address.fill(values)
    send = getattr(client, method)
    if method == "get" or not address.is_api:
        return send(path)
    edit = {"version": 0, "edit_id": str(uuid.uuid4())}
    comment = {"text": "Nobody reads this.", "is_resolved": True}
    return send(path, edit | comment, content_type="application/json")


def snapshot(*, has_exports: bool = True) -> Any:
    """Everything a request could have changed."""
    models = set(apps.get_app_config("annotator").get_models())
    models -= set() if has_exports else {Export}
    return {
        model.__name__: sorted(map(repr, model.objects.values_list()))
        for model in models
    }
