"""The model card of a checkpoint: what is known of it, and what is not."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

UNKNOWN_LICENCE: Final = "unknown: look it up"
NO_LICENCE: Final = "none needed: it was trained from nothing"
LIBRARIES: Final = (
    *("torch", "transformers", "tokenizers", "safetensors", "pytorch-crf"),
    *("numpy", "regex"),
)
_SUMMARY: Final = """\
It finds mentions in text and names their kind: {encoder}, a linear layer and a
conditional random field over whole documents. It was trained in Marginalia on what
people annotated in the project “{project}”."""
_NAMES: Final = {
    "bundled": "the encoder all-MiniLM-L6-v2",
    "scratch": "a small character-level BERT",
    "bilstm": "a BiLSTM over words and characters",
    "idcnn": "dilated convolutions over words and characters",
}
_LIMITS: Final = (
    "How it does on texts of another kind than the project's: it was not tried.",
    "Whether the people who annotated were of one mind beyond what the measures show.",
    "The licence of the training texts, which are not part of this folder.",
    "What the encoder learnt before it came here, its biases included.",
)


@dataclass(frozen=True, slots=True)
class Partner:
    """Another project whose answers trained the same encoder under its own labels."""

    name: str
    labels: Sequence[str]
    documents: int


@dataclass(frozen=True, slots=True)
class Card:
    """All that a card says; ``metrics`` are those of the training run.

    Attributes:
        project: Name of the project.
        version: Number of the checkpoint, 0 while it has none.
        language: BCP 47.
        labels: Entity types.
        encoder: Name of the encoder.
        facts: What `facts` gave when the model was trained; may lack anything.
        metrics: Measures on the evaluation slice; may lack anything.
        needs_project: Whether only this program can load the model.
        partners: Projects that the encoder learnt from as well, as far as whoever reads
            the card may know them.
        unnamed_partners: How many more of them there were.
    """

    project: str
    version: int
    language: str
    labels: Sequence[str]
    encoder: str
    facts: Mapping[str, Any]
    metrics: Mapping[str, Any]
    needs_project: bool = False
    partners: Sequence[Partner] = ()
    unnamed_partners: int = 0


def facts(
    examples: Iterable[Any], config: Any, encoder_licence: str, token_mode: str
) -> dict[str, Any]:
    """Note what only the training run knows.

    Args:
        examples: The training examples in the order in which they were given.
        config: The whole `modeling.configuration.TrainingConfig`.
        encoder_licence: See `modeling.licences.encoder_licence`.
        token_mode: How texts were cut into tokens.

    Returns:
        JSON.
    """
    return {
        "data_sha256": data_sha256(examples),
        "config": {one.name: getattr(config, one.name) for one in fields(config)},
        "versions": {name: _version(name) for name in LIBRARIES},
        "encoder_licence": encoder_licence,
        "token_mode": token_mode,
    }


def data_sha256(examples: Iterable[Any]) -> str:
    """Hash training examples in their order, every field of each, one JSON a line."""
    digest = hashlib.sha256()
    for example in examples:
        values = [getattr(example, one.name) for one in fields(example)]
        line = json.dumps(values, default=astuple, separators=(",", ":"))
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def render(card: Card) -> str:
    """Write a card as Markdown with the front matter of the Hugging Face hub."""
    version = f", version {card.version}" if card.version else ""
    return f"{_front_matter(card)}\n# {card.project}{version}\n\n{body(card)}"


def body(card: Card) -> str:
    """Write a card as Markdown, without its title."""
    encoder = _NAMES.get(card.encoder, f"the encoder {card.encoder}")
    parts = [
        _SUMMARY.format(encoder=encoder, project=card.project),
        "## How to use it\n\n" + _use(card),
        "## Labels and measures\n\n" + _measures(card),
        "## Confidence\n\n" + _calibration(card.metrics),
        "## Training data\n\n" + _data(card) + _partners(card),
        "## Training\n\n" + _training(card.facts),
        f"## Licence\n\nOf the weights of {encoder}: {_licence(card)}.",
        "## What is not known\n\n" + "\n".join(f"- {limit}" for limit in _LIMITS),
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(card: Card) -> str:
    lines = [
        "language: " + _quoted(card.language.partition("-")[0]),
        "license: unknown",
        "library_name: transformers",
        "pipeline_tag: token-classification",
        "tags: [token-classification, named-entity-recognition, crf]",
    ]
    if card.encoder == "bundled":
        lines.append("base_model: sentence-transformers/all-MiniLM-L6-v2")
    elif "/" in card.encoder.strip("/.~"):
        lines.append("base_model: " + _quoted(card.encoder))
    return "\n".join(["---", *lines, "---", ""])


def _use(card: Card) -> str:
    if card.needs_project:
        return (
            "This kind of encoder is not one of Hugging Face's: the model can be "
            "loaded by `modeling.checkpoints.load` of Marginalia only, for example "
            "with `manage.py predict FOLDER FILE`."
        )
    return (
        "`predict_example.py` beside this card loads it with torch, transformers, "
        "safetensors and pytorch-crf alone:\n\n"
        '    python predict_example.py "A sentence."\n\n'
        "It reads one window of the encoder and stops there; Marginalia's "
        "`manage.py predict` reads texts of any length, gives the probability of "
        "each span, and treats sub-tokens that cover several words more carefully."
    )


def _measures(card: Card) -> str:
    metrics = card.metrics
    if metrics.get("f1") is None:
        names = ", ".join(f"`{name}`" for name in card.labels)
        return f"{names}. Not measured: no document of the evaluation slice was ready."
    rows = ["| label | precision | recall | F1 | spans |", "|---|---|---|---|---|"]
    measured = metrics.get("labels") or {}
    rows += [_row(f"`{name}`", measured.get(name)) for name in card.labels]
    rows.append(_row("all", metrics))
    count = metrics.get("evaluated_documents")
    note = (
        f"Exact matches of boundaries and label on {count} documents of the evaluation "
        "slice, which was drawn at random and never trained on; in brackets the 95 % "
        "interval of a bootstrap over documents."
    )
    return "\n".join(rows) + f"\n\n{note}"


def _row(name: str, counts: Mapping[str, Any] | None) -> str:
    if counts is None:
        return f"| {name} | – | – | – | 0 |"
    cells = []
    for measure in ("precision", "recall", "f1"):
        interval = counts.get(f"{measure}_interval")
        bounds = " [{:.3f}, {:.3f}]".format(*interval) if interval else ""
        cells.append(f"{counts[measure]:.3f}{bounds}")
    return f"| {name} | {' | '.join(cells)} | {counts.get('gold', '')} |"


def _calibration(metrics: Mapping[str, Any]) -> str:
    named = {
        "temperature": "temperature of the CRF's scores",
        "ece": "expected calibration error of span confidence",
        "auroc": "area under the ROC curve of span confidence",
    }
    found = [
        f"- {words}: {metrics[key]:.3f}"
        for key, words in named.items()
        if metrics.get(key) is not None
    ]
    return "\n".join(found) or "Not measured: there were too few held-out spans."


def _data(card: Card) -> str:
    metrics, known = card.metrics, card.facts
    lines = [
        f"- {metrics.get(key, 'unknown number of')} {words}"
        for key, words in (
            ("trained_documents", "documents"),
            ("trained_tokens", "tokens"),
            ("trained_spans", "spans"),
        )
    ]
    lines.append(f"- language: {card.language}")
    lines.append(f"- tokens: {known.get('token_mode', 'unknown')}")
    digest = known.get("data_sha256", "unknown")
    lines.append(f"- SHA-256 of the examples in order: `{digest}`")
    return "\n".join(lines)


def _partners(card: Card) -> str:
    """Write what else the encoder learnt from; nothing where it was nothing."""
    lines = [
        f"- “{one.name}”, {one.documents} documents: "
        + ", ".join(f"`{label}`" for label in one.labels)
        for one in card.partners
    ]
    if more := card.unnamed_partners:
        lines.append(f"- {more} that whoever this card was written for may not see")
    if not lines:
        return ""
    sentence = (
        "The encoder learnt from other projects as well, each with labels, a linear "
        "layer and a conditional random field of its own that are not part of this "
        "model:"
    )
    return f"\n\n{sentence}\n\n" + "\n".join(lines)


def _training(known: Mapping[str, Any]) -> str:
    config, versions = known.get("config"), known.get("versions")
    if not config or not versions:
        return "Hyper-parameters and versions were not recorded."
    rows = ["| hyper-parameter | value |", "|---|---|"]
    rows += [f"| {name} | {_shown(value)} |" for name, value in config.items()]
    listed = ", ".join(f"{name} {number}" for name, number in versions.items())
    return "\n".join(rows) + f"\n\nLibraries: {listed}."


def _licence(card: Card) -> str:
    return str(card.facts.get("encoder_licence") or UNKNOWN_LICENCE)


def _shown(value: Any) -> str:
    return "chosen by the encoder" if value is None else f"`{value}`"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"
