"""The people of the tests: alice owns, bob annotates, charlie is an outsider."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError

from annotator.models import Membership, Project
from tests.annotator.importing import Write


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


@pytest.fixture
def locked(tmp_path: Path) -> OperationalError:
    """What Django raises where another connection writes."""
    path = tmp_path / "locked.sqlite3"
    holder, other = (sqlite3.connect(path, timeout=0) for _ in range(2))
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as raised:
        other.execute("BEGIN IMMEDIATE")
    holder.close()
    other.close()
    error = OperationalError(*raised.value.args)
    error.__cause__ = raised.value
    return error


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(content: str | Sequence[Any], name: str = "") -> Path:
        if not isinstance(content, str):
            content = "\n".join(json.dumps(line) for line in content)
            name = name or "file.jsonl"
        path = tmp_path / (name or "file.conll")
        path.write_text(content, newline="")
        return path

    return write_file
