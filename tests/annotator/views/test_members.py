"""Adding people, changing roles, removing people."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotator.models import Membership, Project


@pytest.fixture
def post(as_alice: Client, project: Project) -> Callable[..., str]:
    def send(name: str, *args: int, **data: str) -> str:
        address = reverse(name, args=[project.pk, *args])
        return as_alice.post(address, data, follow=True).content.decode()

    return send


def role_of(user: User, project: Project) -> str | None:
    membership = Membership.objects.filter(user=user, project=project).first()
    return membership.role if membership else None


def number(user: User, project: Project) -> int:
    return Membership.objects.get(user=user, project=project).pk


def test_an_admin_adds_a_person_by_name(
    post: Callable[..., str], charlie: User, project: Project
) -> None:
    page = post("member-list", username="charlie", role="curator")
    assert "“charlie” is a member now." in page
    assert role_of(charlie, project) == "curator"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nobody", "Nobody here is called “nobody”."),
        ("bob", "“bob” is a member already."),
        ("", "This field is required."),
    ],
)
def test_a_person_who_cannot_be_added_is_named(
    post: Callable[..., str], name: str, sentence: str
) -> None:
    assert sentence in post("member-list", username=name, role="viewer")


def test_an_admin_changes_a_role(
    post: Callable[..., str], bob: User, project: Project
) -> None:
    post("member-change", number(bob, project), role="admin")
    assert role_of(bob, project) == "admin"


def test_an_unknown_role_changes_nothing(
    post: Callable[..., str], bob: User, project: Project
) -> None:
    post("member-change", number(bob, project), role="emperor")
    assert role_of(bob, project) == "annotator"


def test_an_admin_removes_a_person(
    post: Callable[..., str], bob: User, project: Project
) -> None:
    page = post("member-remove", number(bob, project))
    assert "“bob” is no longer a member" in page
    assert role_of(bob, project) is None


def test_the_last_admin_stays(
    post: Callable[..., str], alice: User, bob: User, project: Project
) -> None:
    sentence = "“alice” is the last admin"
    assert sentence in post("member-remove", number(alice, project))
    assert sentence in post("member-change", number(alice, project), role="viewer")
    assert role_of(alice, project) == "admin"
    post("member-change", number(bob, project), role="admin")
    assert sentence not in post("member-remove", number(alice, project))
    assert role_of(alice, project) is None


def test_a_member_of_another_project_is_not_found(
    as_alice: Client, project: Project, bob: User
) -> None:
    other = Project.objects.create(name="Letters")
    stranger = Membership.objects.create(project=other, user=bob, role="viewer")
    address = reverse("member-remove", args=[project.pk, stranger.pk])
    assert as_alice.post(address).status_code == 404


def test_an_annotator_sees_the_list_without_forms(
    as_bob: Client, project: Project
) -> None:
    page = as_bob.get(reverse("member-list", args=[project.pk])).content
    assert b"alice" in page
    assert b"Add a member" not in page
