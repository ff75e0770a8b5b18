"""The rules of a simulation, and what it remembers between two rounds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from modeling.acquisition import STRATEGIES
from modeling.configuration import TrainingConfig
from modeling.effort import Actions, minutes
from modeling.examples import Example
from modeling.scoring import Counts
from modeling.spans import Span
from modeling.tagger import Tagger

Found = tuple[tuple[Span, ...], ...]


def read_found(rows: Iterable[Iterable[Mapping[str, Any]]]) -> Found:
    """Make spans of what `dataclasses.asdict` gave for them."""
    return tuple(tuple(Span(**span) for span in spans) for spans in rows)


@dataclass(frozen=True)
class Protocol:
    """How a simulation is played.

    Attributes:
        strategy: A name in `modeling.acquisition.STRATEGIES`.
        seed_size: Documents in the first round, drawn at random.
        batch_size: Documents added in every further round.
        rounds: Number of trainings; fewer when the pool is used up.
        seed: Decides on the first documents, on ties and on training.
        config: The recipe of training; its seed is replaced.
        exploration: Share of each batch that is drawn at random.
        has_duplicates: Whether a batch may hold near-duplicates.
        is_warm: Whether training starts from the tagger of the round before.
        self_training: Also learn from tokens of the pool of which the tagger of the
            round before is so sure, see `modeling.self_training`; None does not.
    """

    strategy: str
    seed_size: int
    batch_size: int
    rounds: int
    seed: int
    config: TrainingConfig
    exploration: float = 0.0
    has_duplicates: bool = True
    is_warm: bool = False
    self_training: float | None = None

    @property
    def seeded(self) -> TrainingConfig:
        """The recipe with the seed of the simulation."""
        return replace(self.config, seed=self.seed)

    @property
    def needs_tagger(self) -> bool:
        """Whether a round learns from the tagger of the round before."""
        return self.is_warm or self.self_training is not None

    def __post_init__(self) -> None:
        """Refuse what cannot be played."""
        if min(self.seed_size, self.batch_size, self.rounds) < 1:
            raise ValueError("seed size, batch size and rounds must be at least 1")
        if not 0 <= self.exploration <= 1:
            raise ValueError(
                f"the share of random documents lies in [0, 1], not {self.exploration}"
            )
        if self.self_training is not None and not 0 < self.self_training <= 1:
            raise ValueError(
                f"a threshold of probabilities lies in (0, 1], not {self.self_training}"
            )
        if self.strategy not in STRATEGIES:
            known = ", ".join(STRATEGIES)
            raise ValueError(
                f"unknown query strategy '{self.strategy}' (known: {known})"
            )


@dataclass(frozen=True, slots=True)
class Round:
    """What the documents annotated so far cost and how good the model is.

    Attributes:
        round: Number of the round, from 1.
        documents: Documents annotated so far.
        tokens: Their tokens.
        entities: Their spans.
        accepted: Suggestions accepted so far, see `modeling.effort.Actions`.
        rejected: Suggestions rejected so far.
        fixed: Suggestions fixed so far.
        added: Spans added so far.
        actions: All of these.
        minutes: Simulated time of the annotator, see `modeling.effort.minutes`.
        typed_minutes: The same if nothing had been suggested.
        precision: Micro precision on the test documents.
        recall: Micro recall on the test documents.
        f1: Micro F1 on the test documents.
        train_seconds: Time to train.
        score_seconds: Time to predict what is left and to choose from it.
        steps: Optimiser steps of this round.
        agreement: See `modeling.stopping.span_agreement`: of the model with that of the
            round before, in the first test documents; None in the first round.
    """

    round: int
    documents: int
    tokens: int
    entities: int
    accepted: int
    rejected: int
    fixed: int
    added: int
    actions: int
    minutes: float
    typed_minutes: float
    precision: float
    recall: float
    f1: float
    train_seconds: float
    score_seconds: float
    steps: int
    agreement: float | None = None

    @classmethod
    def of(
        cls,
        number: int,
        pool: Sequence[Example],
        annotated: Sequence[int],
        actions: Actions,
        trained: "Trained",
        score_seconds: float = 0.0,
        agreement: float | None = None,
    ) -> "Round":
        """Count what the annotated documents of the pool cost."""
        examples = [pool[index] for index in annotated]
        tokens = sum(len(example.tokens) for example in examples)
        entities = sum(len(example.spans) for example in examples)
        return cls(
            round=number,
            documents=len(examples),
            tokens=tokens,
            entities=entities,
            accepted=actions.accepted,
            rejected=actions.rejected,
            fixed=actions.fixed,
            added=actions.added,
            actions=actions.total,
            minutes=minutes(len(examples), tokens, actions),
            typed_minutes=minutes(len(examples), tokens, Actions(added=entities)),
            precision=trained.micro.precision,
            recall=trained.micro.recall,
            f1=trained.micro.f1,
            train_seconds=trained.seconds,
            score_seconds=score_seconds,
            steps=trained.steps,
            agreement=agreement,
        )


@dataclass(frozen=True)
class State:
    """Where a simulation stands between two rounds: all that is needed to go on.

    Attributes:
        rounds: The rounds played.
        annotated: Indices of the documents trained on, in the order of serving.
        batch: The documents served next with the actions on them counted; None after
            the last round, when nothing was chosen any more.
        actions: On the annotated documents and on the batch.
        found: See `Trained`, of the last round; empty if that is not known.
    """

    rounds: tuple[Round, ...]
    annotated: tuple[int, ...]
    batch: tuple[int, ...] | None
    actions: Actions
    found: Found = ()

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "State":
        """Make a state of what `dataclasses.asdict` gave for it, read from JSON."""
        return cls(
            rounds=tuple(Round(**played) for played in kept["rounds"]),
            annotated=tuple(kept["annotated"]),
            batch=None if kept["batch"] is None else tuple(kept["batch"]),
            actions=Actions(**kept["actions"]),
            found=read_found(kept.get("found", ())),
        )


@dataclass(frozen=True)
class Trained:
    """A trained tagger and how good it is on the test documents.

    Attributes:
        tagger: The tagger.
        micro: What it got right on all of them.
        seconds: Time to train.
        steps: Optimiser steps.
        found: Its spans in the first of them; empty if they were not kept.
    """

    tagger: Tagger
    micro: Counts
    seconds: float
    steps: int
    found: Found = ()
