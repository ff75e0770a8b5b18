"""Active learning with a simulated annotator, who answers from gold annotations."""

import random
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Final

from modeling import training
from modeling.acquisition import BADGE, EXPENSIVE, rank
from modeling.confidence import shrink
from modeling.configuration import TrainingConfig
from modeling.coverage import badge_order
from modeling.diversity import select_batch, signature
from modeling.effort import Actions, answer
from modeling.examples import Example
from modeling.inference import Prediction, predict
from modeling.rounds import Found, Protocol, Round, State, Trained
from modeling.self_training import confident_example
from modeling.spans import Span
from modeling.stopping import span_agreement
from modeling.tagger import Tagger

COMPARED: Final = 200
"""Test documents, which no model learns from, in which models in a row are compared."""

OnRound = Callable[[State, Trained], None]


def draw_first(pool: int, size: int, seed: int) -> tuple[int, ...]:
    """Draw the documents of the first round: the same for every strategy."""
    order = list(range(pool))
    random.Random(seed).shuffle(order)
    return tuple(order[:size])


def train_and_test(
    examples: Sequence[Example],
    test: Sequence[Example],
    labels: Sequence[str],
    config: TrainingConfig,
    initial: Tagger | None = None,
) -> Trained:
    """Train with the functions that the worker calls, and evaluate once."""
    result = training.train(examples, labels, config, initial=initial)
    tested = training.evaluate(result.tagger, test)
    found = tuple(tested.predictions[:COMPARED])
    micro = tested.score.micro
    return Trained(result.tagger, micro, result.seconds, result.steps, found)


def labels_of(examples: Sequence[Example]) -> list[str]:
    """Name the labels in the order that the tagger gets them."""
    return sorted({span.label for example in examples for span in example.spans})


def simulate(
    train: Sequence[Example],
    test: Sequence[Example],
    protocol: Protocol,
    *,
    first: Trained | None = None,
    state: State | None = None,
    tagger: Tagger | None = None,
    on_round: OnRound | None = None,
) -> list[Round]:
    """Play the loop: train, evaluate, predict the rest, serve the next batch.

    The first documents are drawn at random. Every round trains with the functions that
    the worker calls. Whoever annotates gets the suggestions of the model of the round
    before, none in the first round.

    Args:
        train: The pool, with the answers the annotator gives.
        test: Held-out documents.
        protocol: How to play.
        first: What training on the documents of the first round gave, if known.
        state: Go on from here; the rounds that follow are those that an uninterrupted
            run has.
        tagger: Of the last round of the state; see `Protocol.needs_tagger`.
        on_round: Called after every round with the state and what was trained.

    Returns:
        The rounds, those of the given state included.

    Raises:
        ValueError: The rounds learn from each other and the tagger is missing.
    """
    play = _Play(train, test, protocol)
    if state is None:
        state = play.start()
    elif protocol.needs_tagger and state.rounds and tagger is None:
        raise ValueError("these rounds go on from the tagger of the last one")
    if state.batch is None and len(state.rounds) < protocol.rounds:
        tagger = tagger or play.train(state.annotated, None).tagger
        state = play.choose(state, tagger)
    while state.batch and len(state.rounds) < protocol.rounds:
        known = None if state.rounds else first
        state, trained = play.round(state, known, tagger)
        tagger = trained.tagger
        if on_round is not None:
            on_round(state, trained)
    return list(state.rounds)


def _agreement(before: Found, now: Found) -> float | None:
    """How far two models in a row agree, as far as is known what both found."""
    return span_agreement(before, now) if len(before) == len(now) else None


