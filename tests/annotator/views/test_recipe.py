"""Training options and partners in the settings of a project."""

from typing import get_args

import pytest
from django.contrib.auth.models import User
from django.forms import model_to_dict
from django.test import Client
from django.urls import reverse

from annotator.forms.projects import ProjectForm
from annotator.models import Membership, Project
from modeling.configuration import AuxiliaryLoss, Schedule, Start, Unfreezing

KNOWN = {
    "start": get_args(Start),
    "schedule": get_args(Schedule),
    "unfreezing": get_args(Unfreezing),
    "auxiliary": get_args(AuxiliaryLoss),
}


def settings_of(project: Project, **changes: object) -> dict[str, object]:
    """What the page sends when nothing but the changes was touched."""
    return model_to_dict(project, ProjectForm.Meta.fields) | changes


def save(client: Client, project: Project, **changes: object) -> bytes:
    address = reverse("project-settings", args=[project.pk])
    return client.post(address, settings_of(project, **changes)).content


@pytest.fixture
def diary(alice: User) -> Project:
    diary = Project.objects.create(name="Diary")
    Membership.objects.create(project=diary, user=alice, role="admin")
    return diary


def test_only_the_options_that_were_chosen_are_kept(
    as_alice: Client, project: Project
) -> None:
    chosen = {"schedule": "slanted", "frozen_layers": "3", "layer_decay": "0.8"}
    save(as_alice, project, **chosen, start="", epochs="", encoder_learning_rate="3e-5")
    project.refresh_from_db()
    assert project.recipe == {
        "schedule": "slanted",
        "frozen_layers": 3,
        "layer_decay": 0.8,
        "encoder_learning_rate": 3e-5,
    }
    save(as_alice, project)
    project.refresh_from_db()
    assert project.recipe == {}


def test_the_queue_can_be_left_alone_between_trainings(
    as_alice: Client, project: Project
) -> None:
    address = reverse("project-settings", args=[project.pk])
    assert 'name="has_fast_lane"' in as_alice.get(address).content.decode()
    for sent, is_on in (({}, False), ({"has_fast_lane": "on"}, True)):
        save(as_alice, project, **sent)
        project.refresh_from_db()
        assert project.has_fast_lane is is_on


def test_the_page_shows_what_was_chosen(as_alice: Client, project: Project) -> None:
    project.recipe = {"auxiliary": "boundary", "frozen_layers": 0}
    project.save()
    address = reverse("project-settings", args=[project.pk])
    page = as_alice.get(address).content.decode()
    assert '<option value="boundary" selected>' in page
    assert 'name="frozen_layers" value="0"' in page


@pytest.mark.parametrize("option", KNOWN)
def test_every_choice_that_training_knows_is_offered(
    as_alice: Client, project: Project, option: str
) -> None:
    address = reverse("project-settings", args=[project.pk])
    page = as_alice.get(address).content.decode()
    for value in KNOWN[option]:
        assert f'<option value="{value}">' in page
        save(as_alice, project, **{option: value})
        project.refresh_from_db()
        assert project.recipe == {option: value}


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("schedule", "cosine", "cosine is not one of the available choices"),
        ("frozen_layers", "-1", "greater than or equal to 0"),
        ("layer_decay", "1.5", "less than or equal to 1"),
        ("encoder_learning_rate", "1", "less than or equal to 0.1"),
        ("epochs", "many", "Enter a whole number"),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_field(
    as_alice: Client, project: Project, option: str, value: str, sentence: str
) -> None:
    page = save(as_alice, project, **{option: value}).decode()
    assert sentence in page
    project.refresh_from_db()
    assert project.recipe == {}


def test_partners_are_projects_that_the_person_administers(
    as_alice: Client, project: Project, diary: Project, alice: User
) -> None:
    foreign = Project.objects.create(name="Foreign")
    Membership.objects.create(project=foreign, user=alice, role="curator")
    address = reverse("project-settings", args=[project.pk])
    page = as_alice.get(address).content.decode()
    assert f'name="partners" value="{diary.pk}"' in page
    assert "Foreign" not in page
    assert f'name="partners" value="{project.pk}"' not in page

    save(as_alice, project, partners=[diary.pk])
    assert list(project.partners.all()) == [diary]
    assert list(diary.partners.all()) == [project]
    page = save(as_alice, project, partners=[foreign.pk]).decode()
    assert "not one of the available choices" in page
    assert list(project.partners.all()) == [diary]


def test_a_partner_that_one_may_not_see_stays(
    as_alice: Client, project: Project, diary: Project
) -> None:
    hidden = Project.objects.create(name="Hidden")
    project.partners.set([diary, hidden])
    save(as_alice, project, partners=[])
    assert list(project.partners.all()) == [hidden]


def test_an_admin_may_end_what_an_unseen_project_began(
    as_alice: Client, project: Project, diary: Project
) -> None:
    address = reverse("project-settings", args=[project.pk])
    assert "ends_hidden" not in as_alice.get(address).content.decode()
    hidden = Project.objects.create(name="Hidden")
    project.partners.set([diary, hidden])
    page = as_alice.get(address).content.decode()
    assert "ends_hidden" in page
    assert "Hidden" not in page
    save(as_alice, project, partners=[diary.pk], ends_hidden="on")
    assert list(project.partners.all()) == [diary]
