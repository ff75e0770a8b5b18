import json
from dataclasses import asdict, replace

import pytest

from modeling import simulation, training
from modeling.acquisition import STRATEGIES
from modeling.effort import Actions
from modeling.inference import ScoredSpan
from modeling.rounds import Protocol, State
from modeling.simulation import simulate, train_and_test
from modeling.spans import Span
from modeling.training import TrainingConfig

TINY = TrainingConfig(
    encoder="scratch", min_steps=1, max_steps=1, tokens_per_batch=64, device="cpu"
)
NAMES = ["Ada", "Hooker", "Gray", "Fitch", "Torrey", "Wallich", "Brown", "Lindley"]
PROTOCOL = Protocol(
    strategy="lowest_marginal",
    seed_size=2,
    batch_size=3,
    rounds=3,
    seed=0,
    config=TINY,
)


@pytest.fixture
def pool(annotated):
    return [
        annotated(f"[{name}|PER] wrote.{' Rain.' * n}") for n, name in enumerate(NAMES)
    ]


def run(pool, *, on_round=None, **changes):
    return simulate(pool, pool[:2], replace(PROTOCOL, **changes), on_round=on_round)


def without_times(rounds):
    return [replace(r, train_seconds=0, score_seconds=0) for r in rounds]


def test_every_round_adds_a_batch(pool):
    seen = []
    rounds = run(pool, on_round=lambda state, trained: seen.append(state.rounds[-1]))

    assert [r.round for r in rounds] == [1, 2, 3]
    assert [r.documents for r in rounds] == [2, 5, 8]
    assert rounds[-1].tokens == sum(len(example.tokens) for example in pool)
    assert rounds[-1].entities == len(pool)
    assert all(r.train_seconds > 0 and r.steps == 1 for r in rounds)
    assert seen == rounds


def test_models_in_a_row_are_compared_in_the_first_test_documents(pool, monkeypatch):
    """Each model finds one name more; the third document is not looked at."""
    evaluate, rounds = training.evaluate, []

    def finding(tagger, test):
        gold = [example.spans for example in test]
        rounds.append(tagger)
        seen = [*gold[: len(rounds)], *[()] * len(gold)][: len(gold)]
        return replace(evaluate(tagger, test), predictions=seen)

    monkeypatch.setattr(training, "evaluate", finding)
    monkeypatch.setattr(simulation, "COMPARED", 2)
    played = simulate(pool, pool[:3], replace(PROTOCOL, strategy="random"))
    expected = [None, pytest.approx(2 / 3), 1.0]
    assert [one.agreement for one in played] == expected


def test_a_state_comes_back_from_json(pool):
    states = []
    run(pool, rounds=2, on_round=lambda state, trained: states.append(state))
    found = ((Span(0, 3, "PER"),), ())
    for state in (states[0], replace(states[-1], found=found)):
        assert State.of(json.loads(json.dumps(asdict(state)))) == state
    older = asdict(states[-1])
    del older["found"], older["rounds"][0]["agreement"]
    assert State.of(older).found == ()


@pytest.fixture
def asked(monkeypatch):
    """Names of the documents that each prediction of the pool was asked for."""
    calls = []
    predict = simulation.predict

    def spy(tagger, texts, also):
        calls.append([text.split()[0] for text, _ in texts])
        yield from predict(tagger, texts, also=also)

    monkeypatch.setattr(simulation, "predict", spy)
    return calls


def test_the_least_certain_documents_come_first(pool, monkeypatch):
    """A model that doubts only Wallich and Gray is shown these two next."""
    doubted = ("Wallich", "Gray")
    predict = simulation.predict

    def doubting(tagger, texts, also):
        for index, found in predict(tagger, texts, also=also):
            mean = 0.2 if texts[index][0].startswith(doubted) else 0.9
            measures = replace(found.measures, mean_marginal=mean)
            yield index, replace(found, measures=measures)

    monkeypatch.setattr(simulation, "predict", doubting)
    states = []
    run(
        pool,
        seed_size=1,
        batch_size=2,
        rounds=2,
        on_round=lambda state, trained: states.append(state),
    )

    names = [NAMES[index] for index in states[-1].annotated]
    assert names[0] not in doubted
    assert set(names[1:]) == set(doubted)


def test_random_asks_the_model_only_for_the_suggestions_shown(pool, asked):
    assert len(run(pool, strategy="random")) == 3
    assert [len(names) for names in asked] == [3, 3]


def test_nothing_is_predicted_after_the_last_round(pool, asked):
    run(pool, rounds=2)
    assert [len(names) for names in asked if names] == [6]


