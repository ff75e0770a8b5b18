"""The people of the tests: alice owns, bob annotates, charlie is an outsider."""

import pytest
from django.contrib.auth.models import User

from annotator.models import Membership, Project


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice", password="alice's password")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", password="bob's password")


@pytest.fixture
def charlie(db: None) -> User:
    return User.objects.create_user("charlie", password="charlie's password")


@pytest.fixture
def project(alice: User, bob: User) -> Project:
    """A project with the labels PER, LOC and ORG; alice is admin, bob annotator."""
    project = Project.objects.create(name="News")
    project.ensure_labels(["PER", "LOC", "ORG"])
    Membership.objects.create(project=project, user=alice, role="admin")
    Membership.objects.create(project=project, user=bob, role="annotator")
    return project
