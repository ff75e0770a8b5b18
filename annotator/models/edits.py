"""What a person changes in one go, and how a change that does not fit is refused."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import models
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from annotator.models.documents import Document
from annotator.models.projects import Label
from modeling import spans as span_rules


class State(models.TextChoices):
    OPEN = "open", _("open")
    SUBMITTED = "submitted", _("submitted")
    SKIPPED = "skipped", _("skipped")
    FLAGGED = "flagged", _("flagged")


class EditRefused(ValueError):
    """An edit that cannot be stored; the message is one sentence for a person."""


class StaleVersion(Exception):
    """The edit was made on a version that is no longer the newest."""


@dataclass(frozen=True, slots=True)
class Source:
    """Who proposed a span and how sure, as a person saw it; all None: nobody did."""

    checkpoint: int | None = None
    rule: int | None = None
    confidence: float | None = None


BY_HAND = Source()


@dataclass(frozen=True, slots=True)
class SpanEdit:
    start: int
    end: int
    label: str
    surface: str | None = None  # refused unless it equals document.text[start:end]
    source: Source | None = None  # of an added span; None: whoever proposes it now

    @property
    def span(self) -> span_rules.Span:
        return span_rules.Span(self.start, self.end, self.label)


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of one annotation, small enough to be sent for each key press."""

    version: int
    edit_id: str = ""  # the same edit sent twice is stored once
    add: Sequence[SpanEdit] = ()
    remove: Sequence[SpanEdit] = ()
    reject: Sequence[SpanEdit] = ()
    unreject: Sequence[SpanEdit] = ()
    state: str | None = None
    seconds: float = field(default=0.0)  # spent since the edit before


def check_span(
    document: Document, edit: SpanEdit, labels: dict[str, Label]
) -> span_rules.Span:
    """The span of an edit, or EditRefused naming what does not fit."""
    if edit.label not in labels:
        raise EditRefused(
            _t("The project has no label “%(label)s”.") % {"label": edit.label}
        )
    check_place(document, edit.start, edit.end, edit.surface)
    return edit.span


def check_place(document: Document, start: int, end: int, surface: str | None) -> None:
    """Refuse what is not inside the text, or where it says something else."""
    if not 0 <= start < end <= len(document.text):
        raise EditRefused(
            _t("[%(start)s, %(end)s) is not inside a text of %(length)s characters.")
            % {"start": start, "end": end, "length": len(document.text)}
        )
    found = document.text[start:end]
    if surface is not None and surface != found:
        raise EditRefused(
            _t("At [%(start)s, %(end)s) the text says “%(found)s”, not “%(sent)s”.")
            % {
                "start": start,
                "end": end,
                "found": found,
                "sent": surface,
            }
        )


def missing_span(span: SpanEdit) -> str:
    return _t("There is no %(label)s at [%(start)s, %(end)s) to remove.") % {
        "label": span.label,
        "start": span.start,
        "end": span.end,
    }


def check_overlap(
    document: Document, spans: Iterable[span_rules.Span], may_overlap: bool
) -> None:
    """Refuse spans that may not stand side by side."""
    rule = span_rules.first_repeat if may_overlap else span_rules.first_overlap
    collision = rule(spans)
    if collision is None:
        return
    first, second = (document.text[span.start : span.end] for span in collision)
    if may_overlap:
        sentence = _t("“%(surface)s” is marked as %(label)s already.")
        raise EditRefused(sentence % {"surface": first, "label": collision[0].label})
    sentence = _t("“%(first)s” and “%(second)s” overlap.")
    raise EditRefused(sentence % {"first": first, "second": second})
