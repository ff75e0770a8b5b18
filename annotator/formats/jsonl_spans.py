"""The spans of a JSON line: triples or objects, checked against what they say."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from django.utils.translation import gettext as _t

from annotator.formats import offsets
from annotator.formats.json_values import (
    is_confidence,
    is_whole,
    not_a_confidence,
    shown,
)
from annotator.formats.offsets import (
    CODE_POINTS,
    UNSAID,
    UTF_16,
    Claim,
    Found,
    Ruler,
    is_plain,
)
from annotator.formats.records import check_length, excerpt, out_of_range
from annotator.formats.source import FormatError
from modeling.spans import Span

OFFSET_KEYS = (("start", "end"), ("start_offset", "end_offset"))
SURFACE_KEYS = ("surface", "text")
# What Prodigy and doccano say about a span beside where it is.
EXTRAS = {
    *("id", "token_start", "token_end", "type", "rank", "score", "source", "answer"),
    *("input_hash", "pattern", "priority", "user", "confidence"),
}


class Said(NamedTuple):
    start: int
    end: int
    label: str
    surface: str | None
    confidence: float | None = None
    score: Any = None  # that is no confidence


class Marked(NamedTuple):
    spans: tuple[Span, ...]
    confidences: dict[Span, float]  # the stated ones; of equal spans the highest
    notes: tuple[str, ...]


def claims(line: int, values: Sequence[Any]) -> list[Claim]:
    """Where a line says that spans are, and what stands there.

    Raises:
        FormatError: one is no span.
    """
    return [_claim(line, _said(line, value)) for value in values]


def read_spans(
    line: int, text: str, values: Sequence[Any], of_file: Found = UNSAID
) -> Marked:
    """The spans in the text's order, and a note if their offsets were converted.

    Offsets are code points unless all surfaces are where another unit has them, or
    those of the file are and here is none.
    """
    found = [_said(line, value) for value in values]
    notes: tuple[str, ...] = ()
    if found and _is_doubtful(text, found, of_file):
        check_length(line, text)
        found, notes = _repaired(line, text, found, of_file)
    spans: list[Span] = []
    confidences: dict[Span, float] = {}
    strange: list[Any] = []
    for said in found:
        span = _span(line, text, said)
        spans.append(span)
        if said.confidence is not None:
            confidences[span] = max(said.confidence, confidences.get(span, 0.0))
        elif said.score is not None:
            strange.append(said.score)
    if len(spans) > 1:
        spans.sort()
        if any(first == second for first, second in pairwise(spans)):
            notes += tuple(_repeated(text, spans))
            spans = list(dict.fromkeys(spans))
    notes += (not_a_confidence(strange),) if strange else ()
    return Marked(tuple(spans), confidences, notes)


def _said(line: int, value: Any) -> Said:
    surface = confidence = score = None
    if isinstance(value, list) and len(value) == 3:
        start, end, label = value
    elif isinstance(value, dict):
        start, end, label, surface = _from_object(line, value)
        surface = surface if surface is None else str(surface)
        confidence, score = _confidence(line, value)
    else:
        sentence = _t("{value} is not a span: write [start, end, label].")
        raise FormatError(line, sentence.format(value=shown(value)))
    if not (is_whole(start) and is_whole(end) and isinstance(label, str)):
        sentence = _t("{value} has no whole start and end and a label in words.")
        raise FormatError(line, sentence.format(value=shown(value)))
    return Said(start, end, label, surface, confidence, score)


def _from_object(line: int, value: dict[str, Any]) -> tuple[Any, Any, Any, Any]:
    for start, end in OFFSET_KEYS:
        if start in value and end in value and "label" in value:
            break
    else:
        sentence = _t("The span {value} lacks start, end or label.")
        raise FormatError(line, sentence.format(value=shown(value)))
    unknown = value.keys() - {start, end, "label", *SURFACE_KEYS, *EXTRAS}
    if unknown:
        sentence = _t("The key “{key}” of the span {value} is not known.")
        key = excerpt(min(unknown))
        raise FormatError(line, sentence.format(key=key, value=shown(value)))
    surface = next((value[key] for key in SURFACE_KEYS if key in value), None)
    return value[start], value[end], value["label"], surface


def _repeated(text: str, spans: list[Span]) -> Iterator[str]:
    """A note for each span that stands more than once."""
    for span, count in Counter(spans).items():
        if count > 1:
            sentence = _t(
                "{label} “{surface}” [{a}, {b}) stands {count} times: once kept."
            )
            surface = excerpt(text[span.start : span.end])
            about = {"label": excerpt(span.label), "surface": surface}
            yield sentence.format(**about, a=span.start, b=span.end, count=count)


def _confidence(line: int, value: dict[str, Any]) -> tuple[float | None, Any]:
    """As stated, or a score that can be one; and a score that cannot."""
    stated, score = value.get("confidence"), value.get("score")
    if stated is not None and not is_confidence(stated):
        sentence = _t("The confidence {value} of {span} is not a number from 0 to 1.")
        message = sentence.format(value=shown(stated), span=shown(value))
        raise FormatError(line, message)
    if stated is not None or score is None:
        return stated if stated is None else float(stated), None
    return (float(score), None) if is_confidence(score) else (None, score)


def _is_doubtful(text: str, found: list[Said], of_file: Found) -> bool:
    """Whether offsets may count something else than the text's characters."""
    if of_file.unit.is_inclusive:
        return True
    said = [s for s in found if s.surface is not None]
    if said and any(s.surface != text[s.start : s.end] for s in said):
        return True
    if text.isascii() or len(said) == len(found):
        return False
    return of_file.unit != CODE_POINTS or not is_plain(text, UTF_16)


def _claim(line: int, said: Said) -> Claim:
    return Claim(said.start, said.end, said.surface, line)


def _repaired(
    line: int, text: str, found: list[Said], of_file: Found
) -> tuple[list[Said], tuple[str, ...]]:
    """In code points and with a note, where another unit fits all; else as they are.

    Raises:
        FormatError: nothing says what is counted, or that has no such place.
    """
    claims = [_claim(line, said) for said in found]
    unit, notes = offsets.settled(text, claims, of_file)
    ruler = Ruler(text, unit)
    if unit != CODE_POINTS:
        _check_unsaid(ruler, claims)
    places = [place for place in map(ruler.find, claims) if place]
    if len(places) < len(found):
        return found, notes
    repaired = [
        said._replace(start=place[0], end=place[1])
        for place, said in zip(places, found, strict=True)
    ]
    return repaired, (*notes, *offsets.repaired(unit, len(found)))


def _check_unsaid(ruler: Ruler, claims: list[Claim]) -> None:
    """Refuse spans without a surface that the others' unit has nowhere."""
    for claim in claims:
        if claim.surface is None and ruler.find(claim) is None:
            sentence = _t(
                "[{start}, {end}) is no piece of the text if it counts {unit}, as "
                "other spans of the file do."
            )
            about = {"start": claim.start, "end": claim.end, "unit": ruler.unit.shown}
            raise FormatError(claim.line, sentence.format(**about))


def _span(line: int, text: str, said: Said) -> Span:
    start, end, label, surface, *_scores = said
    if not 0 <= start < end <= len(text):
        raise out_of_range(line, start, end, len(text))
    if surface is not None and surface != text[start:end]:
        sentence = _t("At [{start}, {end}) the text says “{found}”, not “{said}”.")
        shown_text = {"found": excerpt(text[start:end]), "said": excerpt(surface)}
        message = sentence.format(start=start, end=end, **shown_text)
        raise FormatError(line, message)
    return Span(start, end, label)
