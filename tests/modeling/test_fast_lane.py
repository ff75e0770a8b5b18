"""The head learns from kept states; the encoder stays as it was."""

from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest
import torch

from modeling import features
from modeling.configuration import TrainingConfig
from modeling.examples import Example
from modeling.fast_lane import REFIT, CachedTagger, refit
from modeling.features import FeatureStore
from modeling.inference import predict
from modeling.tagger import Tagger
from modeling.training import TrainingError, evaluate

Annotated = Callable[[str], Example]
SENTENCES = [
    "[Ada|PER] met [Charles|PER] in [London|LOC] .",
    "The engine stood in [London|LOC] .",
    "[Charles|PER] wrote to [Ada|PER] about the engine .",
    "Nobody met [Ada|PER] in [Turin|LOC] .",
]
THOROUGH = TrainingConfig(
    encoder_learning_rate=0.02,
    head_factor=1.0,
    crf_factor=1.0,
    min_steps=120,
    max_steps=120,
    dropout=0.0,
)


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path, 10_000_000)


@pytest.fixture
def examples(annotated: Annotated) -> list[Example]:
    return [annotated(sentence) for sentence in SENTENCES]


def texts_of(examples: list[Example]) -> list[tuple[str, tuple[tuple[int, int], ...]]]:
    return [(example.text, example.tokens) for example in examples]


def test_a_cached_tagger_predicts_as_the_tagger_does(
    small_tagger: Tagger, store: FeatureStore, examples: list[Example]
) -> None:
    texts = [*texts_of(examples), ("", ())]
    small_tagger.temperature = 1.7
    with torch.no_grad():
        small_tagger.head.weight.mul_(10)
    plain = dict(predict(small_tagger, texts))
    cached = dict(predict(CachedTagger.over(small_tagger, store), texts))
    assert plain.keys() == cached.keys()
    for index, expected in plain.items():
        found = cached[index]
        places = [(span.start, span.end, span.label) for span in expected.spans]
        assert [(s.start, s.end, s.label) for s in found.spans] == places
        assert found.token_confidences == pytest.approx(
            expected.token_confidences, abs=1e-2
        )
        assert found.measures.mean_marginal == pytest.approx(
            expected.measures.mean_marginal, abs=1e-2
        )


def test_a_refit_learns_and_leaves_the_tagger_alone(
    small_tagger: Tagger, store: FeatureStore, examples: list[Example]
) -> None:
    before = {name: part.clone() for name, part in small_tagger.state_dict().items()}
    result = refit(small_tagger, store, examples, config=THOROUGH)
    assert evaluate(result.tagger, examples).score.micro.f1 > 0.9
    assert evaluate(small_tagger, examples).score.micro.f1 < 0.5
    after = small_tagger.state_dict()
    assert all(torch.equal(part, after[name]) for name, part in before.items())


def test_the_encoder_reads_a_text_once(
    small_tagger: Tagger, store: FeatureStore, examples: list[Example]
) -> None:
    with (
        patch.object(features, "encode_states", wraps=features.encode_states) as encode,
        patch("modeling.fast_lane.encode_states", encode),
    ):
        refit(small_tagger, store, examples[:3])
        refit(small_tagger, store, examples)
    read = [len(call.args[1]) for call in encode.call_args_list]
    assert read == [3, 1]


def test_a_text_beyond_the_budget_is_encoded_anew(
    small_tagger: Tagger, tmp_path: Path, examples: list[Example]
) -> None:
    nothing_fits = FeatureStore(tmp_path, 0)
    cached = CachedTagger.over(small_tagger, nothing_fits)
    assert len(dict(predict(cached, texts_of(examples)))) == len(examples)
    assert nothing_fits.size_bytes == 0


def test_the_same_seed_gives_the_same_head(
    small_tagger: Tagger, store: FeatureStore, examples: list[Example]
) -> None:
    first, second = (
        refit(small_tagger, store, examples, seed=3).tagger.head.weight
        for _ in range(2)
    )
    assert torch.equal(first, second)


def test_what_a_label_newer_than_the_model_covers_is_not_learned_as_nothing(
    small_tagger: Tagger, store: FeatureStore, annotated: Annotated
) -> None:
    new = annotated("[Ada|PER] sold the [difference engine|MACHINE] .")
    nothing = annotated("[Ada|PER] sold the difference engine .")
    of_new, of_nothing = (
        refit(small_tagger, store, [one], config=THOROUGH).tagger
        for one in (new, nothing)
    )
    assert of_new.labels == ("PER", "LOC")
    learned, pushed = (
        dict(predict(tagger, texts_of([new])))[0].token_confidences[3:5]
        for tagger in (of_new, of_nothing)
    )
    assert max(learned) < 0.95 < 0.99 < min(pushed)


def test_without_answers_there_is_nothing_to_fit(
    small_tagger: Tagger, store: FeatureStore
) -> None:
    with pytest.raises(TrainingError, match="no document with a token"):
        refit(small_tagger, store, [], config=REFIT)


def test_a_refit_cannot_change_the_labels(
    small_tagger: Tagger, store: FeatureStore
) -> None:
    with pytest.raises(ValueError, match="keeps the labels"):
        CachedTagger.over(small_tagger, store).with_labels(["PER"])
