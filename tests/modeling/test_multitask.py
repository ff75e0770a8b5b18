from dataclasses import replace

import pytest
import torch

from modeling.multitask import Task, train_together
from modeling.planning import plan_joint_steps, plan_steps
from modeling.reports import TrainingError
from modeling.training import TrainingConfig, evaluate, train

QUICK = TrainingConfig(
    encoder="scratch",
    epochs=2,
    min_steps=3,
    max_steps=6,
    tokens_per_batch=128,
    device="cpu",
)


@pytest.fixture
def people(annotated):
    marked = ["[Ada|PER] wrote from Kew.", "[Hooker|PER] sent boxes.", "Sikkim is far."]
    return [annotated(text) for text in marked]


@pytest.fixture
def places(annotated):
    marked = ["Ada wrote from [Kew|LOC].", "Hooker sent boxes.", "[Sikkim|LOC] is far."]
    return [annotated(text) for text in marked]


def test_two_tasks_learn_one_encoder_though_a_span_of_one_is_none_of_the_other(
    people, places
):
    config = replace(
        QUICK, encoder="bundled", epochs=1, min_steps=20, max_steps=40, dropout=0.0
    )
    tasks = {"people": Task(people, ["PER"]), "places": Task(places, ["LOC"])}
    results = train_together(tasks, config)

    taggers = [result.tagger for result in results.values()]
    assert [tagger.labels for tagger in taggers] == [("PER",), ("LOC",)]
    assert taggers[0].encoder is taggers[1].encoder
    assert taggers[0].head is not taggers[1].head
    assert evaluate(results["people"].tagger, people).score.micro.f1 == 1.0
    assert evaluate(results["places"].tagger, places).score.micro.f1 == 1.0


def test_the_same_seed_gives_the_same_weights(people, places):
    def weights():
        tasks = {"a": Task(people, ["PER"]), "b": Task(places, ["LOC"])}
        results = train_together(tasks, QUICK)
        return [
            value
            for result in results.values()
            for value in result.tagger.state_dict().values()
        ]

    assert all(torch.equal(a, b) for a, b in zip(weights(), weights(), strict=True))


def test_one_task_alone_is_an_ordinary_training(people):
    config = replace(QUICK, epochs=1, min_steps=6)
    (together,) = train_together({"people": Task(people, ["PER"])}, config).values()
    alone = train(people, ["PER"], config)

    assert together.steps == alone.steps
    for key, value in alone.tagger.state_dict().items():
        assert torch.equal(value, together.tagger.state_dict()[key]), key


def test_no_word_of_another_task_is_saved_with_a_model_over_words(people, annotated):
    secret = [annotated("[Zanzibar|LOC] waits."), annotated("Nobody saw [Kew|LOC].")]
    tasks = {"people": Task(people, ["PER"]), "places": Task(secret, ["LOC"])}
    results = train_together(tasks, replace(QUICK, encoder="idcnn"))

    words = results["people"].tagger.sub_tokenizer.words
    assert "ada" in words
    assert "zanzibar" not in words


def test_held_out_documents_of_every_task_count(people, places):
    tasks = {
        "people": Task(people, ["PER"], dev=people),
        "places": Task(places, ["LOC"], dev=places),
    }
    results = train_together(tasks, replace(QUICK, patience=9))
    measured = [r.dev_f1 for r in results["people"].history]
    achieved = [
        evaluate(results["people"].tagger, people).score.micro.f1,
        evaluate(results["places"].tagger, places).score.micro.f1,
    ]
    assert max(measured) == pytest.approx(sum(achieved) / 2)


def test_a_warm_start_is_that_of_the_first_task(people, places):
    initial = train(people, ["PER"], replace(QUICK, max_steps=1)).tagger
    before = initial.head.weight.clone()
    tasks = {"people": Task(people, ["PER"]), "places": Task(places, ["LOC"])}
    config = replace(QUICK, max_steps=1, encoder_learning_rate=1e-12, weight_decay=0.0)
    results = train_together(tasks, config, initial=initial)

    torch.testing.assert_close(results["people"].tagger.head.weight, before)
    assert not torch.equal(results["places"].tagger.head.weight, before)
    assert torch.equal(initial.head.weight, before)


def test_what_cannot_be_trained_is_refused(people, places):
    with pytest.raises(TrainingError, match="label 'PER'"):
        train_together({"a": Task(places, ["LOC"]), "b": Task(people, ["LOC"])}, QUICK)
    with pytest.raises(TrainingError, match="takes a task"):
        train_together({}, QUICK)


def share_of_first(temperature, seed=0):
    config = TrainingConfig(
        tokens_per_batch=10, epochs=1, min_steps=1, max_steps=4000, seed=seed
    )
    lengths = [[10] * 900, [10] * 100]
    plan = plan_joint_steps(lengths, replace(config, epochs=4), temperature)
    drawn = [task for stretch in plan for task, _ in stretch]
    return drawn.count(0) / len(drawn)


@pytest.mark.parametrize(("temperature", "expected"), [(1, 0.9), (2, 0.75), (1e9, 0.5)])
def test_tasks_are_drawn_by_their_tempered_sizes(temperature, expected):
    assert share_of_first(temperature) == pytest.approx(expected, abs=0.03)


def test_a_task_shows_all_its_units_before_any_again():
    config = TrainingConfig(tokens_per_batch=10, epochs=6, min_steps=1, max_steps=100)
    plan = plan_joint_steps([[10] * 5, [10] * 3], config, 1.0)
    for task, size in enumerate((5, 3)):
        seen = [i for part in plan for t, batch in part if t == task for i in batch]
        for start in range(0, len(seen) - size, size):
            assert sorted(seen[start : start + size]) == list(range(size))
    assert sum(map(len, plan)) == 48
    assert len(plan) == 6


def test_one_task_has_its_steps_within_bounds():
    config = TrainingConfig(tokens_per_batch=10, epochs=2, min_steps=1, max_steps=7)
    plan = plan_steps([10] * 5, config)
    assert [len(batches) for batches in plan] == [5, 2]
