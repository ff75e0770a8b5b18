"""Pre-annotation: suggestions and confidences for the remaining documents."""

import logging
import random
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from annotator.models import Checkpoint, Document, Label, Project, Suggestion
from annotator.rows import update_rows
from modeling.diversity import signature
from modeling.spans import Span
from modeling.tokens import Token

if TYPE_CHECKING:
    from modeling.inference import Prediction
    from modeling.tagger import Tagger
    from modeling.training import Example

logger = logging.getLogger(__name__)
WAVE_CHUNKS = 8
STORED_AT_ONCE = 32  # documents
EXPORTED_FROM = 5_000  # unread documents
MEAN_SAMPLE = 200  # pool documents whose mean marginal short documents shrink to


@shared_task
def preannotate_project(project_id: int, unread_before: int | None = None) -> None:
    """Fan the documents that the active checkpoint has not read out in chunks.

    A wave of chunks is sent, then this task again behind it, so that a training run
    asked for meanwhile waits for one wave and not for the whole corpus.

    Args:
        project_id: Whose pool is read.
        unread_before: Documents that were left at the wave before. When none of them
            was read since, something is wrong and the reconciler tries again later.
    """
    project = Project.objects.get(pk=project_id)
    checkpoint = project.active_checkpoint
    if checkpoint is None:
        return
    unread = checkpoint.unread_documents()
    left = unread.count()
    if left == 0 or left == unread_before:
        return
    Checkpoint.objects.filter(pk=checkpoint.pk).update(preannotated_at=timezone.now())
    size = settings.PREANNOTATION_CHUNK_DOCUMENTS
    keys = list(unread.values_list("pk", flat=True)[: WAVE_CHUNKS * size])
    for start in range(0, len(keys), size):
        preannotate_chunk.delay(checkpoint.pk, keys[start : start + size])
    if left > len(keys):
        preannotate_project.apply_async((project_id, left), queue="gpu")


@shared_task
def preannotate_chunk(checkpoint_id: int, document_ids: list[int]) -> None:
    """Read some documents and store what the model says, each document whole.

    The first ones are stored while others are still being read. A chunk that comes
    twice, late or to two workers writes nothing the second time.
    """
    checkpoint = Checkpoint.objects.select_related("project").get(pk=checkpoint_id)
    if checkpoint.state != "active":
        return
    unread = checkpoint.unread_documents().filter(pk__in=document_ids)
    documents = list(unread.select_related("project"))
    if not documents:
        return
    predictions = _predictions(checkpoint, documents)
    while some := dict(islice(predictions, STORED_AT_ONCE)):
        with transaction.atomic():
            _store(checkpoint, some)


def _predictions(
    checkpoint: Checkpoint, documents: Sequence[Document]
) -> "Iterator[tuple[int, Prediction]]":
    """Primary keys and what the model says, as it is said.

    Measures that cost extra time are computed where the project orders by them.
    """
    from modeling.acquisition import EXPENSIVE
    from modeling.inference import predict

    texts = [(document.text, document.tokenize()) for document in documents]
    found = predict(
        load_annotator(checkpoint),
        texts,
        corpus_mean=checkpoint.corpus_mean,
        also=EXPENSIVE & {checkpoint.project.query_strategy},
    )
    return ((documents[index].pk, prediction) for index, prediction in found)


def _store(checkpoint: Checkpoint, predictions: "Mapping[int, Prediction]") -> None:
    """Replace the suggestions of documents that are still unread by this model."""
    unread = checkpoint.unread_documents().filter(pk__in=list(predictions))
    documents = list(unread.order_by("pk").select_for_update(of=("self",)))
    if not Checkpoint.objects.filter(pk=checkpoint.pk, state="active").exists():
        return
    live = set(Label.objects.filter(project=checkpoint.project_id).values_list("pk"))
    proposed = Suggestion.objects.filter(document__in=documents)
    # Those of rules and of imported files stay.
    proposed.filter(checkpoint__isnull=False).delete()
    rows: list[Suggestion] = []
    for document in documents:
        prediction = predictions[document.pk]
        for column, measure in MEASURES.items():
            setattr(document, column, getattr(prediction.measures, measure))
        if document.signature is None:
            document.signature = signature(document.text)
        document.uncertain_tokens = uncertain_tokens(document, prediction)
        document.checkpoint = checkpoint
        rows.extend(
            Suggestion(
                document=document,
                checkpoint=checkpoint,
                label_id=checkpoint.labels[span.label],
                start=span.start,
                end=span.end,
                confidence=min(1.0, max(0.0, span.confidence)),
            )
            for span in prediction.spans
            if (checkpoint.labels[span.label],) in live
        )
    Suggestion.objects.bulk_create(rows, batch_size=1000)
    columns = [*MEASURES, "signature", "uncertain_tokens", "checkpoint"]
    update_rows(documents, columns)
    Checkpoint.objects.filter(pk=checkpoint.pk).update(preannotated_at=timezone.now())


