"""Downloading annotations."""

import hashlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotator.models import Document, Export, Project
from tests.annotator.views.exporting import address_of, body, fetch


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


def test_nothing_but_the_kept_export_stays_on_the_disk(
    download: Callable[..., Any],
) -> None:
    response = download(package="zip")
    (kept,) = Export.objects.all()
    assert [path.name for path in kept.folder.iterdir()] == ["1"]
    names = sorted(path.name for path in kept.attempt_folder.iterdir())
    assert names == ["news.conll", "news.conll.report.json"]
    assert body(response)


def test_a_choice_that_cannot_be_says_why(download: Callable[..., Any]) -> None:
    page = download(format="parquet", states=[]).content
    assert b"Choose at least one state." in page
    assert b"parquet is not one of the available choices" in page
    page = download(ratio="half").content
    assert "The split “half” is not whole numbers such as 80/10/10.".encode() in page
    page = download(format="brat", has_suggestions="on").content
    assert b"brat holds no suggestions; JSON lines, Label Studio do." in page
    assert not Export.objects.exists()


def test_a_viewer_may_export(as_viewer: Client, project: Project) -> None:
    address = reverse("document-export", args=[project.pk])
    assert b"0 documents are submitted" in as_viewer.get(address).content
    assert fetch(as_viewer, project).status_code == 200


def test_a_split_is_a_zip_of_its_parts(download: Callable[..., Any]) -> None:
    choice = {"ratio": "50/50", "states": ["submitted", "open"], "package": "zip"}
    archive = zipfile.ZipFile(io.BytesIO(body(download(**choice))))
    receipt = json.loads(archive.read("report.json"))
    parts = {part["file"]: part["documents"] for part in receipt["files"]}
    assert {*archive.namelist()} == {*parts, "report.json"}
    assert sum(parts.values()) == 2


def test_a_download_starts_once_and_is_kept_on_the_page(
    download: Callable[..., Any], as_alice: Client, project: Project
) -> None:
    first = body(download(ratio="", seed="7"))
    page = as_alice.get(reverse("document-export", args=[project.pk]))
    (kept,) = page.context["page"]
    assert (kept.requested_by.username, kept.options["seed"]) == ("alice", 7)
    page = as_alice.get(reverse("export-job", args=[project.pk, kept.pk]))
    assert b'http-equiv="refresh"' not in page.content
    again = reverse("document-export-file", args=[project.pk, kept.pk])
    assert body(as_alice.get(again, {"package": "file"})) == first
    assert kept.sha256 == hashlib.sha256(first).hexdigest()


def test_an_export_stays_as_it_was_when_the_work_goes_on(
    download: Callable[..., Any], as_alice: Client, project: Project
) -> None:
    before = body(download())
    Document.objects.all().delete()
    assert body(download()) == b""
    old = Export.objects.last()
    assert old is not None
    again = reverse("document-export-file", args=[project.pk, old.pk])
    assert body(as_alice.get(again, {"package": "file"})) == before


def test_an_admin_deletes_an_export_with_its_files(
    download: Callable[..., Any], as_alice: Client, as_bob: Client, project: Project
) -> None:
    download()
    kept = Export.objects.get()
    address = reverse("document-export-delete", args=[project.pk, kept.pk])
    assert as_bob.post(address).status_code == 403
    assert (
        b"Its file and its receipt cannot be fetched" in as_alice.get(address).content
    )
    assert as_alice.post(address).status_code == 302
    assert not Export.objects.exists()
    assert not kept.folder.exists()


def test_files_that_are_gone_are_said_to_be(
    download: Callable[..., Any], as_alice: Client, project: Project
) -> None:
    download()
    kept = Export.objects.get()
    shutil.rmtree(kept.folder)
    address = reverse("document-export-file", args=[project.pk, kept.pk])
    page = as_alice.get(address, follow=True).content
    assert (
        "The files of the export “news.conll” are not on the server.".encode() in page
    )


def test_what_a_deleted_project_left_is_swept_away_a_day_later(
    download: Callable[..., Any], project: Project
) -> None:
    download()
    folder = Export.objects.get().folder
    Export.objects.all().delete()
    download()
    assert folder.exists()
    os.utime(folder, (0, 0))
    download()
    assert not folder.exists()
    assert Export.objects.count() == 2


def test_markup_in_names_is_shown_and_never_run(
    download: Callable[..., Any], as_alice: Client, project: Project
) -> None:
    script = "<script>alert(1)</script>"
    project.name = script
    project.save()
    project.ensure_labels([script])
    download(labels=[script])
    page = as_alice.get(reverse("document-export", args=[project.pk])).content.decode()
    assert script not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_what_makes_room_is_said_before_and_after(
    download: Callable[..., Any], as_alice: Client, project: Project, settings: Any
) -> None:
    settings.KEEP_EXPORTS = 2
    address = reverse("document-export", args=[project.pk])
    download()
    assert "takes the room of" not in as_alice.get(address).content.decode()
    download()
    page = as_alice.get(address).content.decode()
    assert "files of the newest 2 exports are kept" in page
    assert "takes the room of the oldest one that is not pinned: news.conll" in page
    oldest = Export.objects.last()
    assert oldest is not None
    download()
    oldest.refresh_from_db()
    assert oldest.removed_at and not oldest.folder.exists() and oldest.sha256
    assert "made room" in as_alice.get(address).content.decode()
    page = as_alice.get(address_of(oldest)).content.decode()
    assert "Its files made room for newer exports on" in page
    assert "?package=" not in page
    file = reverse("document-export-file", args=[project.pk, oldest.pk])
    page = as_alice.get(file, follow=True).content.decode()
    assert "The files of the export “news.conll” are not on the server." in page


def test_a_pinned_export_gives_no_room(
    download: Callable[..., Any], as_alice: Client, as_bob: Client, settings: Any
) -> None:
    settings.KEEP_EXPORTS = 1
    download()
    pinned = Export.objects.get()
    assert as_bob.post(address_of(pinned, "pin/"), {"on": "yes"}).status_code == 403
    as_alice.post(address_of(pinned, "pin/"), {"on": "yes"})
    download()
    download()
    kept = [export.is_kept for export in Export.objects.all()]
    assert kept == [True, False, True]
    as_alice.post(address_of(pinned, "pin/"), {"on": "no"})
    download()
    pinned.refresh_from_db()
    assert not pinned.is_kept


def test_older_exports_are_on_further_pages(
    download: Callable[..., Any],
    as_alice: Client,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("annotator.views.exports.PAGE", 2)
    for _ in range(3):
        download()
    address = reverse("document-export", args=[project.pk])
    assert "1–2 of 3 exports" in as_alice.get(address).content.decode()
    page = as_alice.get(address, {"page": 2})
    assert [export.pk for export in page.context["page"]] == [
        Export.objects.earliest("pk").pk
    ]
