"""Pre-annotation against the Hugging Face pipeline and against its own encoder.

Ours is the worker's whole path: documents from the database are tokenised, encoded and
decoded with exact posteriors, and suggestions and confidences are stored. The pipeline
gets the same encoder weights, head, texts and threads, its best batch size, and stores
nothing. The limit is the bare encoder on the same engine and in the same precision over
the same sub-tokens, laid out in rows without any padding: no tokeniser, no CRF, no
database. `crf` runs the CRF alone on the emissions of the same batches.

Run ``python -m benchmarks.preannotation --json``; the last line is one JSON object.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import AutoModelForTokenClassification, pipeline
from transformers.utils import logging

from benchmarks.texts import sample
from benchmarks.timing import Times, median, ratio, take_turns
from benchmarks.workspace import add_documents, make_active, make_project, workspace
from modeling.alignment import AlignedDocument
from modeling.batching import budget_batches
from modeling.devices import autocast_dtype
from modeling.encoders import bundled_encoder_path, load_encoder
from modeling.inference import decoded_spans
from modeling.onnx import ENGINES, accelerate
from modeling.onnx_encoder import OnnxEncoder
from modeling.parallel import side_by_side
from modeling.tagger import Tagger
from modeling.tokens import tokenize

if TYPE_CHECKING:
    from annotator.models import Checkpoint

LABELS = ("PERSON", "PLACE", "ORG", "TAXON")
PIPELINE_BATCH_SIZES = (1, 8, 32)
# About one token in so many lies in an entity, as in annotated text.
ENTITY_SHARE = 0.12


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=Path, help="CoNLL, JSONL or plain lines")
    parser.add_argument("--documents", type=int, default=215, help="at most so many")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", choices=ENGINES, default="onnx")
    parser.add_argument("--threads", type=int, help="torch threads of all candidates")
    parser.add_argument("--json", action="store_true", help="only the JSON object")
    options = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    if options.threads:
        torch.set_num_threads(options.threads)
    texts = sample(options.texts, options.documents)
    report = compare(texts, options.rounds, options.engine)
    if not options.json:
        for name, value in report.items():
            print(f"{name:>28}  {value}")
    print(json.dumps(report))


def compare(
    texts: Sequence[str], rounds: int, engine: str, *, with_peer: bool = True
) -> dict[str, Any]:
    """Time all candidates in turn and give ratios of documents a second."""
    torch.manual_seed(0)
    tagger = Tagger(*load_encoder("bundled"), LABELS).eval()
    set_entity_share(tagger, texts)
    pipelines = _pipelines(tagger, texts) if with_peer else {}
    with workspace():
        from django.conf import settings

        settings.INFERENCE_ENGINE = engine
        project = make_project(LABELS)
        checkpoint = make_active(tagger, project)
        keys = add_documents(project, texts)
        fast = accelerate(tagger, checkpoint.path, engine)
        documents = [d for d in fast.align(with_tokens(texts)) if d.tokens]
        batches = _batches(fast, documents)
        times = take_turns(
            {
                "ours": lambda: preannotate(checkpoint, keys),
                **pipelines,
                "encoder": _encoder_alone(fast, documents),
                "crf": _crf_alone(fast, batches),
            },
            rounds,
            before_each=lambda: forget(keys),
        )
        _check(checkpoint, keys)
    report = _ratios(times) | {
        f"{name}_documents_per_second": round(len(texts) / median(entry.wall), 1)
        for name, entry in times.items()
        if name != "crf"
    }
    sub_tokens = sum(document.sub_tokens for document in documents)
    return report | {
        "ours_sub_tokens_per_second": round(sub_tokens / median(times["ours"].wall)),
        "engine": engine,
        "has_bf16": autocast_dtype(fast.device, fast.precision) is not None,
        "documents": len(texts),
        "sub_tokens": sub_tokens,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def _ratios(times: dict[str, Times]) -> dict[str, float]:
    """By the clock, and by processor time, which holds on a busy machine too."""
    ours = times["ours"]
    found = {
        "vs_bare_encoder": ratio(times["encoder"].wall, ours.wall),
        "vs_bare_encoder_cpu": ratio(times["encoder"].cpu, ours.cpu),
        "share_of_preannotation": ratio(times["crf"].cpu, ours.cpu),
    }
    peers = [name for name in times if name.startswith("pipeline")]
    if peers:
        best = min(peers, key=lambda name: median(times[name].wall))
        found["vs_hf_pipeline"] = ratio(times[best].wall, ours.wall)
        best = min(peers, key=lambda name: median(times[name].cpu))
        found["vs_hf_pipeline_cpu"] = ratio(times[best].cpu, ours.cpu)
    return {name: round(value, 3) for name, value in found.items()}


def with_tokens(texts: Sequence[str]) -> list[tuple[str, list[tuple[int, int]]]]:
    """Tokenise as the worker does."""
    return [(text, tokenize(text)) for text in texts]


@torch.inference_mode()
def set_entity_share(tagger: Tagger, texts: Sequence[str]) -> None:
    """Shift the bias of O until few tokens are in an entity, as after training."""
    some = [d for d in tagger.align(with_tokens(texts[:60])) if d.tokens]
    emissions, mask = tagger.emissions(some, 2048)
    scores = emissions[mask]  # shape: (tokens, tags)
    margins = scores[:, 1:].amax(1) - scores[:, 0]
    tagger.head.bias[0] += torch.quantile(margins, 1 - ENTITY_SHARE)


def preannotate(checkpoint: "Checkpoint", keys: Sequence[int]) -> None:
    """Do what a worker does, chunk by chunk."""
    from django.conf import settings

    from tasks.prediction import preannotate_chunk

    size = settings.PREANNOTATION_CHUNK_DOCUMENTS
    for start in range(0, len(keys), size):
        preannotate_chunk(checkpoint.pk, list(keys[start : start + size]))


def forget(keys: Sequence[int]) -> None:
    """Make documents new again; not timed."""
    from annotator.models import Document, Suggestion

    Suggestion.objects.filter(document__in=keys).delete()
    documents = Document.objects.filter(pk__in=keys)
    documents.update(checkpoint=None, confidence=None, signature=None)


def _check(checkpoint: "Checkpoint", keys: Sequence[int]) -> None:
    """Refuse to report on work that was not done."""
    from annotator.models import Document, Suggestion

    forget(keys)
    preannotate(checkpoint, keys)
    unread = Document.objects.filter(pk__in=keys).exclude(checkpoint=checkpoint)
    if unread.exists() or not Suggestion.objects.filter(document__in=keys).exists():
        raise RuntimeError("pre-annotation left documents unread or said nothing")


def _pipelines(tagger: Tagger, texts: Sequence[str]) -> dict[str, Callable[[], object]]:
    """Give the peer with each batch size."""
    pipe = peer(tagger)
    return {
        f"pipeline_batch_{size}": run_pipeline(pipe, texts, size)
        for size in PIPELINE_BATCH_SIZES
    }


def peer(tagger: Tagger) -> Any:
    """Build the pipeline with the tagger's encoder weights and head."""
    folder = str(bundled_encoder_path())
    names = dict(enumerate(tagger.tag_names))
    model = AutoModelForTokenClassification.from_pretrained(
        folder,
        id2label=names,
        label2id={name: index for index, name in names.items()},
        local_files_only=True,
    )
    model.classifier.load_state_dict(tagger.head.state_dict())
    tokenizer: Any = tagger.sub_tokenizer.tokenizer
    return pipeline(
        "token-classification",
        model=model.eval(),
        tokenizer=tokenizer,
        aggregation_strategy="first",
        device="cpu",
    )


