from dataclasses import replace

import pytest
import torch

from modeling.examples import Example
from modeling.inference import predict
from modeling.spans import Span
from modeling.tokens import tokenize
from modeling.training import (
    TrainingCancelled,
    TrainingConfig,
    TrainingError,
    evaluate,
    train,
)

QUICK = TrainingConfig(
    encoder="scratch",
    epochs=1,
    min_steps=6,
    max_steps=6,
    tokens_per_batch=128,
    device="cpu",
)
LABELS = ["PER", "LOC"]


@pytest.fixture
def letters(annotated):
    """Notes about people and places, one without a name and one without a token."""
    marked = [
        "[Ada|PER] wrote from [Kew|LOC].",
        "In [Sikkim|LOC] it rained.",
        "[Hooker|PER] sent boxes to [Kew|LOC].",
        "The boxes were wet.",
        "[Asa Gray|PER] answered [Ada|PER].",
        "",
    ]
    return [annotated(text) for text in marked]


def weights(tagger):
    return torch.cat([value.flatten() for value in tagger.state_dict().values()])


def test_the_bundled_encoder_learns_names_it_was_shown(letters):
    config = replace(QUICK, encoder="bundled", min_steps=15, max_steps=15)
    result = train(letters, LABELS, config)
    evaluation = evaluate(result.tagger, letters)

    assert evaluation.score.micro.f1 == 1.0
    assert evaluation.predictions == [example.spans for example in letters]
    assert result.history[-1].loss < result.history[0].loss / 10
    ((_, prediction),) = predict(result.tagger, [(letters[0].text, letters[0].tokens)])
    assert min(span.confidence for span in prediction.spans) > 0.8


def test_the_same_seed_gives_the_same_weights(letters):
    first, again = (train(letters, LABELS, QUICK) for _ in range(2))
    other = train(letters, LABELS, replace(QUICK, seed=1))

    assert torch.equal(weights(first.tagger), weights(again.tagger))
    assert [e.loss for e in first.history] == [e.loss for e in again.history]
    assert not torch.equal(weights(first.tagger), weights(other.tagger))


def test_the_callers_random_numbers_are_left_alone(letters):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train(letters, LABELS, replace(QUICK, max_steps=1))
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    ("epochs", "min_steps", "max_steps", "expected"),
    [(8, 1, 1000, 16), (1, 7, 1000, 7), (8, 1, 5, 5)],
)
def test_steps_are_epochs_within_bounds(
    letters, epochs, min_steps, max_steps, expected
):
    steps, epoch_ends = [], []
    config = replace(QUICK, epochs=epochs, min_steps=min_steps, max_steps=max_steps)
    result = train(
        letters,
        LABELS,
        replace(config, tokens_per_batch=75),  # two batches an epoch
        on_step=steps.append,
        on_epoch_end=epoch_ends.append,
    )

    assert result.steps == expected
    assert [report.step for report in steps] == list(range(1, expected + 1))
    assert {report.total_steps for report in steps} == {expected}
    assert all(report.loss > 0 for report in steps)
    seconds = [report.seconds for report in steps]
    assert seconds == sorted(seconds)
    assert seconds[-1] <= result.seconds
    assert epoch_ends == result.history
    assert result.history[-1].step == expected
    assert [e.epoch for e in epoch_ends] == list(range(1, epoch_ends[0].epochs + 1))
    assert result.stopped == "finished"
    assert all(report.dev_f1 is None for report in epoch_ends)


def test_a_run_can_be_cancelled_between_steps(letters):
    steps = []
    with pytest.raises(TrainingCancelled, match="after 3 steps"):
        train(
            letters,
            LABELS,
            QUICK,
            on_step=steps.append,
            should_stop=lambda: len(steps) == 3,
        )
    assert len(steps) == 3


def test_the_weights_with_the_best_held_out_f1_win(letters):
    config = replace(
        QUICK, min_steps=60, max_steps=60, patience=99, encoder_learning_rate=3e-3
    )
    result = train(letters, LABELS, config, dev=letters[:3])

    measured = [e.dev_f1 for e in result.history if e.dev_f1 is not None]
    assert len(measured) == 10
    assert max(measured) > 0
    assert evaluate(result.tagger, letters[:3]).score.micro.f1 == max(measured)


