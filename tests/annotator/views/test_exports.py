"""Downloading annotations."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotator.models import Document, Project
from tests.annotator.views.conftest import annotate

CHOICE = {"format": "conll2003", "states": "submitted", "package": "file"}


@pytest.fixture
def download(
    as_alice: Client,
    project: Project,
    add_document: Callable[..., Document],
    alice: User,
) -> Callable[..., Any]:
    """Ask for a file of a project with one submitted and one open document."""
    ada = add_document("Ada met Babbage.")
    annotate(ada, alice, (0, 3, "PER"), (8, 15, "PER"), state="submitted")
    annotate(add_document("Rome."), alice, (0, 4, "LOC"), state="open")
    address = reverse("document-export-file", args=[project.pk])
    return lambda **choice: as_alice.get(address, CHOICE | choice)


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_the_file_alone_is_conll(download: Callable[..., Any]) -> None:
    response = download()
    assert response["Content-Disposition"] == 'attachment; filename="news.conll"'
    text = body(response).decode()
    assert "Ada -X- -X- B-PER\nmet -X- -X- O\nBabbage -X- -X- B-PER\n" in text
    assert "Rome" not in text


@pytest.mark.parametrize("package", ["file", "receipt", "zip"])
def test_a_long_chinese_name_fits_into_a_file_name(
    download: Callable[..., Any], project: Project, package: str
) -> None:
    project.name = "古" * 120
    project.save()
    assert body(download(package=package))


def test_the_zip_holds_the_file_and_its_receipt(download: Callable[..., Any]) -> None:
    archive = zipfile.ZipFile(io.BytesIO(body(download(package="zip"))))
    assert archive.namelist() == ["news.conll", "report.json"]
    receipt = json.loads(archive.read("report.json"))
    assert receipt["documents"] == 1
    assert receipt["spans"] == 2
    assert receipt["bytes"] == len(archive.read("news.conll"))


def test_the_receipt_alone_is_json(download: Callable[..., Any]) -> None:
    assert json.loads(body(download(package="receipt")))["format"] == "conll2003"


def test_states_and_scheme_are_chosen(download: Callable[..., Any]) -> None:
    text = body(download(states=["submitted", "open"], scheme="bioes")).decode()
    assert "Ada -X- -X- S-PER" in text
    assert "Rome -X- -X- S-LOC" in text


def test_jsonl_gives_the_text_back(download: Callable[..., Any]) -> None:
    record = json.loads(body(download(format="jsonl")))
    assert record["text"] == "Ada met Babbage."


def test_nothing_is_left_on_the_disk(download: Callable[..., Any]) -> None:
    response = download(package="zip")
    assert list(Path(settings.VAR_DIR).glob("export-*")) == []
    assert body(response)


def test_a_choice_that_cannot_be_says_why(download: Callable[..., Any]) -> None:
    page = download(format="parquet", states=[]).content
    assert b"Choose at least one state." in page
    assert b"parquet is not one of the available choices" in page


def test_a_viewer_may_export(as_viewer: Client, project: Project) -> None:
    address = reverse("document-export", args=[project.pk])
    assert b"0 documents are submitted" in as_viewer.get(address).content
    address = reverse("document-export-file", args=[project.pk])
    assert as_viewer.get(address, CHOICE).status_code == 200
