"""How a person likes the desk, wherever he or she sits down."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.forms.models import model_to_dict
from django.http import HttpRequest
from ninja import Router, Status

from annotator import access, keymap
from annotator.api import schemas
from annotator.models import Preferences, Project, Threshold

router = Router(tags=["preferences"])
FIELDS = ("keys", "font_size", "line_height", "has_line_numbers")


@router.get("/preferences", response=schemas.PreferencesOut)
def read_preferences(request: HttpRequest) -> dict[str, Any]:
    """The person's own preferences, and the thresholds of the projects."""
    return _everywhere(request.user)


@router.patch(
    "/preferences", response={200: schemas.PreferencesOut, 422: schemas.Refusal}
)
def change_preferences(
    request: HttpRequest, body: schemas.PreferencesIn
) -> Status[Any]:
    """Change what is named and leave the rest."""
    changes = body.dict(exclude_unset=True)
    try:
        keymap.check(changes.get("keys", {}))
    except keymap.KeyRefused as refusal:
        return Status(422, {"detail": str(refusal)})
    _store(request.user, changes)
    return Status(200, _everywhere(request.user))


def preferences_at(project: Project, user: Any) -> dict[str, Any]:
    """What the desk of one project needs to know."""
    threshold = Threshold.objects.filter(user=user, project=project).first()
    return {**_describe(user), "threshold": threshold and threshold.value}


def _everywhere(user: Any) -> dict[str, Any]:
    projects = access.projects_of(user)
    thresholds = Threshold.objects.filter(user=user, project__in=projects)
    chosen = dict(thresholds.values_list("project", "value"))
    return {**_describe(user), "thresholds": chosen}


def _describe(user: Any) -> dict[str, Any]:
    chosen = Preferences.objects.filter(user=user).first() or Preferences(user=user)
    return model_to_dict(chosen, FIELDS)


@transaction.atomic
def _store(user: Any, changes: dict[str, Any]) -> None:
    _store_thresholds(user, changes.pop("thresholds", {}))
    if changes:
        Preferences.objects.update_or_create(user=user, defaults=changes)


def _store_thresholds(user: Any, thresholds: Mapping[int, float | None]) -> None:
    for pk, value in thresholds.items():
        project = access.get_project(user, pk)
        if value is None:
            Threshold.objects.filter(user=user, project=project).delete()
        else:
            Threshold.objects.update_or_create(
                user=user, project=project, defaults={"value": value}
            )