# A column of Document: the measure kept in it, which may be None when not asked for.
MEASURES = {
    "confidence": "mean_marginal",
    "min_marginal": "min_marginal",
    "mnlp": "mnlp",
    "summed_uncertainty": "summed_uncertainty",
    "min_span_posterior": "min_span_posterior",
    "token_entropy": "token_entropy",
    "margin": "margin",
    "bald": "bald",
}


def uncertain_tokens(document: Document, prediction: "Prediction") -> list[Any]:
    tokens: list[Token] = document.tokenize()
    return [
        {
            "start": tokens[index][0],
            "end": tokens[index][1],
            "alternatives": [[label, round(p, 4)] for label, p in alternatives],
        }
        for index, alternatives in prediction.alternatives
    ]


def load_tagger(checkpoint: Checkpoint) -> "Tagger":
    """The checkpoint's model; a worker keeps the one it used last."""
    return _load(checkpoint.path)


@lru_cache(maxsize=1)
def _load(path: Path) -> "Tagger":
    from modeling import checkpoints

    return checkpoints.load(path, device=settings.DEVICE)


def load_annotator(checkpoint: Checkpoint) -> "Tagger":
    """The checkpoint's model for predictions alone, on the engine of the settings.

    To export an encoder takes as long as reading some thousand documents saves, so it
    is not done for fewer, unless somebody asked for it.
    """
    from modeling.onnx import graph_path

    engine = settings.INFERENCE_ENGINE
    if engine == "auto" and not graph_path(checkpoint.path, "onnx").is_file():
        is_worth_it = checkpoint.unread_documents().count() >= EXPORTED_FROM
        engine = "auto" if is_worth_it else "torch"
    if engine == "torch":
        return load_tagger(checkpoint)
    return _load_annotator(checkpoint.path, engine)


@lru_cache(maxsize=1)
def _load_annotator(path: Path, engine: str) -> "Tagger":
    from modeling import checkpoints
    from modeling.onnx import accelerate
    from modeling.onnx_encoder import OnnxError

    tagger = checkpoints.load(path, device=settings.DEVICE)
    try:
        return accelerate(tagger, path, engine)
    except OnnxError as error:
        logger.info("torch goes on encoding for %s: %s", path.name, error)
        return tagger


def predicted_spans(
    tagger: "Tagger",
    examples: "Sequence[Example]",
    project: Project,
    labels: Mapping[str, int],
) -> list[list[Span]]:
    """Predictions under the labels' names of today; deleted labels are left out."""
    from modeling.inference import predict

    names = dict(project.labels.values_list("pk", "name"))
    today = {name: names[pk] for name, pk in labels.items() if pk in names}
    found: list[list[Span]] = [[] for _ in examples]
    for index, prediction in predict(tagger, [(e.text, e.tokens) for e in examples]):
        found[index] = [
            Span(span.start, span.end, today[span.label])
            for span in prediction.spans
            if span.label in today
        ]
    return found


def mean_marginal_of_pool(tagger: "Tagger", project: Project) -> float | None:
    """Mean marginal of the decoded tags over a random sample of the pool."""
    from modeling.inference import predict

    keys = list(project.documents.filter(split="pool").values_list("pk", flat=True))
    sample = random.Random(project.seed).sample(keys, min(MEAN_SAMPLE, len(keys)))
    documents = project.documents.filter(pk__in=sample).select_related("project")
    texts = [(document.text, document.tokenize()) for document in documents]
    marginals = [
        p for _, found in predict(tagger, texts) for p in found.token_confidences
    ]
    return sum(marginals) / len(marginals) if marginals else None
