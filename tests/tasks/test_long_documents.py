"""A document of 5,000 sub-words of the bundled BERT, from its text to the database."""

import re

import pytest
from django.db.models import Max

from annotator.models import Document, Project
from modeling.examples import Example
from modeling.spans import Span
from modeling.tokens import tokenize
from modeling.training import TrainingConfig, train
from tasks import prediction
from tests.tasks.test_prediction import checkpoint_of, read_all

SENTENCE = "so it went on and on for it was as unputdownable as it was dull in Kew. "
QUICK = TrainingConfig(
    encoder="bundled",
    epochs=1,
    min_steps=6,
    max_steps=6,
    frozen_layers=5,
    encoder_learning_rate=1e-3,
    tokens_per_batch=1024,
    device="cpu",
)


def example(sentences: int) -> Example:
    """A text whose last word is a name."""
    text = (SENTENCE * sentences).strip(" .")
    spans = tuple(Span(*m.span(), "LOC") for m in re.finditer("Kew", text))
    return Example(text, tuple(tokenize(text)), spans)


@pytest.mark.django_db
def test_its_last_entity_is_stored_as_a_suggestion(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagger = train([example(30)], ["LOC"], QUICK).tagger
    long = example(175)
    (aligned,) = tagger.align([(long.text, long.tokens)])
    assert aligned.sub_tokens > 5_000 and len(aligned.windows) > 5

    document = Document.new(project, long.text, split="pool", split_is_chosen=True)
    document.save()
    checkpoint_of(project)
    monkeypatch.setattr(prediction, "load_annotator", lambda checkpoint: tagger)
    read_all(project)
    assert document.suggestions.count() == len(long.spans)
    end = document.suggestions.aggregate(end=Max("end"))["end"]
    assert end == len(long.text)
    last = document.suggestions.get(end=end)
    assert (document.text[last.start : last.end], last.label.name) == ("Kew", "LOC")
    assert last.confidence > 0.5
