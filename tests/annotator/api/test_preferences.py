"""How a person likes the desk, over the wire."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotator.models import Document, Preferences, Project, Threshold

STANDARD = {
    "keys": {},
    "font_size": 100,
    "line_height": 100,
    "has_line_numbers": False,
    "thresholds": {},
}


@pytest.fixture
def bobs(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


def change(client: Client, **changes: Any) -> Any:
    body = json.dumps(changes)
    return client.patch("/api/preferences", body, content_type="application/json")


def read(client: Client) -> Any:
    return client.get("/api/preferences").json()


def test_reading_creates_nothing(bobs: Client) -> None:
    assert read(bobs) == STANDARD
    assert not Preferences.objects.exists()


def test_a_change_leaves_the_rest_as_it_is(bobs: Client) -> None:
    change(bobs, font_size=130, keys={"accept": "a"})
    reply = change(bobs, has_line_numbers=True)
    assert reply.status_code == 200
    wanted = {"font_size": 130, "keys": {"accept": "a"}, "has_line_numbers": True}
    assert reply.json() == read(bobs) == STANDARD | wanted


def test_the_desk_comes_with_the_preferences(
    bobs: Client, document: Document, project: Project
) -> None:
    url = f"/api/documents/{document.pk}/annotation"
    assert bobs.get(url).json()["preferences"]["threshold"] is None
    change(bobs, line_height=120, thresholds={project.pk: 0.75})
    assert bobs.get(url).json()["preferences"] == {
        "keys": {},
        "font_size": 100,
        "line_height": 120,
        "has_line_numbers": False,
        "threshold": 0.75,
    }


def test_a_threshold_belongs_to_one_project_and_can_be_forgotten(
    bobs: Client, project: Project
) -> None:
    assert change(bobs, thresholds={project.pk: 0.0}).status_code == 200
    assert read(bobs)["thresholds"] == {str(project.pk): 0.0}
    assert change(bobs, thresholds={project.pk: None}).json()["thresholds"] == {}


def test_preferences_are_a_person_s_own(
    bobs: Client, alice: User, project: Project
) -> None:
    change(bobs, font_size=150, thresholds={project.pk: 0.6})
    alices = Client()
    alices.force_login(alice)
    assert read(alices) == STANDARD


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"keys": {"fly": "a"}}, "There is no command “fly”."),
        (
            {"keys": {"accept": "f"}},
            "“f” is taken by “flag”: “accept” needs another key.",
        ),
        ({"keys": {"accept": "a", "reject": "a"}}, "“a” is taken by “accept”"),
        ({"keys": {"escape": "q"}}, "The key Escape always lets go"),
        ({"keys": {"accept": "Escape"}}, "“Escape” is taken by “escape”"),
        ({"keys": {"accept": "A"}}, "“A” is not a key."),
        ({"keys": {"accept": "a b"}}, "“a b” is not a key."),
        ({"keys": {"accept": "\0"}}, "“\0” is not a key."),
        ({"keys": {"accept": None}}, "keys.accept: "),
        ({"font_size": 1}, "font_size: "),
        ({"line_height": 301}, "line_height: "),
        ({"has_line_numbers": "perhaps"}, "has_line_numbers: "),
        ({"colour": "red"}, "colour: "),
    ],
)
def test_nonsense_is_refused_in_one_sentence(
    bobs: Client, changes: dict[str, Any], sentence: str
) -> None:
    refused = change(bobs, **changes)
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith(sentence)
    assert not Preferences.objects.exists()


def test_a_threshold_is_a_probability_of_a_project_one_can_open(
    bobs: Client, charlie: User, project: Project
) -> None:
    refused = change(bobs, thresholds={project.pk: 1.5})
    assert refused.status_code == 422
    assert change(bobs, thresholds={project.pk + 1: 0.5}).status_code == 404
    outsider = Client()
    outsider.force_login(charlie)
    reply = change(outsider, thresholds={project.pk: 0.5}, font_size=120)
    assert reply.status_code == 404
    assert not Threshold.objects.exists()
    assert not Preferences.objects.exists()


def test_a_stranger_gets_401(db: None) -> None:
    assert Client().get("/api/preferences").status_code == 401
    assert change(Client(), font_size=120).status_code == 401