def test_a_run_without_progress_stops_early_but_not_before_its_least_steps(letters):
    nothing_to_find = [Example("Rain.", ((0, 4), (4, 5)), ())]  # F1 stays 0
    config = replace(QUICK, epochs=40, min_steps=4, max_steps=40, patience=1)
    result = train(letters, LABELS, config, dev=nothing_to_find)

    assert result.stopped == "early"
    assert 4 <= result.steps < 12
    assert result.history[-1].epochs == 40


def test_a_warm_start_changes_a_copy(letters):
    cold = train(letters, ["PER", "LOC"], QUICK).tagger
    before = weights(cold)
    warm = train(
        letters, ["LOC", "ORG", "PER"], replace(QUICK, max_steps=2), initial=cold
    )

    assert torch.equal(weights(cold), before)
    assert warm.tagger.labels == ("LOC", "ORG", "PER")
    assert warm.history[0].loss < 1.0


def test_what_cannot_be_trained_is_said_in_one_sentence(letters):
    with pytest.raises(TrainingError, match="no document with a token"):
        train([Example("  ", (), ())], LABELS, QUICK)
    with pytest.raises(TrainingError, match="label 'LOC'"):
        train(letters, ["PER"], QUICK)


def test_a_loss_that_is_no_number_ends_the_run(letters):
    with pytest.raises(TrainingError, match="loss became .* at step"):
        train(letters, LABELS, replace(QUICK, encoder_learning_rate=1e25))


def test_spans_that_cut_tokens_are_counted(letters):
    cut = Example("Adaline", ((0, 7),), (Span(0, 3, "PER"),))
    result = train([*letters, cut], LABELS, replace(QUICK, max_steps=1))
    assert result.misaligned == 1


def test_bf16_is_for_the_encoder_alone(letters):
    config = replace(QUICK, max_steps=2, precision="bf16")
    result = train(letters, LABELS, config)
    exact = train(letters, LABELS, replace(config, precision="fp32"))
    documents = result.tagger.align([(letters[0].text, letters[0].tokens)])
    emissions, _ = result.tagger.emissions(documents)

    assert emissions.dtype == torch.float32
    assert {p.dtype for p in result.tagger.parameters()} == {torch.float32}
    assert result.history[0].loss != exact.history[0].loss
    assert result.history[0].loss == pytest.approx(exact.history[0].loss, rel=0.05)


def test_an_unseen_script_is_no_obstacle(letters):
    result = train(letters, LABELS, replace(QUICK, max_steps=1))
    text = "독립 \u200b😀 \x07 \ud800"
    ((_, prediction),) = predict(result.tagger, [(text, tokenize(text))])
    assert len(prediction.token_confidences) == len(tokenize(text))


def test_a_name_across_a_window_border_is_learnt_and_found():
    """In windows of 32 characters with 8 shared, names lie on every border."""
    config = replace(
        QUICK,
        min_steps=30,
        max_steps=30,
        tokens_per_batch=1024,
        max_length=32,
        context=8,
    )
    name, filler = "ADAKINGLOVELACE", "xyz" * 3
    text = f"{filler} {name} " * 9 + name
    spans, start = [], text.find(name)
    while start >= 0:
        spans.append(Span(start, start + len(name), "PER"))
        start = text.find(name, start + 1)
    characters = tuple(tokenize(text, "characters"))
    example = Example(text, characters, tuple(spans))
    result = train([example], ["PER"], config)

    (document,) = result.tagger.align([(text, characters)])
    assert len(document.windows) > 10
    borders = set(
        (document.token_windows[1:] != document.token_windows[:-1]).nonzero()[0]
    )
    across = [
        span
        for span in spans
        if any(span.start < characters[b + 1][0] < span.end for b in borders)
    ]
    assert len(across) >= 5
    assert spans[-1].end == len(text)
    ((_, prediction),) = predict(result.tagger, [(text, characters)])
    assert [(s.start, s.end) for s in prediction.spans] == [
        (s.start, s.end) for s in spans
    ]
