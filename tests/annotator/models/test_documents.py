"""Documents: the text as it came, its hash, its tokens and its place in chance."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from annotator.models import (
    Checkpoint,
    Document,
    Project,
    Suggestion,
    TrainingRun,
)
from annotator.models.documents import content_hash, shuffle_key

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
TEXT = (
    f"a\r\nb\U0001f60ac e\u0301 f\t{FAMILY} \u0627\u0644 \u4e2d\u56fd\ufeff\u200b\u00a0"
)


def test_a_text_is_stored_as_it_came(project: Project) -> None:
    Document.new(project, TEXT).save()
    assert Document.objects.get().text == TEXT


def test_the_hash_tells_texts_apart_that_look_alike() -> None:
    assert content_hash("e\u0301") != content_hash("\u00e9")
    assert content_hash("a\r\n") != content_hash("a\n")
    assert content_hash("") == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


def test_a_place_in_the_shuffle_is_reproducible() -> None:
    digests = [content_hash(str(n)) for n in range(200)]
    keys = [shuffle_key(1, digest, 0) for digest in digests]
    assert keys == [shuffle_key(1, digest, 0) for digest in digests]
    assert all(0 <= key < 1 for key in keys)
    assert len(set(keys)) == 200
    assert 0.4 < sum(keys) / 200 < 0.6
    assert shuffle_key(2, digests[0], 0) != keys[0]
    assert shuffle_key(1, digests[0], 1) != keys[0]


def test_a_repeated_text_needs_an_occurrence(project: Project) -> None:
    Document.new(project, "x").save()
    Document.new(project, "x", occurrence=1).save()
    Document.new(Project.objects.create(name="Other"), "x").save()
    with pytest.raises(IntegrityError):
        Document.new(project, "x").save()


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (None, ["Los", "Angeles"]),
        ("unicode-words", ["Los", "Angeles"]),
        ("characters", [*"LosAngeles"]),
        ("as-imported", ["Los Angeles"]),
    ],
)
def test_tokens_follow_the_mode(
    project: Project, mode: str | None, words: list[str]
) -> None:
    document = Document.new(project, "Los Angeles", tokens=[[0, 11]])
    document.save()
    document.refresh_from_db()
    found = [document.text[start:end] for start, end in document.tokenize(mode)]
    assert found == words


def test_without_imported_tokens_unicode_words_stand_in(project: Project) -> None:
    project.token_mode = "as-imported"
    assert Document.new(project, "a b").tokenize() == [(0, 1), (2, 3)]


def test_a_document_is_called_by_its_id_or_number(project: Project) -> None:
    document = Document.new(project, "x")
    document.save()
    assert str(document) == f"#{document.pk}"
    assert str(Document(external_id="letter-7")) == "letter-7"


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"split": "train"}, "document_split_is_known"),
        ({"confidence": 1.01}, "document_confidence_is_a_probability"),
        ({"confidence": -0.1}, "document_confidence_is_a_probability"),
    ],
)
def test_the_database_refuses_documents_that_make_no_sense(
    project: Project, fields: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        Document.new(project, "x", **fields).save()


@pytest.mark.parametrize("confidence", [0.0, 1.0, None])
def test_a_confidence_may_be_certain_or_missing(
    project: Project, confidence: float | None
) -> None:
    Document.new(project, "x", confidence=confidence).save()
    assert Document.objects.get().confidence == confidence


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"start": 2, "end": 2}, "suggestion_is_not_empty"),
        ({"confidence": 1.5}, "suggestion_confidence_is_a_probability"),
    ],
)
def test_the_database_refuses_suggestions_that_make_no_sense(
    project: Project, fields: dict[str, Any], constraint: str
) -> None:
    document = Document.new(project, "Basel")
    document.save()
    run = TrainingRun.objects.create(project=project, state="succeeded")
    good = {
        "document": document,
        "label": project.labels.get(name="LOC"),
        "checkpoint": Checkpoint.objects.create(
            project=project, training_run=run, labels={}, folder="x"
        ),
        "start": 0,
        "end": 5,
        "confidence": 0.5,
    }
    Suggestion.objects.create(**good)
    with pytest.raises(IntegrityError), transaction.atomic():
        Suggestion.objects.create(**good)
    with pytest.raises(IntegrityError, match=constraint):
        Suggestion.objects.create(**(good | fields))
