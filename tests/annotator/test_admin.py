"""The Django admin opens every model, and writes what it may."""

from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotator.models import Annotation, Document, Edit, Project
from tasks.training import retrain


@pytest.fixture
def root(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.mark.parametrize("model", [*apps.get_app_config("annotator").get_models()])
def test_every_model_has_a_list(root: Client, model: Any) -> None:
    assert admin.site.is_registered(model)
    address = reverse(f"admin:annotator_{model._meta.model_name}_changelist")
    assert root.get(address).status_code == 200


def test_schedules_can_be_edited(root: Client) -> None:
    address = reverse("admin:django_celery_beat_periodictask_add")
    assert root.get(address).status_code == 200


def test_the_action_retrains_each_project_once(
    root: Client,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    monkeypatch.setattr(retrain, "delay", sent := Mock())
    chosen = {"action": "retrain_projects", "_selected_action": [project.pk]}
    address = reverse("admin:annotator_project_changelist")
    for _press in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            root.post(address, chosen)
    sent.assert_called_once_with(project.training_runs.get().pk)


def test_revisions_can_be_read_but_not_changed(
    root: Client, project: Project, alice: User
) -> None:
    document = Document.new(project, "Ada.")
    document.save()
    annotation = Annotation.objects.create(document=document, user=alice)
    annotation.apply(Edit(version=0, state="submitted"), by=alice)
    revision = annotation.revisions.get()
    address = reverse("admin:annotator_revision_change", args=[revision.pk])
    assert root.get(address).status_code == 200
    assert root.post(address, {"version": 9}).status_code == 403
    delete = reverse("admin:annotator_revision_delete", args=[revision.pk])
    assert root.post(delete, {"post": "yes"}).status_code == 403
    assert annotation.revisions.get().version == 1


def test_an_ordinary_person_has_no_admin(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get(reverse("admin:index")).status_code == 302
