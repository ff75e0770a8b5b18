"""Which layers of UIMA's tools hold labelled mentions, and which value is the label."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from django.utils.translation import gettext as _t

LABEL_FEATURES = ("value", "label", "identifier")
# These describe tokens, syntax or the file itself.
NOT_MENTIONS = (
    "uima.cas.",
    "uima.tcas.DocumentAnnotation",
    "de.tudarmstadt.ukp.dkpro.core.api.lexmorph.",
    "de.tudarmstadt.ukp.dkpro.core.api.metadata.",
    "de.tudarmstadt.ukp.dkpro.core.api.segmentation.",
    "de.tudarmstadt.ukp.dkpro.core.api.syntax.",
    "de.tudarmstadt.ukp.clarin.webanno.",
)
UNITS = {"Token", "Sentence", "Paragraph"}
NO_NAME = re.compile(r"[\s\d.,+-]*|true|false")  # numbers, references, truth values


def short_name(layer: str) -> str:
    return layer.rpartition(".")[2]


def holds_mentions(layer: str) -> bool:
    return not layer.startswith(NOT_MENTIONS) and short_name(layer) not in UNITS


def find_label(features: Mapping[str, str]) -> str:
    """The value that names a mention, empty when there is none.

    Custom layers call it as they like: then the first that can be a name.
    """
    name = _naming_feature(features)
    return features[name] if name else ""


def _naming_feature(features: Mapping[str, str]) -> str | None:
    for name in LABEL_FEATURES:
        if features.get(name):
            return name
    others = sorted(features)
    return next(
        (name for name in others if not NO_NAME.fullmatch(features[name])), None
    )


def layer_notes(layer: str, found: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """What is not as it was of a layer's mentions, given the values of each."""
    unnamed = sum(1 for features in found if not find_label(features))
    if unnamed:
        sentence = _t(
            "Mentions of the layer {layer} without a label got its name ({count})."
        )
        yield sentence.format(count=unnamed, layer=short_name(layer))
    unkept: Counter[str] = Counter()
    for features in found:
        naming = _naming_feature(features)
        unkept.update(name for name in features if name != naming and features[name])
    if unkept:
        shown = ", ".join(f"{name} ({count})" for name, count in unkept.items())
        sentence = _t("Not kept: other values of the layer {layer}: {features}.")
        yield sentence.format(layer=short_name(layer), features=shown)


def not_mentions(layer: str, count: int) -> str:
    sentence = _t(
        "Not kept: the layer {layer}, which describes tokens, sentences or the "
        "document ({count})."
    )
    return sentence.format(count=count, layer=short_name(layer))


def slot_note(layer: str, count: int) -> str:
    sentence = _t("Not kept: links from mentions of the layer {layer} ({count}).")
    return sentence.format(count=count, layer=short_name(layer))


def describe_layers(layers: Mapping[str, bool]) -> dict[str, str]:
    """Layers that are read and that are not, by whether they hold mentions."""
    read = [short_name(layer) for layer, is_read in layers.items() if is_read]
    others = [short_name(layer) for layer, is_read in layers.items() if not is_read]
    shown = {"layers": ", ".join(read) or "–", "not read": ", ".join(others)}
    return {key: value for key, value in shown.items() if value}
