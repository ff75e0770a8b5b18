"""Editing over the wire: bob annotates, charlie is an outsider."""

from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotator import queue
from annotator.models import (
    Annotation,
    Document,
    Membership,
    Project,
    Revision,
    Suggestion,
)
from tests.annotator.api.editor import BASEL, KARL, Editor, bare


def test_reading_creates_nothing(editor: Editor) -> None:
    desk = editor.read().json()
    assert desk["annotation"]["version"] == 0
    assert desk["annotation"]["spans"] == []
    assert [label["name"] for label in desk["labels"]] == ["PER", "LOC", "ORG"]
    assert not Annotation.objects.exists()


def test_tokens_are_code_points_of_the_text(editor: Editor) -> None:
    document = editor.read().json()["document"]
    words = [document["text"][start:end] for start, end in document["tokens"]]
    assert words == ["Ada", "😀", "met", "Karl", "Marx", "in", "Basel", "."]


def test_sentences_are_found_or_as_imported_with_the_tokens(
    bob: User, project: Project
) -> None:
    document = Document.new(project, "Ada left. Karl stayed.")
    document.tokens = [[0, 3], [4, 9], [10, 14], [15, 22]]
    document.sentence_starts = [0, 3]
    document.save()
    editor = Editor(bob, document)
    assert editor.read().json()["document"]["sentences"] == [0, 3]  # "Karl" is the 4th
    document.sentence_starts = [0, 1]
    document.save()
    project.token_mode = "as-imported"
    project.save()
    assert editor.read().json()["document"]["sentences"] == [0, 1]


def test_an_edit_is_stored_and_read_back(editor: Editor) -> None:
    saved = editor.edit(0, add=[KARL, BASEL], seconds=2.5)
    assert saved.status_code == 200
    assert saved.json() == {"version": 1, "state": "open"}
    annotation = editor.read().json()["annotation"]
    assert [bare(span) for span in annotation["spans"]] == [bare(KARL), bare(BASEL)]
    assert annotation["seconds_spent"] == 2.5


def test_a_wrong_surface_is_refused_with_a_sentence(editor: Editor) -> None:
    refused = editor.edit(0, add=[{**KARL, "start": 11}])
    assert refused.status_code == 422
    assert refused.json()["detail"] == (
        "At [11, 19) the text says “arl Marx”, not “Karl Marx”."
    )
    assert not Annotation.objects.exists()


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"add": [{**KARL, "label": "GPE"}]}, "The project has no label “GPE”."),
        (
            {"add": [{**BASEL, "end": 99}]},
            "[23, 99) is not inside a text of 29 characters.",
        ),
        ({"remove": [bare(KARL)]}, "There is no PER at [10, 19) to remove."),
        (
            {
                "add": [
                    KARL,
                    {"start": 15, "end": 19, "label": "ORG", "surface": "Marx"},
                ]
            },
            "“Karl Marx” and “Marx” overlap.",
        ),
        ({"state": "finished"}, "state: "),
        ({"add": [bare(KARL)]}, "add.0.surface: Field required."),
        ({"add": [{**KARL, "start": -1}]}, "add.0.start: "),
        ({"seconds": "NaN"}, "seconds: "),
    ],
)
def test_nonsense_is_refused_in_one_sentence(
    editor: Editor, parts: dict[str, Any], sentence: str
) -> None:
    refused = editor.edit(0, **parts)
    assert refused.status_code == 422
    assert isinstance(refused.json()["detail"], str)
    assert refused.json()["detail"].startswith(sentence)
    assert not Revision.objects.exists()


def test_a_stale_edit_gets_both_versions(editor: Editor) -> None:
    editor.edit(0, add=[KARL])
    conflict = editor.edit(0, add=[BASEL])
    assert conflict.status_code == 409
    theirs = conflict.json()
    assert theirs["version"] == 1
    assert [bare(span) for span in theirs["spans"]] == [bare(KARL)]
    assert "elsewhere" in theirs["detail"]
    assert Annotation.objects.get().spans.count() == 1


def test_the_same_edit_twice_is_stored_once(editor: Editor) -> None:
    first = editor.edit(0, edit_id="again", add=[KARL])
    second = editor.edit(0, edit_id="again", add=[KARL])
    assert first.json() == second.json() == {"version": 1, "state": "open"}
    assert Revision.objects.count() == 1


def test_a_resent_edit_that_others_built_on_is_a_conflict(editor: Editor) -> None:
    editor.edit(0, edit_id="again", add=[KARL])
    editor.edit(1, add=[BASEL])
    assert editor.edit(0, edit_id="again", add=[KARL]).status_code == 409