def test_the_actions_on_a_batch_count_from_its_round_on(pool, monkeypatch):
    """Each suggestion is one token too long at first; two of them in the long texts."""
    predict = simulation.predict

    def too_long(tagger, texts, also):
        for index, found in predict(tagger, texts, also=also):
            text, tokens = texts[index]
            spans = [ScoredSpan(0, tokens[1][1], "PER", 1.0)]
            if len(tokens) > 3:
                spans.append(ScoredSpan(*tokens[3], "PER", 1.0))
            yield index, replace(found, spans=tuple(spans))

    monkeypatch.setattr(simulation, "predict", too_long)
    states = []
    rounds = run(
        pool,
        strategy="random",
        rounds=2,
        on_round=lambda state, trained: states.append(state),
    )

    first, second = rounds
    assert (first.accepted, first.rejected, first.fixed, first.added) == (0, 0, 0, 2)
    batch = states[-1].annotated[2:]
    spurious = sum(len(pool[index].tokens) > 3 for index in batch)
    assert states[0].actions == Actions(rejected=spurious, fixed=3, added=2)
    assert (second.rejected, second.fixed, second.added) == (spurious, 3, 2)
    assert second.actions == 5 + spurious
    seconds = 5 * 5 + 0.15 * second.tokens + 2 * (5 + spurious)
    assert second.minutes == pytest.approx(seconds / 60)
    typed = 5 * 5 + 0.15 * second.tokens + 2 * 5
    assert second.typed_minutes == pytest.approx(typed / 60)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_can_be_played(pool, strategy):
    states = []
    rounds = run(
        pool, strategy=strategy, on_round=lambda state, trained: states.append(state)
    )
    assert [r.documents for r in rounds] == [2, 5, 8]
    assert len(set(states[-1].annotated)) == len(pool)


def test_it_ends_when_the_pool_is_used_up(pool):
    rounds = run(pool, rounds=9)
    assert [r.documents for r in rounds] == [2, 5, 8]


def test_the_same_seed_gives_the_same_curve(pool):
    assert without_times(run(pool)) == without_times(run(pool))
    others = {tuple(r.tokens for r in run(pool, seed=seed)) for seed in (1, 2, 3)}
    assert len(others) > 1


@pytest.mark.parametrize(
    "options", [{}, {"is_warm": True}, {"self_training": 0.3}], ids=str
)
def test_a_resumed_run_equals_an_uninterrupted_one(pool, options):
    protocol = replace(PROTOCOL, batch_size=1, rounds=4, **options)
    kept = []
    whole = simulate(pool, pool[:2], protocol, on_round=lambda *both: kept.append(both))

    for state, trained in kept[:-1]:
        tagger = trained.tagger if protocol.needs_tagger else None
        resumed = simulate(pool, pool[:2], protocol, state=state, tagger=tagger)
        assert without_times(resumed) == without_times(whole)


def test_self_training_learns_from_parts_of_unread_documents(pool, monkeypatch):
    learned = []

    def watched(examples, *others):
        learned.append(list(examples))
        return train_and_test(examples, *others)

    monkeypatch.setattr(simulation, "train_and_test", watched)
    run(pool, rounds=2, batch_size=1, self_training=0.1)
    first, second = learned
    assert all(example.known is None for example in first)
    sure = [example for example in second if example.known is not None]
    assert sure
    read = {example.text for example in second if example.known is None}
    assert not read & {example.text for example in sure}


def test_more_rounds_go_on_where_fewer_ended(pool):
    kept = []
    run(pool, rounds=2, on_round=lambda *both: kept.append(both))
    longer = simulate(pool, pool[:2], PROTOCOL, state=kept[-1][0])
    assert without_times(longer) == without_times(run(pool))


def test_a_warm_start_does_not_go_on_without_its_tagger(pool):
    kept = []
    run(pool, rounds=2, on_round=lambda *both: kept.append(both))
    with pytest.raises(ValueError, match="the tagger of the last"):
        simulate(pool, pool, replace(PROTOCOL, is_warm=True), state=kept[0][0])


def test_the_first_round_is_not_trained_when_it_is_known(pool, monkeypatch):
    kept = []
    whole = run(pool, rounds=2, on_round=lambda *both: kept.append(both))
    calls = []
    train = simulation.training.train

    def spy(*arguments, **options):
        calls.append(arguments)
        return train(*arguments, **options)

    monkeypatch.setattr(simulation.training, "train", spy)
    again = simulate(
        pool, pool[:2], replace(PROTOCOL, rounds=2), first=kept[0][1], on_round=None
    )
    assert len(calls) == 1
    assert without_times(again) == without_times(whole)


def test_a_batch_holds_no_near_duplicates_when_asked(annotated):
    twins = [annotated("[Ada|PER] wrote to the garden again")] * 6
    others = [annotated(f"[{name}|PER] saw {name * 3}") for name in NAMES]
    kept = []
    simulate(
        twins + others,
        others[:2],
        replace(PROTOCOL, strategy="random", rounds=2, batch_size=6),
        on_round=lambda state, trained: kept.append(state.batch or ()),
    )
    plain = sum(index < 6 for index in kept[0])
    kept.clear()
    simulate(
        twins + others,
        others[:2],
        replace(
            PROTOCOL, strategy="random", rounds=2, batch_size=6, has_duplicates=False
        ),
        on_round=lambda state, trained: kept.append(state.batch or ()),
    )
    assert sum(index < 6 for index in kept[0]) <= 1 < plain


def test_nonsense_is_refused_before_training(pool):
    with pytest.raises(ValueError, match="'bogus'"):
        run(pool, strategy="bogus")
    with pytest.raises(ValueError, match="at least 1"):
        run(pool, batch_size=0)
    with pytest.raises(ValueError, match="not 2"):
        run(pool, exploration=2)


@pytest.mark.parametrize("strategy", ["badge", "bald", "margin", "entity_uncertainty"])
def test_a_strategy_that_needs_more_than_marginals_can_be_played(pool, strategy):
    rounds = run(pool, strategy=strategy, rounds=2)
    assert [r.documents for r in rounds] == [2, 5]
