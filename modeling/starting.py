"""What a training starts from: examples that were looked at, and a tagger."""

from collections.abc import Sequence
from typing import Any

from modeling.configuration import TrainingConfig
from modeling.encoders import load_encoder
from modeling.examples import Example
from modeling.names import OVER_WORDS
from modeling.reports import TrainingError
from modeling.tagger import Tagger


def check_examples(examples: Sequence[Example], labels: Sequence[str]) -> None:
    """Refuse what cannot be trained on.

    Raises:
        TrainingError: Without any token to learn from, or on an unknown label.
    """
    if not any(example.tokens for example in examples):
        raise TrainingError("There is no document with a token to train on.")
    used = {span.label for example in examples for span in example.spans}
    unknown = sorted(used - set(labels))
    if unknown:
        raise TrainingError(
            f"The label '{unknown[0]}' of an example is not in the list of labels."
        )


def start_tagger(
    examples: Sequence[Example],
    labels: Sequence[str],
    config: TrainingConfig,
    initial: Tagger | None,
) -> Tagger:
    """Copy the initial tagger or put a fresh head on the encoder.

    Args:
        examples: What it is to learn from; an encoder that trains from nothing has its
            vocabulary of them.
        labels: Entity types.
        config: The recipe.
        initial: What to copy, for other labels where they differ.

    Raises:
        EncoderError: If the encoder cannot be loaded.
        TrainingError: If a BiLSTM or an IDCNN is wanted and the initial tagger is none.
    """
    if initial is not None:
        if config.encoder in OVER_WORDS:
            _check_kind(initial, config.encoder)
        tagger = initial.with_labels(labels)
        tagger.dropout.p = config.dropout
    else:
        encoder, tokenizer = load_encoder(
            config.encoder,
            texts=(example.text for example in examples),
            words=(e.text[start:end] for e in examples for start, end in e.tokens),
        )
        tagger = Tagger(
            encoder,
            tokenizer,
            labels,
            dropout=config.dropout,
            max_length=config.max_length,
            context=config.context,
            has_word_shapes=config.learns_word_shapes,
        )
    tagger.precision = config.precision
    return tagger


def _check_kind(initial: Tagger, wanted: str) -> None:
    """Refuse to go on from another kind of encoder."""
    config: Any = initial.encoder.config
    if config.model_type != wanted:
        raise TrainingError(
            f"Training '{wanted}' cannot start from a '{config.model_type}' checkpoint."
        )
