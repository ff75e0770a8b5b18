"""An encoder that has read the texts of a project, kept for all its trainings."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from annotator.models import Project, TrainingRun
from annotator.models.training import Phase
from modeling.adaptation import Adaptation, AdaptationConfig, adapt, can_adapt
from modeling.configuration import TrainingConfig
from modeling.encoders import EncoderError, load_encoder, save_encoder
from modeling.names import UNTRAINED
from modeling.reports import StepReport, TrainingError
from modeling.tagger import Tagger
from tasks.heartbeat import Heartbeat

FACTS: Final = "adaptation.json"
AGAIN_FROM: Final = 2  # times as many documents as were read
_BATCH: Final = 500


class CannotAdapt(Exception):
    """An encoder cannot be adapted to some texts; the message says why."""


def adapt_to_texts(
    texts: Sequence[str], folder: Path, *, encoder: str, sub_tokens: int, seed: int
) -> Adaptation:
    """Adapt an encoder and write it into a folder that `load_encoder` reads.

    Raises:
        CannotAdapt: The encoder or the texts do not allow it.
        OSError: The folder cannot be written.
    """
    try:
        how = AdaptationConfig(sub_tokens=sub_tokens, seed=seed, device=settings.DEVICE)
        model, tokenizer = load_encoder(encoder, texts=texts)
        done = adapt(model, tokenizer, texts, how)
    except (EncoderError, TrainingError, ValueError) as error:
        raise CannotAdapt(str(error)) from error
    save_encoder(model, tokenizer, folder)
    return done


def with_adapted_encoder(
    run: TrainingRun,
    heart: Heartbeat,
    config: TrainingConfig,
    initial: Tagger | None,
) -> tuple[TrainingConfig, dict[str, Any]]:
    """Put the adapted encoder into a recipe that asks for it, and say what it read.

    Texts of the pool are read, as many as the budget of sub-tokens allows. The
    evaluation slice is not, so that its documents stay as new to the model as any
    other. A run that starts from a tagger takes no encoder.

    Raises:
        modeling.reports.TrainingError: There is nothing to read.
        modeling.reports.TrainingCancelled: The run was cancelled or taken away.
    """
    if config.adaptation == "none":
        _forget(run.project)
        return config, {}
    if initial is not None:
        return config, {}
    if config.encoder in UNTRAINED:
        run.append_log("What trains from nothing is not adapted first.")
        return config, {}
    how = _how(config)
    folder = _folder(run.project, config.encoder, how)
    documents = run.project.documents.filter(split="pool")
    facts = facts_of(folder)
    if facts is None or documents.count() >= AGAIN_FROM * facts["documents"]:
        encoder, tokenizer = load_encoder(config.encoder)
        if not can_adapt(encoder, tokenizer):
            run.append_log("This encoder cannot be adapted: it masks no words.")
            return config, {}
        run.append_log("The encoder reads the texts of the pool.")
        # The order of hashes is a random one that stays.
        texts = documents.order_by("content_hash").values_list("text", flat=True)
        reported = adapt(
            encoder,
            tokenizer,
            texts.iterator(chunk_size=_BATCH),
            how,
            on_step=lambda report: _tell(heart, report),
            should_stop=heart.should_stop,
        )
        facts = {"documents": documents.count(), **asdict(reported)}
        _keep(folder, run, encoder, tokenizer, facts)
    run.append_log(
        f"Encoder adapted to {facts['documents']} documents in {facts['seconds']:.0f} "
        f"s: nats a masked sub-token {facts['loss_before']:.2f} at first, "
        f"{facts['loss_after']:.2f} at last."
    )
    return replace(config, encoder=str(folder)), facts


def with_known_encoder(project: Project, config: TrainingConfig) -> TrainingConfig:
    """Put the adapted encoder into a recipe if a run has made it already."""
    if config.adaptation == "none":
        return config
    folder = _folder(project, config.encoder, _how(config))
    is_there = facts_of(folder) is not None
    encoder = str(folder) if is_there else config.encoder
    return replace(config, encoder=encoder, adaptation="none")


def _how(config: TrainingConfig) -> AdaptationConfig:
    return AdaptationConfig(
        sub_tokens=settings.ADAPTATION_SUB_TOKENS,
        device=config.device,
        seed=config.seed,
    )


def facts_of(folder: Path) -> dict[str, Any] | None:
    """What the adapted encoder in a folder has read; None without one."""
    try:
        facts: dict[str, Any] = json.loads((folder / FACTS).read_text("utf-8"))
    except FileNotFoundError:
        return None
    return facts


def _folder(project: Project, encoder: str, how: AdaptationConfig) -> Path:
    """Where the project keeps this encoder, adapted this way."""
    kept = {name: value for name, value in asdict(how).items() if name != "device"}
    asked = json.dumps([encoder, kept], sort_keys=True)
    digest = hashlib.sha256(asked.encode()).hexdigest()[:16]
    return _root(project) / f"encoder-{digest}"


def _keep(
    folder: Path,
    run: TrainingRun,
    encoder: Any,
    tokenizer: Any,
    facts: dict[str, Any],
) -> None:
    """Write the encoder beside its place and move it there whole."""
    made = folder.with_name(f"{folder.name}-run-{run.pk}-attempt-{run.attempt}")
    save_encoder(encoder, tokenizer, made)
    (made / FACTS).write_text(json.dumps(facts), "utf-8")
    _forget(run.project, but=made)
    made.rename(folder)


def _forget(project: Project, but: Path | None = None) -> None:
    """Remove adapted encoders that no training takes any more; they are large."""
    for folder in _root(project).glob("encoder-*"):
        if folder != but:
            shutil.rmtree(folder, ignore_errors=True)


def _root(project: Project) -> Path:
    return Path(settings.CHECKPOINT_DIR) / f"project-{project.pk}"


def _tell(heart: Heartbeat, report: StepReport) -> None:
    rate = report.seconds / report.step
    heart.report(
        now=report.step == 1,
        phase=Phase.ADAPTING,
        step=report.step,
        total_steps=report.total_steps,
        eta_seconds=rate * (report.total_steps - report.step),
    )