def run_pipeline(pipe: Any, texts: Sequence[str], size: int) -> Callable[[], object]:
    """Give a call that annotates all texts with one batch size."""
    return lambda: list(pipe(list(texts), batch_size=size))


def _batches(
    tagger: Tagger, documents: Sequence[AlignedDocument]
) -> list[list[AlignedDocument]]:
    """Cut documents into the batches that `predict` would make of all of them."""
    lengths = [document.sub_tokens for document in documents]
    order = sorted(range(len(documents)), key=lambda index: -lengths[index])
    cut = budget_batches(order, lengths, tagger.default_tokens_per_batch)
    return [[documents[index] for index in batch] for batch in cut]


def _encoder_alone(
    tagger: Tagger, documents: Sequence[AlignedDocument]
) -> Callable[[], None]:
    """Give a call that encodes all sub-tokens in rows of the same, typical length."""
    windows = [window for document in documents for window in document.windows]
    length = round(float(np.mean([len(window) for window in windows])))
    ids = torch.from_numpy(np.concatenate(windows))
    whole = len(ids) // length
    rows = max(1, tagger.default_tokens_per_batch // length)
    batches = list(ids[: whole * length].view(whole, length).split(rows))
    if len(ids) % length:
        batches.append(ids[whole * length :].unsqueeze(0))

    dtype = autocast_dtype(tagger.device, tagger.precision)
    is_torch = not isinstance(tagger.encoder, OnnxEncoder)

    @torch.inference_mode()
    def run(batch: torch.Tensor) -> None:
        with torch.autocast("cpu", dtype, enabled=is_torch and dtype is not None):
            tagger.encoder(input_ids=batch, attention_mask=None)

    def call() -> None:
        for _ in side_by_side(run, batches):
            pass

    return call


@torch.inference_mode()
def _crf_alone(
    tagger: Tagger, batches: Sequence[Sequence[AlignedDocument]]
) -> Callable[[], None]:
    """Give a call that decodes ready emissions and computes all posteriors."""
    budget = tagger.default_tokens_per_batch
    ready = [tagger.emissions(batch, budget) for batch in batches]

    @torch.inference_mode()
    def run(index: int) -> None:
        emissions, mask = ready[index]
        output = tagger.crf.infer(emissions, mask, temperature=tagger.temperature)
        spans = decoded_spans(output.tags, mask)
        tagger.crf.span_posteriors(output, spans)

    def call() -> None:
        for _ in side_by_side(run, range(len(ready))):
            pass

    return call


if __name__ == "__main__":
    main()
