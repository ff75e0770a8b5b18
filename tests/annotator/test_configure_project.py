"""The settings of a project from the command line, by the form of its page."""

from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError
from pytest_django import DjangoCaptureOnCommitCallbacks

from annotator.models import Document, Project
from tasks.learning import learn_rules
from tasks.prediction import preannotate_project
from tests.annotator.test_commands import as_json, run


def configure(project: Project, *settings: str) -> str:
    options = [option for one in settings for option in ("--set", one)]
    output = run("configure_project", project.name, *options)
    project.refresh_from_db()
    return output


@pytest.fixture
def diary(db: None) -> Project:
    return Project.objects.create(name="Diary")


def test_without_a_change_the_settings_are_shown(
    project: Project, diary: Project
) -> None:
    project.recipe = {"layer_decay": 0.8}
    project.save()
    project.partners.add(diary)
    lines = configure(project).splitlines()
    assert "exploration=0.1" in lines
    assert "layer_decay=0.8" in lines
    assert "schedule=" in lines
    assert "has_fast_lane=on" in lines
    assert "partners=Diary" in lines
    found = as_json("configure_project", "News")
    assert (found["project"], found["name"]) == (project.pk, "News")
    assert found["settings"]["partners"] == ["Diary"]
    assert found["settings"]["layer_decay"] == 0.8


def test_what_is_set_is_changed_and_all_else_stays(
    project: Project, diary: Project
) -> None:
    project.recipe = {"unfreezing": "gradual", "epochs": 2}
    project.guideline = "Mark names."
    project.save()
    options = ("schedule=slanted", "start=checkpoint", "auxiliary=boundary", "epochs=")
    others = ("exploration=0.25", "has_fast_lane=off", "partners=Diary")
    output = configure(project, *options, *others)
    assert "schedule=slanted" in output.splitlines()
    assert project.recipe == {
        "start": "checkpoint",
        "schedule": "slanted",
        "unfreezing": "gradual",
        "auxiliary": "boundary",
    }
    assert (project.exploration, project.has_fast_lane) == (0.25, False)
    assert project.guideline == "Mark names."
    assert list(diary.partners.all()) == [project]

    configure(project, "has_fast_lane=on", "partners=")
    assert project.has_fast_lane
    assert not project.partners.exists()


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("schedule=cosine", "schedule: .*cosine is not one of the available choices"),
        ("layer_decay=2", "layer_decay: .*less than or equal to 1"),
        ("exploration=3", "exploration: .*less than or equal to 1"),
        ("encoder=/nowhere", "encoder: The folder “/nowhere” holds no encoder"),
        ("has_fast_lane=maybe", "“has_fast_lane” is on or off, not “maybe”"),
        ("partners=Diary", "There is no project “Diary”"),
        ("partners=News", "partners: .*not one of the available choices"),
        ("colour=red", "There is no setting “colour”; known: name, language"),
        ("schedule", "“schedule” is no setting: write KEY=VALUE"),
    ],
)
def test_what_the_page_refuses_is_refused_and_nothing_is_changed(
    project: Project, setting: str, sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        configure(project, "retrain_every=7", setting)
    project.refresh_from_db()
    assert (project.recipe, project.retrain_every) == ({}, 20)


def test_models_and_rules_look_again_as_after_a_change_on_the_page(
    project: Project,
    bob: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with (
        patch.object(preannotate_project, "delay") as read,
        patch.object(learn_rules, "delay") as learnt,
        django_capture_on_commit_callbacks(execute=True),
    ):
        configure(project, "token_mode=characters")
    for task in (read, learnt):
        task.assert_called_once_with(project.pk)
    assert Document.new(project, "Ada").tokenize() == [(0, 1), (1, 2), (2, 3)]