class _Play:
    """The corpus and the protocol of one simulation."""

    def __init__(
        self, train: Sequence[Example], test: Sequence[Example], protocol: Protocol
    ) -> None:
        self._pool, self._test, self._protocol = train, test, protocol
        self._labels = labels_of(train)
        self._signatures: list[bytes | None] = [None] * len(train)
        if not protocol.has_duplicates:
            self._signatures = [signature(example.text) for example in train]

    def start(self) -> State:
        """Serve the first documents, without suggestions."""
        protocol = self._protocol
        batch = draw_first(len(self._pool), protocol.seed_size, protocol.seed)
        added = sum(len(self._pool[index].spans) for index in batch)
        return State((), (), batch, Actions(added=added))

    def train(self, annotated: Sequence[int], before: Tagger | None) -> Trained:
        """Train on documents of the pool, as the tagger before allows, and evaluate."""
        examples = [self._pool[index] for index in annotated]
        if before is not None:
            examples += self._confident(annotated, before)
        start = before if self._protocol.is_warm else None
        return train_and_test(
            examples, self._test, self._labels, self._protocol.seeded, start
        )

    def _confident(self, annotated: Sequence[int], tagger: Tagger) -> list[Example]:
        """What a tagger is sure of in as many other documents, drawn at random."""
        threshold = self._protocol.self_training
        if threshold is None:
            return []
        left = self._left(annotated)
        chance = random.Random(self._protocol.seed + len(annotated))
        drawn = chance.sample(left, min(len(left), len(annotated)))
        found = (
            confident_example(
                self._pool[index].text, self._pool[index].tokens, prediction, threshold
            )
            for index, prediction in self._predict(drawn, tagger).items()
        )
        return [example for example in found if example is not None]

    def _left(self, annotated: Sequence[int]) -> list[int]:
        """The documents of the pool that nobody has annotated."""
        taken = set(annotated)
        return [index for index in range(len(self._pool)) if index not in taken]

    def round(
        self, state: State, known: Trained | None, tagger: Tagger | None
    ) -> tuple[State, Trained]:
        """Play one round."""
        annotated = state.annotated + (state.batch or ())
        trained = known or self.train(annotated, tagger)
        start = time.perf_counter()
        behind = replace(state, annotated=annotated, batch=None)
        is_last = len(state.rounds) + 1 >= self._protocol.rounds
        chosen = behind if is_last else self.choose(behind, trained.tagger)
        seconds = time.perf_counter() - start
        row = Round.of(
            len(state.rounds) + 1,
            self._pool,
            annotated,
            state.actions,
            trained,
            seconds,
            _agreement(state.found, trained.found),
        )
        rounds = (*state.rounds, row)
        return replace(chosen, rounds=rounds, found=trained.found), trained

    def choose(self, state: State, tagger: Tagger) -> State:
        """Serve the next batch and count what its suggestions ask for."""
        left = self._left(state.annotated)
        number = len(state.annotated)
        order, predictions = self._ranked(left, tagger, number)
        protocol = self._protocol
        batch = order[: protocol.batch_size]
        if protocol.exploration or not protocol.has_duplicates:
            batch = select_batch(
                order,
                self._signatures,
                protocol.batch_size,
                exploration=protocol.exploration,
                seed=protocol.seed + number,
                served=number,
            )
        missing = [index for index in batch if index not in predictions]
        predictions |= self._predict(missing, tagger)
        actions = state.actions
        for index in batch:
            suggested = [
                Span(s.start, s.end, s.label) for s in predictions[index].spans
            ]
            actions += answer(self._pool[index].spans, suggested)
        return replace(state, batch=tuple(batch), actions=actions)

    def _ranked(
        self, left: Sequence[int], tagger: Tagger, number: int
    ) -> tuple[list[int], dict[int, Prediction]]:
        """Order what is left as the queue would serve it; chance needs no model."""
        seed, strategy = self._protocol.seed + number, self._protocol.strategy
        if strategy == "random":
            shuffled = list(left)
            random.Random(seed).shuffle(shuffled)
            return shuffled, {}
        also = {"vector"} if strategy == BADGE else EXPENSIVE & {strategy}
        predictions = self._predict(left, tagger, also)
        confidences = shrink(
            [predictions[index].measures for index in left],
            [len(self._pool[index].tokens) for index in left],
        )
        places = rank(confidences, strategy, seed)
        if strategy == BADGE:
            vectors = [predictions[index].vector for index in left]
            uncertainties = [1 - confidence.mean_marginal for confidence in confidences]
            size = 2 * self._protocol.batch_size  # some may be near-duplicates
            places = badge_order(vectors, uncertainties, size, seed)
        return [left[place] for place in places], predictions

    def _predict(
        self, indices: Sequence[int], tagger: Tagger, also: Collection[str] = ()
    ) -> dict[int, Prediction]:
        """Predict documents of the pool, by index."""
        if not indices:
            return {}
        examples = [self._pool[index] for index in indices]
        texts = [(example.text, example.tokens) for example in examples]
        found = dict(predict(tagger, texts, also=also))
        return {indices[place]: found[place] for place in range(len(indices))}
