"""Predicting a file: records of any import format in, records with spans out."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from annotator.formats import Record
from modeling.spans import Span
from modeling.tokens import tokenize

if TYPE_CHECKING:
    from modeling.inference import Prediction
    from modeling.tagger import Tagger

WAVE = 64  # documents
WAVE_CHARACTERS = 200_000  # before a wave is full, however few documents it holds


class CannotPredict(Exception):
    """The model cannot be used; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """A record with the model's spans in place of its own."""

    record: Record
    confidences: tuple[float, ...]  # of its spans
    confidence: float  # of the document: the mean marginal of its tags


@dataclass(frozen=True, slots=True)
class Model:
    """A checkpoint by its folder.

    Attributes:
        folder: See `modeling.checkpoints`.
        token_mode: How texts are cut, ``as-imported`` where records bring tokens.
        names: What the model's labels are called in the result; spans of others are
            left out. None keeps all.
        corpus_mean: Towards which short documents are shrunk.
        joins_tokens_with: What stands between the tokens of a file of tokens.
    """

    folder: Path
    token_mode: str = "unicode-words"
    names: Mapping[str, str] | None = None
    corpus_mean: float | None = None
    joins_tokens_with: str = " "

    def load(self, device: str) -> "Tagger":
        """The weights.

        Raises:
            CannotPredict: there is no such folder, or it is damaged.
        """
        from modeling import checkpoints

        try:
            return checkpoints.load(self.folder, device=device)
        except checkpoints.CheckpointError as error:
            raise CannotPredict(str(error)) from error


def token_mode_of(folder: Path) -> str:
    """The token mode that a folder's model was trained with, where it says so.

    Raises:
        CannotPredict: the folder holds no checkpoint.
    """
    from modeling import checkpoints

    try:
        extra = checkpoints.read_extra(folder)
    except checkpoints.CheckpointError as error:
        raise CannotPredict(str(error)) from error
    card = (extra.get("metrics") or {}).get("card") or {}
    return str(card.get("token_mode", "unicode-words"))


def predict_records(
    model: Model, tagger: "Tagger", records: Iterable[Record]
) -> Iterator[Predicted]:
    """Predict record by record, in their order; memory holds one wave of them."""
    from modeling.inference import predict

    for wave in _waves(records):
        cut = [replace(record, tokens=_tokens(model, record)) for record in wave]
        texts = [(record.text, record.tokens or ()) for record in cut]
        found = dict(predict(tagger, texts, corpus_mean=model.corpus_mean))
        for index, record in enumerate(cut):
            yield _predicted(model, record, found[index])


def _waves(records: Iterable[Record]) -> Iterator[list[Record]]:
    wave: list[Record] = []
    size = 0
    for record in chain(records, [None]):
        is_full = len(wave) == WAVE or size >= WAVE_CHARACTERS
        if wave and (record is None or is_full):
            yield wave
            wave, size = [], 0
        if record is not None:
            wave.append(record)
            size += len(record.text)


def _tokens(model: Model, record: Record) -> tuple[tuple[int, int], ...]:
    return tuple(tokenize(record.text, model.token_mode, record.tokens))


def _predicted(model: Model, record: Record, found: "Prediction") -> Predicted:
    kept = [
        (Span(span.start, span.end, name), span.confidence)
        for span in found.spans
        if (name := span.label if model.names is None else model.names.get(span.label))
    ]
    return Predicted(
        # The breaks count tokens, and other tokens may have taken their place.
        replace(
            record,
            spans=tuple(span for span, _ in kept),
            is_annotated=True,
            sentence_starts=record.sentence_starts
            if model.token_mode == "as-imported"
            else None,
        ),
        tuple(min(1.0, max(0.0, confidence)) for _, confidence in kept),
        found.measures.mean_marginal,
    )
