"""Pre-annotation writes each document's suggestions once and whole."""

from collections.abc import Callable, Collection, Sequence
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from annotator import queue
from annotator.models import (
    Annotation,
    Checkpoint,
    Document,
    Project,
    Rule,
    Suggestion,
    TrainingRun,
)
from annotator.models.training import Trigger
from modeling.confidence import Confidence
from modeling.diversity import signature, similarity
from modeling.inference import Prediction, ScoredSpan
from tasks import prediction

pytestmark = pytest.mark.django_db
Add = Callable[..., list[Document]]


def checkpoint_of(project: Project) -> Checkpoint:
    run, _ = TrainingRun.request(project, Trigger.BUTTON)
    run.claim("worker")
    run.succeed({})
    checkpoint = Checkpoint.objects.create(
        project=project,
        training_run=run,
        folder=f"run-{run.pk}",
        encoder="scratch",
        labels=dict(project.labels.values_list("name", "pk")),
    )
    checkpoint.activate()
    return checkpoint


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A model that proposes the first token as PER; records the texts it read.

    Its confidence falls with the length of the text.
    """
    read: list[str] = []

    def predict(
        tagger: object,
        texts: Sequence[tuple[str, Sequence[tuple[int, int]]]],
        corpus_mean: float | None = None,
        also: Collection[str] = (),
    ) -> "list[tuple[int, Prediction]]":
        read.extend(text for text, _ in texts)
        order = reversed(range(len(texts)))
        return [(i, predicted(*texts[i], also=also)) for i in order]

    monkeypatch.setattr("modeling.inference.predict", predict)
    monkeypatch.setattr(
        prediction, "load_annotator", lambda checkpoint: SimpleNamespace()
    )
    return read


def predicted(
    text: str, tokens: Sequence[tuple[int, int]], also: Collection[str] = ()
) -> Prediction:
    certainty = 1 / len(text)
    return Prediction(
        spans=(ScoredSpan(tokens[0][0], tokens[0][1], "PER", 0.75),),
        token_confidences=(certainty,) * len(tokens),
        alternatives=((0, (("PER", 0.75), ("O", 0.25))),),
        measures=Confidence(
            certainty,
            certainty,
            -1.0,
            0.5,
            min_span_posterior=0.75,
            token_entropy=0.25,
            margin=0.125 if "margin" in also else None,
            bald=0.0625 if "bald" in also else None,
        ),
    )


def read_all(project: Project) -> None:
    """Carry the fan-out and every chunk out in this process."""
    with patch.object(
        prediction.preannotate_chunk, "delay", prediction.preannotate_chunk
    ):
        prediction.preannotate_project(project.pk)


def test_every_pool_document_gets_suggestions_and_measures(
    project: Project, add_documents: Add, settings: Settings
) -> None:
    settings.PREANNOTATION_CHUNK_DOCUMENTS = 3
    add_documents(7)
    checkpoint = checkpoint_of(project)
    read_all(project)
    for document in project.documents.all():
        suggestion = document.suggestions.get()
        assert (
            document.text[suggestion.start : suggestion.end]
            == (document.text.split()[0])
        )
        assert suggestion.confidence == 0.75
        assert document.checkpoint == checkpoint
        assert document.confidence == pytest.approx(1 / len(document.text))
        assert document.uncertain_tokens == [
            {
                "start": 0,
                "end": suggestion.end,
                "alternatives": [["PER", 0.75], ["O", 0.25]],
            }
        ]
    assert not checkpoint.unread_documents().exists()


def test_measures_and_a_signature_are_stored(
    project: Project, add_documents: Add
) -> None:
    add_documents(1)
    checkpoint_of(project)
    read_all(project)
    document = project.documents.get()
    assert (document.min_span_posterior, document.token_entropy) == (0.75, 0.25)
    assert document.margin is None and document.bald is None
    assert similarity(bytes(document.signature), signature(document.text)) == 1.0


@pytest.mark.parametrize(("strategy", "value"), [("margin", 0.125), ("bald", 0.0625)])
def test_a_costly_measure_is_computed_where_the_project_orders_by_it(
    project: Project, add_documents: Add, model: list[str], strategy: str, value: float
) -> None:
    add_documents(3)
    checkpoint = checkpoint_of(project)
    read_all(project)
    Project.objects.filter(pk=project.pk).update(query_strategy=strategy)
    checkpoint = Checkpoint.objects.get(pk=checkpoint.pk)
    assert checkpoint.unread_documents().count() == 3
    read_all(project)
    assert len(model) == 6
    measured = [getattr(d, strategy) for d in project.documents.all()]
    assert measured == [value] * 3
    assert not checkpoint.unread_documents().exists()
    other = checkpoint_of(project)  # asked for nothing but the new strategy's
    Project.objects.filter(pk=project.pk).update(query_strategy="mnlp")
    read_all(project)
    assert not project.documents.exclude(**{strategy: None}).exists()
    assert not other.unread_documents().exists()


def test_what_rules_suggest_stays(project: Project, add_documents: Add) -> None:
    document = add_documents(1)[0]
    label = project.labels.get(name="PER")
    rule = Rule.objects.create(project=project, label=label, text="went")
    rows = {"document": document, "rule": rule, "label": label, "confidence": 1.0}
    Suggestion.objects.create(**rows, start=0, end=3)
    Suggestion.objects.create(**rows, start=4, end=8)
    checkpoint_of(project)
    read_all(project)
    checkpoint_of(project)
    read_all(project)
    assert Suggestion.objects.filter(rule=rule).count() == 2
    assert Suggestion.objects.filter(rule=None).count() == 1


def test_a_large_pool_is_sent_in_waves(
    project: Project, add_documents: Add, settings: Settings
) -> None:
    settings.PREANNOTATION_CHUNK_DOCUMENTS = 1
    add_documents(prediction.WAVE_CHUNKS + 3)
    checkpoint = checkpoint_of(project)
    with (
        patch.object(prediction.preannotate_chunk, "delay") as send,
        patch.object(prediction.preannotate_project, "apply_async") as go_on,
    ):
        prediction.preannotate_project(project.pk)
        assert send.call_count == prediction.WAVE_CHUNKS
        left = prediction.WAVE_CHUNKS + 3
        go_on.assert_called_once_with((project.pk, left), queue="gpu")
        prediction.preannotate_project(project.pk, left)  # nothing was read since
        assert send.call_count == prediction.WAVE_CHUNKS
        for call in send.call_args_list:
            prediction.preannotate_chunk(*call.args)
        prediction.preannotate_project(project.pk, left)
        assert send.call_count == prediction.WAVE_CHUNKS + 3
    assert checkpoint.unread_documents().count() == 3


def test_the_evaluation_slice_is_never_read(
    project: Project, add_documents: Add, model: list[str]
) -> None:
    add_documents(3, "evaluation")
    checkpoint_of(project)
    read_all(project)
    assert model == []
    assert not Suggestion.objects.exists()


def test_a_chunk_that_comes_twice_reads_nothing_the_second_time(
    project: Project, add_documents: Add, model: list[str]
) -> None:
    documents = [document.pk for document in add_documents(4)]
    checkpoint = checkpoint_of(project)
    prediction.preannotate_chunk(checkpoint.pk, documents)
    prediction.preannotate_chunk(checkpoint.pk, documents)
    assert len(model) == 4
    assert Suggestion.objects.count() == 4


def test_two_workers_with_the_same_chunk_write_it_once(
    project: Project, add_documents: Add
) -> None:
    documents = add_documents(2)
    checkpoint = checkpoint_of(project)
    found = dict(prediction._predictions(checkpoint, documents))
    prediction._store(checkpoint, found)
    prediction._store(checkpoint, found)
    assert Suggestion.objects.count() == 2


def test_a_chunk_of_a_model_that_was_replaced_meanwhile_writes_nothing(
    project: Project, add_documents: Add
) -> None:
    documents = add_documents(2)
    old = checkpoint_of(project)
    found = dict(prediction._predictions(old, documents))
    new = checkpoint_of(project)
    read_all(project)
    prediction._store(old, found)
    checkpoints = set(Suggestion.objects.values_list("checkpoint", flat=True))
    assert checkpoints == {new.pk}


def test_a_new_model_replaces_the_suggestions_of_the_old(
    project: Project, add_documents: Add
) -> None:
    add_documents(2)
    checkpoint_of(project)
    read_all(project)
    new = checkpoint_of(project)
    read_all(project)
    assert {s.checkpoint_id for s in Suggestion.objects.all()} == {new.pk}
    assert Suggestion.objects.count() == 2


def test_a_label_deleted_after_training_is_not_suggested(
    project: Project, add_documents: Add
) -> None:
    add_documents(2)
    checkpoint_of(project)
    project.labels.get(name="PER").delete()
    read_all(project)
    assert not Suggestion.objects.exists()
    assert not project.documents.filter(confidence=None).exists()


def test_a_label_renamed_after_training_is_suggested_under_its_new_name(
    project: Project, add_documents: Add
) -> None:
    add_documents(1)
    checkpoint_of(project)
    project.labels.filter(name="PER").update(name="PERSON")
    read_all(project)
    assert Suggestion.objects.get().label.name == "PERSON"


def test_the_queue_is_ordered_again_as_chunks_land(
    project: Project, add_documents: Add, bob: User
) -> None:
    documents = add_documents(9, offset=2)
    longest = Document.new(project, "Ada went to Bern and then to Lima on day 1 .")
    longest.save()
    checkpoint = checkpoint_of(project)
    prediction.preannotate_chunk(checkpoint.pk, [documents[0].pk, longest.pk])
    first_two = queue.remaining(project, bob)[:2]
    assert [document.pk for document in first_two] == [longest.pk, documents[0].pk]
    read_all(project)
    confidences = [d.confidence for d in queue.remaining(project, bob)]
    assert confidences == sorted(confidences)  # type: ignore[type-var]


def test_pre_annotation_never_touches_a_persons_spans(
    project: Project, add_documents: Add, annotate: Callable[..., Annotation]
) -> None:
    document = add_documents(1)[0]
    before = annotate(document).spans_by_value()
    checkpoint_of(project)
    read_all(project)
    annotation = document.annotations.get()
    assert annotation.spans_by_value() == before
    assert annotation.version == 1
