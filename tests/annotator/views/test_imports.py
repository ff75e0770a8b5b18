"""Uploading, looking at what was recognised, importing."""

import json
import os
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from annotator import surveys, uploads
from annotator.formats import Source
from annotator.models import Document, ImportJob, Project
from tests.annotator.views.uploading import OPTIONS, Send, carry_out

pytestmark = pytest.mark.usefixtures("media", "enqueued")

CONLL = "Ada B-PER\nmet O\nBabbage B-PER\n\nRome B-CITY\nfell O\n"


def test_a_conll_file_is_recognised_and_nothing_is_stored_yet(
    as_alice: Client, project: Project, upload: Send
) -> None:
    page = as_alice.get(upload(("news.conll", CONLL))).content.decode()
    assert "2 documents recognised" in page
    assert "CoNLL · IOB2" in page
    assert re.search(r'data-color="#[0-9a-f]{6}">Ada<span[^>]*>PER', page)
    assert re.search(r'CITY <span class="badge badge--accent">new', page)
    assert not project.documents.exists()
    assert not project.labels.filter(name="CITY").exists()


def test_importing_stores_documents_reports_counts_and_removes_the_files(
    as_alice: Client,
    project: Project,
    upload: Send,
    media: Path,
    enqueued: Mock,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    preview = upload(("news.conll", CONLL), annotated_by="gold")
    with django_capture_on_commit_callbacks(execute=True):
        page = carry_out(as_alice, preview)
    assert re.search(r"New documents</dt><dd>2", page)
    assert re.search(r"New labels</dt><dd>CITY", page)
    assert "2, with 3 spans" in page
    assert project.documents.count() == 2
    assert list((media / "imports").iterdir()) == []
    enqueued.assert_called_once_with(project.pk)
    job = reverse("import-job", args=[project.pk, ImportJob.objects.get().pk])
    assert as_alice.get(preview)["Location"] == job


def test_the_same_file_again_makes_no_duplicates(
    as_alice: Client, project: Project, upload: Send
) -> None:
    carry_out(as_alice, upload(("news.conll", CONLL)))
    preview = upload(("news.conll", CONLL))
    assert b"2 are in the project already" in as_alice.get(preview).content
    page = carry_out(as_alice, preview)
    assert re.search(r"There already</dt><dd>2", page)
    assert project.documents.count() == 2


def test_bad_lines_are_listed_and_the_good_ones_can_be_imported(
    as_alice: Client, project: Project, upload: Send
) -> None:
    lines = '{"text": "Ada."}\n{"text": 5}\n{"text": "Rome."}\n'
    preview = upload(("notes.jsonl", lines))
    page = as_alice.get(preview).content.decode()
    assert re.search(r'<td class="number">2</td><td>[^<]*5', page)
    assert 'value="import-good"' in page
    assert 'value="import"' not in page
    page = carry_out(as_alice, preview)
    assert "1 line is bad: nothing was stored." in page
    assert "Fix the file and send it again" in page
    assert "Import the 2 good documents" in page
    assert not project.documents.exists()
    page = carry_out(as_alice, preview, "import-good")
    assert re.search(r"Left out with errors</dt><dd>1", page)
    assert project.documents.count() == 2


def test_a_file_can_be_read_differently_after_a_look(
    as_alice: Client, project: Project, upload: Send
) -> None:
    preview = upload(("poem.txt", "one\ntwo\n\nthree\n"))
    assert b"3 documents recognised" in as_alice.get(preview).content
    options = OPTIONS | {"document": "blank-lines", "count": "1", "action": "options"}
    page = as_alice.post(preview, options, follow=True).content
    assert b"2 documents recognised" in page
    carry_out(as_alice, preview)
    texts = set(project.documents.values_list("text", flat=True))
    assert texts == {"one\ntwo", "three"}


def test_spans_without_a_person_are_announced_as_left_out(
    as_alice: Client, upload: Send
) -> None:
    page = as_alice.get(upload(("news.conll", CONLL))).content
    assert b"3 spans of the file are left out" in page


def test_spans_can_be_given_to_a_member(
    as_alice: Client, project: Project, upload: Send, bob: Any
) -> None:
    preview = upload(("news.conll", CONLL), annotated_by=str(bob.pk))
    carry_out(as_alice, preview)
    assert bob.annotations.filter(state="submitted").count() == 2


def test_several_files_are_imported_together(
    as_alice: Client, project: Project, upload: Send
) -> None:
    preview = upload(("a.txt", "Ada met Babbage."), ("b.jsonl", '{"text": "Rome."}'))
    page = carry_out(as_alice, preview)
    assert "a.txt, b.jsonl" in page
    assert page.count(">imported</span>") == 2
    assert project.documents.count() == 2


def test_an_upload_can_be_thrown_away(
    as_alice: Client, project: Project, upload: Send, media: Path
) -> None:
    as_alice.post(upload(("a.txt", "Ada.")), {"action": "discard"})
    assert list((media / "imports").iterdir()) == []
    assert not project.documents.exists()


def test_a_file_name_is_shown_and_never_a_path(
    as_alice: Client, upload: Send, media: Path
) -> None:
    page = as_alice.get(upload(("<script>alert(1).txt", "Ada."))).content
    assert b"<script>alert(1)" not in page
    assert b"&lt;script&gt;alert(1).txt" in page
    found = {path.name for path in media.rglob("*") if path.is_file()}
    assert found == {"0", uploads.MANIFEST}


def test_no_file_is_no_upload(as_alice: Client, project: Project) -> None:
    address = reverse("document-upload", args=[project.pk])
    page = as_alice.post(address, OPTIONS).content
    assert b"Choose at least one file." in page


def test_a_request_that_is_too_large_is_refused_with_the_limit(
    as_alice: Client, project: Project, settings: Any
) -> None:
    settings.UPLOAD_MAX_BYTES = 1024
    file = SimpleUploadedFile("big.txt", b"x" * 2000)
    address = reverse("document-upload", args=[project.pk])
    response = as_alice.post(address, OPTIONS | {"uploads": file})
    assert response.status_code == 400
    assert "larger than the 1.0\xa0KB" in response.content.decode()


def test_the_upload_of_one_project_is_not_found_in_another(
    as_alice: Client, upload: Send, alice: Any
) -> None:
    other = Project.objects.create(name="Letters")
    other.memberships.create(user=alice, role="admin")
    key = upload(("a.txt", "Ada.")).rstrip("/").rsplit("/", 1)[1]
    address = reverse("import-preview", args=[other.pk, key])
    assert as_alice.get(address).status_code == 404


def test_what_was_left_for_a_day_is_swept(
    upload: Send, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(("a.txt", "Ada."))
    old = [path.name for path in (media / "imports").iterdir()]
    monkeypatch.setattr(uploads, "KEPT_SECONDS", -1)
    upload(("b.txt", "Rome."))
    left = [path.name for path in (media / "imports").iterdir()]
    assert len(left) == 1
    assert left != old


def test_a_kept_manifest_holds_the_options(upload: Send, media: Path) -> None:
    upload(("a.txt", "Ada."), split="evaluation")
    manifest = json.loads(next(media.rglob(uploads.MANIFEST)).read_text())
    assert manifest["names"] == ["a.txt"]
    assert manifest["options"]["split"] == "evaluation"


def test_a_manifest_is_never_seen_half_written(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = SimpleUploadedFile("a.txt", b"Ada.")
    kept = uploads.keep([file], project.pk, {"split": "pool"})
    kept.manifest.options["split"] = "evaluation"
    monkeypatch.setattr(os, "replace", Mock(side_effect=OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        kept.save()
    found = uploads.find(kept.key, project.pk)
    assert found is not None and found.manifest.options == {"split": "pool"}


def test_the_chosen_split_is_kept(
    as_alice: Client, project: Project, upload: Send
) -> None:
    preview = upload(("a.txt", "Ada.\nRome."), split="evaluation")
    carry_out(as_alice, preview)
    splits = Document.objects.values_list("split", flat=True)
    assert set(splits) == {"evaluation"}


def test_a_guessed_encoding_is_shown_and_can_be_stated(
    as_alice: Client, project: Project
) -> None:
    data = "北京是中华人民共和国的首都。\n".encode("gb18030")
    sent = {**OPTIONS, "uploads": [SimpleUploadedFile("notes.txt", data)]}
    response = as_alice.post(reverse("document-upload", args=[project.pk]), sent)
    page = as_alice.get(response["Location"]).content.decode()
    assert "it was read as GB18030, as detected" in page
    stated = {**OPTIONS, "action": "options", "encoding": "gbk"}
    page = as_alice.post(response["Location"], stated, follow=True).content.decode()
    assert "as detected" not in page
    assert " · GBK" in page
    stated["encoding"] = "klingon"
    page = as_alice.post(response["Location"], stated).content.decode()
    assert "There is no encoding “klingon”." in page


def test_the_spans_of_a_file_can_be_taken_as_suggestions(
    as_alice: Client, project: Project, upload: Send
) -> None:
    preview = upload(("a.conll", CONLL), annotated_by="suggestions", split="pool")
    page = as_alice.get(preview).content.decode()
    assert "3 suggestions" in page
    page = carry_out(as_alice, preview)
    assert re.search(r"Suggestions</dt><dd>3", page)


def test_files_that_belong_together_are_kept_together(
    as_alice: Client, project: Project
) -> None:
    names = ["b.ann", "b.txt", "other.jsonl"]
    files = [SimpleUploadedFile(name, b"Anna") for name in names]
    kept = uploads.keep(files, project.pk, OPTIONS)
    assert [name for name, _path in kept.files] == ["b.ann + b.txt", "other.jsonl"]
    together = Source(kept.files[0][1])
    assert together.member_names == ["b.ann", "b.txt"]
    assert [member.read_text() for member in together.members()] == ["Anna", "Anna"]


def test_all_bad_lines_come_as_a_file(
    as_alice: Client, upload: Send, project: Project
) -> None:
    lines = '{"text": "Ada."}\n' + '{"text": 5}\n' * 150
    preview = upload(("notes, new.jsonl", lines))
    page = carry_out(as_alice, preview)
    assert page.count('<td class="number">') == 100
    assert "And 50 more." in page
    address = f"{preview}errors/"
    assert f'href="{address}"' in page
    response = as_alice.get(address)
    assert "bad-lines.csv" in response["Content-Disposition"]
    rows = b"".join(response.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert rows[0] == "File,Line,What is wrong"
    assert len(rows) == 151
    assert rows[1] == '"notes, new.jsonl",2,"“text” is 5, not a string."'
    as_alice.post(preview, {"action": "discard"})
    assert as_alice.get(address).status_code == 404


def test_all_notes_come_as_a_file_and_outlast_the_upload(
    as_alice: Client, upload: Send, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveys, "NOTES_KEPT", 120)
    line = json.dumps({"text": "Ada %d", "spans": [[0, 3, "PER"]], "answer": "reject"})
    lines = "".join(line % number + "\n" for number in range(150))
    preview = upload(("tasks.jsonl", lines))
    address = f"{preview}notes/"

    def rows() -> list[str]:
        response = as_alice.get(address)
        return b"".join(response.streaming_content).decode().splitlines()  # type: ignore[attr-defined,no-any-return]

    page = as_alice.get(preview).content.decode()
    assert "And 50 more." in page and f'href="{address}"' in page
    assert len(rows()) == 151 and rows()[0] == "File,Line,What was done"
    assert rows()[150].startswith("tasks.jsonl,150,The answer is “reject”: ")
    page = carry_out(as_alice, preview)
    assert page.count('<td class="number">') == 100 and "And 50 more." in page
    assert f'href="{address}"' in page and len(rows()) == 121
    unknown = reverse("import-notes", args=[project.pk, uuid.uuid4()])
    assert as_alice.get(unknown).status_code == 404


def test_a_text_column_and_labels_that_stay_away(
    as_alice: Client, upload: Send, project: Project
) -> None:
    table = ("letters.csv", "title,body\nA letter,Ada sang.\n")
    carry_out(as_alice, upload(table, text_column="body"))
    assert project.documents.get().text == "Ada sang."
    page = as_alice.get(upload(("a.conll", CONLL), new_labels="refuse"))
    assert "The label “CITY” is not one of the project&#x27;s" in page.content.decode()
