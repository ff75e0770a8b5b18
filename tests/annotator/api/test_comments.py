"""Comments over the wire: alice owns, bob annotates, charlie is an outsider."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotator.models import Comment, Document, Membership

KARL = {"start": 10, "end": 19, "surface": "Karl Marx"}


class Reader:
    """A person who reads and writes comments on one document."""

    def __init__(self, user: User, document: Document) -> None:
        self.client = Client()
        self.client.force_login(user)
        self.url = f"/api/documents/{document.pk}/comments"

    def list(self) -> Any:
        return self.client.get(self.url)

    def add(self, text: str, **parts: Any) -> Any:
        return self._send("post", self.url, {"text": text, **parts})

    def resolve(self, comment: int, is_resolved: bool = True) -> Any:
        body = {"is_resolved": is_resolved}
        return self._send("patch", f"/api/comments/{comment}", body)

    def delete(self, comment: int) -> Any:
        return self.client.delete(f"/api/comments/{comment}")

    def _send(self, method: str, url: str, body: Any) -> Any:
        send = getattr(self.client, method)
        return send(url, json.dumps(body), content_type="application/json")


@pytest.fixture
def bobs(bob: User, document: Document) -> Reader:
    return Reader(bob, document)


@pytest.fixture
def alices(alice: User, document: Document) -> Reader:
    return Reader(alice, document)


def test_a_comment_on_a_place_is_seen_by_everybody(
    bobs: Reader, alices: Reader
) -> None:
    added = bobs.add(" A person or his statue? ", place=KARL)
    assert added.status_code == 201
    (seen,) = alices.list().json()
    assert seen["text"] == "A person or his statue?"
    assert {name: seen[name] for name in KARL} == KARL
    assert (seen["author"], seen["is_mine"]) == ("bob", False)
    assert bobs.list().json()[0]["is_mine"] is True


def test_a_comment_stays_when_the_span_under_it_goes(
    bobs: Reader, document: Document
) -> None:
    url = f"/api/documents/{document.pk}/annotation/edits"
    span = {**KARL, "label": "PER"}
    bare = {"start": 10, "end": 19, "label": "PER"}
    bobs._send("post", url, {"version": 0, "edit_id": "a", "add": [span]})
    bobs.add("Really?", place=KARL)
    bobs._send("post", url, {"version": 1, "edit_id": "b", "remove": [bare]})
    assert bobs.list().json()[0]["surface"] == "Karl Marx"


def test_the_desk_comes_with_the_comments(bobs: Reader, document: Document) -> None:
    bobs.add("Of which year is this?")
    desk = bobs.client.get(f"/api/documents/{document.pk}/annotation").json()
    (comment,) = desk["comments"]
    assert (comment["start"], comment["surface"]) == (None, "")


@pytest.mark.parametrize(
    ("text", "place", "sentence"),
    [
        (" \n", None, "A comment needs words."),
        ("a\0b", None, "A comment cannot hold the character U+0000."),
        ("x" * 5001, None, "A comment of 5001 characters is too long: 5000 fit."),
        ("Who?", {**KARL, "start": 11}, "At [11, 19) the text says “arl Marx”"),
        ("Who?", {**KARL, "end": 99}, "[10, 99) is not inside a text of 29 char"),
        ("Who?", {**KARL, "end": 10}, "[10, 10) is not inside a text of 29 char"),
        ("half \ud800", None, "A comment cannot hold the character U+D800."),
    ],
)
def test_nonsense_is_refused_in_one_sentence(
    bobs: Reader, text: str, place: Any, sentence: str
) -> None:
    refused = bobs.add(text, place=place)
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith(sentence)
    assert not Comment.objects.exists()


def test_a_comment_is_resolved_and_opened_again(bobs: Reader, alices: Reader) -> None:
    pk = bobs.add("Is this a place?").json()["id"]
    settled = alices.resolve(pk).json()
    assert settled["resolved_by"] == "alice"
    assert settled["resolved_at"] is not None
    assert bobs.resolve(pk).json()["resolved_by"] == "alice"
    opened = bobs.resolve(pk, is_resolved=False).json()
    assert (opened["resolved_at"], opened["resolved_by"]) == (None, None)


def test_only_the_author_deletes_a_comment(bobs: Reader, alices: Reader) -> None:
    pk = bobs.add("Never mind.").json()["id"]
    refused = alices.delete(pk)
    assert refused.status_code == 403
    assert "Only bob can delete" in refused.json()["detail"]
    assert bobs.delete(pk).status_code == 204
    assert bobs.list().json() == []
    assert bobs.delete(pk).status_code == 404


def test_a_viewer_reads_comments_and_writes_none(
    bobs: Reader, charlie: User, document: Document
) -> None:
    pk = bobs.add("Is this a place?").json()["id"]
    Membership.objects.create(project=document.project, user=charlie, role="viewer")
    viewer = Reader(charlie, document)
    assert len(viewer.list().json()) == 1
    replies = [viewer.add("I think so."), viewer.resolve(pk), viewer.delete(pk)]
    assert [reply.status_code for reply in replies] == [403, 403, 403]


def test_an_outsider_finds_no_comments(
    bobs: Reader, charlie: User, document: Document
) -> None:
    pk = bobs.add("Is this a place?").json()["id"]
    outsider = Reader(charlie, document)
    replies = [outsider.list(), outsider.add("Hm."), outsider.resolve(pk)]
    replies.append(outsider.delete(pk))
    assert [reply.status_code for reply in replies] == [404, 404, 404, 404]
    assert Comment.objects.get().resolved_at is None
