"""Filters that templates need."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.utils.translation import ngettext

from annotator import excerpts
from annotator.excerpts import Piece
from annotator.formats import Record
from annotator.models.projects import QueryStrategy

register = template.Library()


@register.filter
def by_name(mapping: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    """The pairs of a mapping by key; none for what a run did not write."""
    return sorted((mapping or {}).items())


@register.filter
def duration(seconds: float) -> str:
    """Seconds as a person says them: 40 seconds, 3 minutes, 2 hours."""
    if seconds >= 5400:
        count = round(seconds / 3600)
        return ngettext("%(count)s hour", "%(count)s hours", count) % {"count": count}
    if seconds >= 90:
        count = round(seconds / 60)
        words = ngettext("%(count)s minute", "%(count)s minutes", count)
        return words % {"count": count}
    count = round(seconds)
    return ngettext("%(count)s second", "%(count)s seconds", count) % {"count": count}


@register.filter
def pieces(record: Record) -> list[Piece]:
    """A record's text cut at its spans."""
    return excerpts.pieces(record.text, record.spans)


@register.filter
def get(mapping: Mapping[str, Any], key: str) -> Any:
    return mapping.get(key, "")


@register.filter
def strategy(name: str) -> str:
    """A query strategy in the words of the settings."""
    known = dict(QueryStrategy.choices)
    return str(known.get(name, name))


@register.filter
def width(interval: Sequence[float]) -> float:
    """How long an interval is, for a picture of it: never nothing."""
    low, high = interval
    return round(max(high - low, 0.005), 3)
