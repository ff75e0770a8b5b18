"""What UIMA's XMI and JSON have in common: views, their annotations, their spans."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _t

from annotator.formats.layers import (
    describe_layers,
    find_label,
    holds_mentions,
    layer_notes,
    not_mentions,
    short_name,
)
from annotator.formats.mentions import Mention, settle
from annotator.formats.offsets import CODE_POINTS, UTF_16, Ruler, Unit, repaired
from annotator.formats.records import ReadOptions, Record, excerpt, out_of_range
from annotator.formats.source import FormatError
from modeling.tokens import Token

MOST_ANNOTATIONS = 1_000_000
METADATA = (".DocumentMetaData", ".DocumentAnnotation")  # about all of a text
RELATION = {"Governor", "Dependent"}
ID_FEATURES = ("documentId", "documentTitle")
FIELD = ".MetaDataStringField"
ANNOTATED = "marginalia.annotated"  # such a field's key, where "no spans" is an answer


@dataclass(slots=True)
class Annotation:
    """One feature structure; only one with offsets is a piece of a text."""

    id: str
    type: str
    line: int
    offsets: tuple[int, int] | None  # in the file's units
    features: dict[str, str] = field(default_factory=dict)
    references: set[str] = field(default_factory=set)  # names of features

    @property
    def is_metadata(self) -> bool:
        return self.type.endswith(METADATA)

    @property
    def says_annotated(self) -> bool:
        return self.type.endswith(FIELD) and self.features.get("key") == ANNOTATED

    @property
    def is_link(self) -> bool:
        """Whether it is a relation between others, or a part of a chain."""
        return self.references | self.features.keys() >= RELATION

    @property
    def is_mention(self) -> bool:
        return holds_mentions(self.type) and not (self.is_metadata or self.is_link)


@dataclass(frozen=True, slots=True)
class Sofa:
    """A subject of analysis: a text and which annotations are about it."""

    id: str
    name: str
    text: str
    line: int
    members: tuple[str, ...] = ()


@dataclass(slots=True)
class View:
    name: str
    text: str
    line: int
    annotations: list[Annotation] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)  # types without offsets

    @property
    def metadata(self) -> dict[str, str]:
        pairs: dict[str, str] = {}
        for annotation in self.annotations:
            if annotation.is_metadata:
                pairs |= annotation.features
        return pairs

    @property
    def unit(self) -> Unit:
        """UTF-16, unless what spans the whole text ends where code points do."""
        ends = [a.offsets[1] for a in self.annotations if a.is_metadata and a.offsets]
        units = len(self.text.encode("utf-16-le", "surrogatepass")) // 2
        counts_points = len(self.text) in ends and units not in ends
        return CODE_POINTS if counts_points else UTF_16


def add(known: dict[str, Annotation], annotation: Annotation) -> None:
    """Add what the file holds; what has no id can be in no view, and is counted so.

    Raises:
        FormatError: another has the same id, or there are too many.
    """
    if annotation.id in known:
        sentence = _t("Two annotations have the id {id}.")
        raise FormatError(annotation.line, sentence.format(id=excerpt(annotation.id)))
    if len(known) >= MOST_ANNOTATIONS:
        sentence = _t("The file holds more than {limit} annotations.")
        raise FormatError(annotation.line, sentence.format(limit=MOST_ANNOTATIONS))
    known[annotation.id or f"#{len(known)}"] = annotation


def records(
    sofas: Sequence[Sofa], known: Mapping[str, Annotation], options: ReadOptions
) -> Iterator[Record | FormatError]:
    """A document for each view that has a text, given all the file holds."""
    _mark_links_of_chains(known)
    views = [_view(sofa, known) for sofa in sofas]
    seen = {member for sofa in sofas for member in sofa.members}
    strays = sum(1 for a in known.values() if a.offsets and a.id not in seen)
    with_text = [view for view in views if view.text]
    if not with_text:
        raise FormatError(1, _t("No view of the file has a text."))
    found = [a for view in views for a in view.annotations]
    is_annotated = any(a.is_mention or a.says_annotated for a in found)
    for view in views:
        try:
            if view.text:
                yield _record(view, strays, is_annotated, len(with_text) > 1, options)
                strays = 0  # they were told with the first view
            elif any(annotation.is_mention for annotation in view.annotations):
                sentence = _t("The view {view} has annotations but no text.")
                raise FormatError(view.line, sentence.format(view=excerpt(view.name)))
        except FormatError as error:
            yield error


def describe_annotations(
    sofas: Sequence[Sofa], known: Mapping[str, Annotation]
) -> dict[str, str]:
    """The layers of all views, and which of them hold mentions."""
    _mark_links_of_chains(known)
    seen = {member for sofa in sofas for member in sofa.members}
    layers: dict[str, bool] = {}
    for annotation in known.values():
        if annotation.offsets and annotation.id in seen:
            layers.setdefault(annotation.type, annotation.is_mention)
    return describe_layers(layers)


def _view(sofa: Sofa, known: Mapping[str, Annotation]) -> View:
    view = View(sofa.name, sofa.text, sofa.line)
    for member in dict.fromkeys(sofa.members):
        annotation = known.get(member)
        if annotation is None:
            sentence = _t("The view {view} lists {id}, which is not in the file.")
            shown = {"view": excerpt(sofa.name), "id": excerpt(member)}
            raise FormatError(sofa.line, sentence.format(**shown))
        if annotation.offsets is None:
            view.others[annotation.type] += 1
        else:
            view.annotations.append(annotation)
    return view


def _mark_links_of_chains(known: Mapping[str, Annotation]) -> None:
    """Make links known as what they are: a chain points to the first, each to the next.

    Without a type system nothing else tells them from mentions.
    """
    for chain in list(known.values()):
        if chain.offsets is None and "first" in chain.features:
            link = known.get(chain.features["first"])
            while link is not None and not link.is_link:
                link.references |= RELATION
                link = known.get(link.features.get("next", ""))


def _record(
    view: View,
    strays: int,
    is_annotated: bool,
    is_one_of_many: bool,
    options: ReadOptions,
) -> Record:
    metadata, unit = view.metadata, view.unit
    id = next((metadata[key] for key in ID_FEATURES if metadata.get(key)), "")
    if is_one_of_many:
        id = f"{id}/{view.name}" if id else view.name
    mentions = [_mention(a) for a in view.annotations if a.is_mention]
    spans, notes = settle(view.text, mentions, options.may_overlap, unit)
    tokens, starts, more_notes = _tokens(view, Ruler(view.text, unit))
    count = sum(1 for annotation in view.annotations if annotation.offsets)
    return Record(
        text=view.text,
        spans=spans,
        is_annotated=is_annotated,
        tokens=tokens,
        sentence_starts=starts,
        metadata=dict(metadata),
        external_id=id,
        line=view.line,
        notes=(
            *repaired(unit, count, UTF_16),
            *notes,
            *more_notes,
            *_unkept(view, strays),
        ),
    )


def _mention(annotation: Annotation) -> Mention:
    start, end = annotation.offsets or (0, 0)
    label = find_label(_values(annotation)) or short_name(annotation.type)
    return Mention(start, end, label, annotation.line)


def _values(annotation: Annotation) -> dict[str, str]:
    """The features that are values; a reference never names a mention."""
    names = annotation.features.keys() - annotation.references
    return {name: annotation.features[name] for name in sorted(names)}


def _tokens(
    view: View, ruler: Ruler
) -> tuple[tuple[Token, ...] | None, tuple[int, ...] | None, list[str]]:
    """Tokens, the numbers of those that begin a sentence, and a note if unusable."""
    tokens = sorted(set(_places(view, ruler, "Token")))
    if not tokens:
        return None, None, []
    if any(a[1] > b[0] for a, b in zip(tokens, tokens[1:], strict=False)):
        sentence = _t("Not kept: the tokens ({count}), since they overlap.")
        return None, None, [sentence.format(count=len(tokens))]
    begins = {start for start, _end in _places(view, ruler, "Sentence")}
    numbers = {start: number for number, (start, _end) in enumerate(tokens)}
    starts = sorted(numbers[start] for start in begins & numbers.keys())
    return tuple(tokens), tuple(starts) or None, []


def _places(view: View, ruler: Ruler, name: str) -> Iterator[Token]:
    for annotation in view.annotations:
        if annotation.offsets and short_name(annotation.type) == name:
            start, end = map(ruler.at, annotation.offsets)
            if start is None or end is None:
                length = len(ruler.text)
                raise out_of_range(annotation.line, *annotation.offsets, length)
            if start < end:
                yield start, end


def _unkept(view: View, strays: int) -> Iterator[str]:
    layers: defaultdict[str, list[Annotation]] = defaultdict(list)
    for annotation in view.annotations:
        if not (annotation.is_metadata or annotation.says_annotated):
            layers[annotation.type].append(annotation)
    for layer, found in layers.items():
        yield from _layer_notes(layer, found)
    for layer, count in view.others.items():
        sentence = _t("Not kept: what has no place in the text, {layer} ({count}).")
        yield sentence.format(layer=short_name(layer), count=count)
    if strays:
        sentence = _t("Not kept: annotations that are in no view ({count}).")
        yield sentence.format(count=strays)


def _layer_notes(layer: str, found: list[Annotation]) -> Iterator[str]:
    links = [annotation for annotation in found if annotation.is_link]
    mentions = [_values(a) for a in found if a.is_mention]
    if links:
        sentence = _t("Not kept: relations of the layer {layer} ({count}).")
        yield sentence.format(layer=short_name(layer), count=len(links))
    elif not mentions and short_name(layer) not in ("Token", "Sentence"):
        yield not_mentions(layer, len(found))
    yield from layer_notes(layer, mentions)
    pointing = sum(1 for a in found if a.is_mention and a.references)
    if pointing:
        sentence = _t("Not kept: links from mentions of the layer {layer} ({count}).")
        yield sentence.format(layer=short_name(layer), count=pointing)


def as_offsets(line: int, begin: str, end: str) -> tuple[int, int]:
    """Two whole numbers.

    Raises:
        FormatError: they are none.
    """
    values = (begin, end)
    if not all(value.isascii() and value.isdecimal() for value in values):
        sentence = _t("“{begin}” and “{end}” are not offsets.")
        shown = {"begin": excerpt(begin), "end": excerpt(end)}
        raise FormatError(line, sentence.format(**shown))
    return int(begin[:12]), int(end[:12])