def test_an_accepted_suggestion_keeps_its_provenance(
    editor: Editor, suggestion: Suggestion
) -> None:
    assert editor.read().json()["suggestions"] == [
        {
            **bare(KARL),
            "confidence": 0.61,
            "source": "model",
            "checkpoint": suggestion.checkpoint_id,
            "rule": None,
        }
    ]
    editor.edit(0, add=[KARL])
    (span,) = editor.read().json()["annotation"]["spans"]
    assert span == {
        **bare(KARL),
        "suggested": True,
        "confidence": 0.61,
        "source": "model",
        "checkpoint": suggestion.checkpoint_id,
        "rule": None,
    }
    assert Annotation.objects.get().spans.get().suggested_by == suggestion.checkpoint


def test_a_rejection_is_stored_and_taken_back(
    editor: Editor, suggestion: Suggestion
) -> None:
    editor.edit(0, reject=[bare(KARL)])
    assert editor.read().json()["annotation"]["rejections"] == [bare(KARL)]
    editor.edit(1, unreject=[bare(KARL)])
    assert editor.read().json()["annotation"]["rejections"] == []


def test_the_evaluation_slice_shows_nothing_of_the_model(
    editor: Editor, suggestion: Suggestion
) -> None:
    Document.objects.update(
        split="evaluation",
        confidence=0.4,
        uncertain_tokens=[{"start": 0, "end": 3, "alternatives": [["PER", 0.5]]}],
    )
    desk = editor.read().json()
    assert desk["suggestions"] == desk["uncertain_tokens"] == []
    assert desk["document"]["confidence"] is None


def test_a_submit_frees_the_lease_and_asks_for_training(
    editor: Editor, document: Document, bob: User
) -> None:
    queue.lease(document, bob)
    with patch("annotator.api.annotations.retrain_if_due") as task:
        saved = editor.edit(0, add=[KARL], state="submitted")
    assert saved.json() == {"version": 1, "state": "submitted"}
    task.delay_on_commit.assert_called_once_with(document.project_id)
    document.refresh_from_db()
    assert document.leased_by is None


def test_work_renews_the_lease(editor: Editor, document: Document, bob: User) -> None:
    with patch("annotator.api.annotations.retrain_if_due") as task:
        editor.edit(0, add=[KARL])
    task.delay_on_commit.assert_not_called()
    document.refresh_from_db()
    assert document.leased_by == bob


def test_people_do_not_see_each_others_spans(
    editor: Editor, alice: User, document: Document
) -> None:
    editor.edit(0, add=[KARL])
    other = Editor(alice, document)
    assert other.read().json()["annotation"]["spans"] == []
    assert other.edit(0, add=[BASEL]).status_code == 200
    assert Annotation.objects.count() == 2


def test_revisions_tell_what_each_edit_changed(editor: Editor, bob: User) -> None:
    editor.edit(0, add=[KARL])
    parts = {"remove": [bare(KARL)], "reject": [bare(KARL)], "state": "flagged"}
    editor.edit(1, **parts)
    editor.edit(2, unreject=[bare(KARL)])
    url = editor.url.replace("annotation", "revisions")
    first, second, third = editor.client.get(url).json()
    assert first["added"] == [[10, 19, "PER"]]
    assert second["removed"] == second["rejected"] == [[10, 19, "PER"]]
    assert third["unrejected"] == [[10, 19, "PER"]]
    assert (second["version"], second["state"], second["user"]) == (2, "flagged", "bob")


def test_an_outsider_finds_nothing(charlie: User, document: Document) -> None:
    outsider = Editor(charlie, document)
    assert outsider.read().status_code == 404
    assert outsider.edit(0, add=[KARL]).status_code == 404
    assert not Annotation.objects.exists()


def test_a_viewer_reads_and_does_not_write(charlie: User, document: Document) -> None:
    Membership.objects.create(project=document.project, user=charlie, role="viewer")
    viewer = Editor(charlie, document)
    assert viewer.read().status_code == 200
    forbidden = viewer.edit(0, add=[KARL])
    assert forbidden.status_code == 403
    assert "not change" in forbidden.json()["detail"]


def test_a_stranger_gets_401_and_no_redirect(document: Document) -> None:
    for method in ("get", "post"):
        client = Client()
        url = f"/api/documents/{document.pk}/annotation"
        url += "/edits" if method == "post" else ""
        reply = getattr(client, method)(url)
        assert reply.status_code == 401
        assert reply.headers["Content-Type"].startswith("application/json")


def test_a_forged_request_is_refused(bob: User, document: Document) -> None:
    forger = Editor(bob, document, enforce_csrf_checks=True)
    assert forger.edit(0, add=[KARL]).status_code == 403
    assert not Annotation.objects.exists()


def test_the_description_of_the_api_needs_a_log_in(bob: User) -> None:
    client = Client()
    assert client.get("/api/openapi.json").status_code == 302
    assert client.get("/api/docs").status_code == 404
    client.force_login(bob)
    paths = client.get("/api/openapi.json").json()["paths"]
    assert "/api/documents/{document_id}/annotation/edits" in paths
