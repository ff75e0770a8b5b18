"""Fine-tuning an encoder with a CRF on annotated documents."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Final, Literal

import torch
from torch import Tensor, nn

from modeling.auxiliary import Step, build_auxiliary
from modeling.configuration import TrainingConfig
from modeling.devices import resolve_device
from modeling.examples import (
    Example,
    Unit,
    stack_allowed,
    stack_tags,
    training_units,
)
from modeling.freezing import Freezing
from modeling.inference import predict
from modeling.optimization import BestWeights, build_optimizer
from modeling.planning import Batch, is_evaluated, plan_steps
from modeling.reports import (
    EpochReport,
    Evaluation,
    Seam,
    StepReport,
    TrainingCancelled,
    TrainingError,
    TrainingResult,
)
from modeling.scoring import score
from modeling.spans import Span
from modeling.starting import check_examples, start_tagger
from modeling.tagger import Tagger

DEFAULT_CONFIG: Final = TrainingConfig()


def train(
    examples: Sequence[Example],
    labels: Sequence[str],
    config: TrainingConfig = DEFAULT_CONFIG,
    *,
    dev: Sequence[Example] = (),
    initial: Tagger | None = None,
    on_step: Callable[[StepReport], None] | None = None,
    on_epoch_end: Callable[[EpochReport], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> TrainingResult:
    """Fine-tune an encoder with a CRF.

    The loss is the negative log-likelihood of the tags a token. A document is encoded
    in windows and one CRF runs over all its tokens, whatever its length; beyond
    `examples.MAX_TRAINING_TOKENS` it is cut into runs of tokens at sentence borders,
    whose windows still show the text around the cut. The same seed gives the same
    weights on the same CPU.

    Args:
        examples: Annotated documents, those without spans included.
        labels: Entity types, all that occur in the spans.
        config: The recipe.
        dev: Held-out documents for early stopping; the best weights win.
        initial: Start from a copy of this tagger instead of a fresh encoder.
        on_step: Called after every optimiser step.
        on_epoch_end: Called after every epoch.
        should_stop: Asked before every step.

    Returns:
        The tagger and a report.

    Raises:
        TrainingCancelled: When should_stop() says so.
        TrainingError: Without any token to learn from, on an unknown label, or when
            the loss is no number any more.
        EncoderError: When the encoder cannot be loaded.
    """
    start = time.perf_counter()
    check_examples(examples, labels)
    device = resolve_device(config.device)
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(config.seed)
        tagger = start_tagger(examples, labels, config, initial).to(device)
        units, misaligned = training_units(tagger, examples)
        lengths = [unit.document.sub_tokens for unit in units]
        loop = Loop([(tagger, units)], plan_steps(lengths, config), config, start)
        try:
            stopped = loop.run([dev], Seam(on_step, on_epoch_end, should_stop))
        finally:
            loop.end()
    seconds = time.perf_counter() - start
    return TrainingResult(tagger, loop.history, stopped, loop.step, seconds, misaligned)


def evaluate(tagger: Tagger, examples: Sequence[Example]) -> Evaluation:
    """Predict documents and compare with their spans.

    Args:
        tagger: A trained tagger.
        examples: Documents with their right answers.

    Returns:
        The exact-match score and the predictions in the order of the examples.
    """
    predictions: list[tuple[Span, ...]] = [()] * len(examples)
    texts = [(example.text, example.tokens) for example in examples]
    for index, prediction in predict(tagger, texts):
        predictions[index] = tuple(
            Span(span.start, span.end, span.label) for span in prediction.spans
        )
    gold = [example.spans for example in examples]
    return Evaluation(score(gold, predictions), predictions)


class Loop:
    """The state of one training run, of one task or of several with one encoder."""

    def __init__(
        self,
        tasks: Sequence[tuple[Tagger, Sequence[Unit]]],
        plan: Sequence[Sequence[Batch]],
        config: TrainingConfig,
        start: float,
    ) -> None:
        """Prepare the optimiser.

        Args:
            tasks: Taggers that share their encoder, each with what it learns from.
            plan: The batches of every epoch.
            config: The recipe.
            start: When the run began, by `time.perf_counter`.

        Raises:
            TrainingError: If the recipe does not suit the encoder.
        """
        self.step = 0
        self.history: list[EpochReport] = []
        self._tasks, self._plan, self._config = tasks, plan, config
        self._start = start
        self._total_steps = sum(map(len, plan))
        first = tasks[0][0]
        size = first.head.in_features
        self._auxiliaries = [build_auxiliary(config, size) for _ in tasks]
        is_gradual = config.unfreezing == "gradual"
        try:
            self._freezing = Freezing(
                first.encoder,
                config.frozen_layers,
                is_gradual=is_gradual,
                steps=self._total_steps,
            )
        except ValueError as error:
            raise TrainingError(str(error)) from error
        self._model = nn.ModuleDict({"encoder": first.encoder})
        for number, (tagger, _) in enumerate(tasks):
            parts: dict[str, nn.Module] = {"head": tagger.head, "crf": tagger.crf}
            if tagger.shapes is not None:
                parts["shapes"] = tagger.shapes
            auxiliary = self._auxiliaries[number]
            if auxiliary is not None:
                parts["auxiliary"] = auxiliary.to(first.device)
            self._model[f"task_{number}"] = nn.ModuleDict(parts)
        self._optimizer, self._scheduler = build_optimizer(
            self._model, config, self._total_steps, size
        )

    def run(
        self, devs: Sequence[Sequence[Example]], seam: Seam
    ) -> Literal["finished", "early"]:
        """Train until the steps are done or patience is exhausted.

        Args:
            devs: Held-out documents of each task.
            seam: Who watches.
        """
        best = BestWeights(self._config.patience)
        for epoch, batches in enumerate(self._plan, start=1):
            losses = [self._train_step(epoch, batch, seam) for batch in batches]
            f1 = None
            if any(devs) and is_evaluated(epoch, len(self._plan)):
                f1 = self._mean_f1(devs)
            loss = sum(losses) / len(losses)
            report = EpochReport(epoch, len(self._plan), self.step, loss, f1)
            self.history.append(report)
            if seam.on_epoch_end is not None:
                seam.on_epoch_end(report)
            is_counted = self.step >= self._config.min_steps
            if f1 is not None and best.offer(self._model, f1, is_counted=is_counted):
                break
        best.restore(self._model)
        return "finished" if self.step == self._total_steps else "early"

    def end(self) -> None:
        """Leave the taggers as ordinary ones."""
        self._freezing.end()
        for tagger, _ in self._tasks:
            tagger.layer_cache = None
            tagger.eval()

    def _mean_f1(self, devs: Sequence[Sequence[Example]]) -> float:
        """Evaluate the tasks that have held-out documents."""
        found = [
            evaluate(tagger, dev).score.micro.f1
            for (tagger, _), dev in zip(self._tasks, devs, strict=True)
            if dev
        ]
        return sum(found) / len(found)

    def _train_step(self, epoch: int, batch: Batch, seam: Seam) -> float:
        """Learn from one batch, report, and give the loss."""
        if seam.should_stop is not None and seam.should_stop():
            raise TrainingCancelled(f"cancelled after {self.step} steps")
        task, chosen = batch
        tagger, units = self._tasks[task]
        tagger.train()
        self._freezing.begin_step(self.step)
        tagger.layer_cache = self._freezing.cache
        loss = _batch_loss(
            tagger,
            [units[index] for index in chosen],
            self._config.batch_tokens,
            self._auxiliaries[task],
        )
        value = loss.item()
        if not math.isfinite(value):
            raise TrainingError(
                f"The loss became {value} at step {self.step + 1}: "
                "try a lower learning rate."
            )
        self._optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self._model.parameters(), self._config.clip)
        self._optimizer.step()
        self._scheduler.step()
        self.step += 1
        if seam.on_step is not None:
            seconds = time.perf_counter() - self._start
            seam.on_step(
                StepReport(self.step, self._total_steps, epoch, value, seconds)
            )
        return value


def _batch_loss(
    tagger: Tagger, units: Sequence[Unit], budget: int, auxiliary: nn.Module | None
) -> Tensor:
    """Compute the negative log-likelihood a token, and what the recipe adds to it."""
    documents = [unit.document for unit in units]
    lengths = [document.tokens for document in documents]
    states = tagger.first_states(documents, budget)
    emissions, mask = tagger.score_states(states, lengths)
    length = mask.size(1)
    tags = stack_tags(units, length).to(tagger.device)  # shape: (batch, tokens)
    # shape: (batch, tokens, tags)
    allowed = stack_allowed(units, length, emissions.size(2))

    def of(emissions: Tensor) -> Tensor:
        if allowed is None:
            return -tagger.crf(emissions, tags, mask, reduction="token_mean")
        sets = allowed.to(emissions.device)
        return -tagger.crf.partial_log_likelihood(
            emissions, sets, mask, reduction="token_mean"
        )

    def again() -> tuple[Tensor, Tensor]:
        other, _ = tagger.emissions(documents, budget)
        return other, of(other)

    loss = of(emissions)
    if auxiliary is None:
        return loss
    whole: Tensor = auxiliary(Step(tagger, states, emissions, mask, tags, loss, again))
    return whole
