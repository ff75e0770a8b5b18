"""Label Studio's JSON and JSON-MIN: tasks with annotations and predictions."""

from collections import Counter
from collections.abc import Iterator

from django.utils.translation import gettext as _t

from annotator.formats import json_values, offsets
from annotator.formats.label_studio_tasks import Answer, Task, tasks
from annotator.formats.mentions import (
    Mention,
    claims_of,
    confidences,
    is_alike,
    settle,
)
from annotator.formats.offsets import UTF_16, Claim, Found
from annotator.formats.records import Format, Record
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import FormatError, Source

DEEPEST_LOOK = 1_000_000  # characters until the end of the first task


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """A task a document; the unit of its offsets is found over the whole file."""
    text = source.read_text()
    found = _found(text, options)
    marks_text = any(True for t in _good(text, options) for _region in t.marked)
    for task in tasks(text, options):
        if isinstance(task, FormatError):
            yield task
            continue
        try:
            yield _record(task, found, marks_text, options.may_overlap)
        except FormatError as error:
            sentence = _t("task {id}: {message}")
            message = sentence.format(id=task.id or "–", message=error.message)
            yield FormatError(error.line, message)


def _good(text: str, options: Options) -> Iterator[Task]:
    return (task for task in tasks(text, options) if isinstance(task, Task))


def _found(text: str, options: Options) -> Found:
    """A browser counts UTF-16; files that a program made may count code points."""
    claimed = ((task.text, _claims(task)) for task in _good(text, options))
    return offsets.detect(claimed, UTF_16, is_alike)


def _claims(task: Task) -> list[Claim]:
    claims = []
    for region in task.marked:
        try:
            mentions = region.mentions(task.line)
        except FormatError:
            continue  # its record is refused when it is read
        claims += claims_of(mentions)
    return claims


def _record(task: Task, found: Found, marks_text: bool, may_overlap: bool) -> Record:
    unit = found.unit
    best, notes = task.best, [*task.notes, *_left_out(task)]
    mentions = _mentions(task, best, notes) if best else []
    proposed = [m for p in task.predictions for m in _mentions(task, p, notes)]
    notes += offsets.check_words(task.text, claims_of([*mentions, *proposed]), found)
    spans, settled = settle(task.text, mentions, may_overlap, unit)
    suggestions, more = settle(task.text, proposed, True, unit)
    notes += [*settled, *more, *_scores(task)]
    plain = all(offsets.is_plain(task.text, counted) for counted in (unit, UTF_16))
    if unit.is_inclusive or not plain:
        notes += offsets.repaired(unit, len(mentions) + len(proposed), UTF_16)
    return Record(
        text=task.text,
        spans=spans,
        # An answer to other questions, such as choices, says nothing about spans.
        is_annotated=best is not None and (marks_text or not best.regions),
        metadata=task.data,
        external_id=task.id,
        line=task.line,
        suggestions=suggestions,
        confidences=confidences(task.text, [*mentions, *proposed], unit),
        notes=tuple(dict.fromkeys(notes)),
    )


def _mentions(task: Task, answer: Answer, notes: list[str]) -> list[Mention]:
    """The labelled pieces of the text; other things are counted in a note."""
    mentions: list[Mention] = []
    others: Counter[str] = Counter()
    for region in answer.regions:
        found = region.mentions(task.line) if region.is_marked else []
        if region.is_marked and not found:
            sentence = _t("The region {value} has no label and was left out.")
            notes.append(sentence.format(value=json_values.shown(region.value)))
        elif not found:
            others[region.type or "–"] += 1
        if found and region.no_labels:
            sentence = _t("Of the labels of {value} these are no words: {labels}.")
            labels = json_values.shown(region.no_labels)
            about = json_values.shown(region.value)
            notes.append(sentence.format(value=about, labels=labels))
        mentions += found
    if others:
        kinds = ", ".join(f"{kind} ({count})" for kind, count in others.items())
        notes.append(_t("Not kept: {kinds}.").format(kinds=kinds))
    return mentions


def _scores(task: Task) -> Iterator[str]:
    """A note of predictions' scores that are no confidences."""
    regions = (r for answer in task.predictions for r in answer.regions if r.is_marked)
    scores = [region.score for region in regions if region.score is not None]
    strange = [score for score in scores if not json_values.is_confidence(score)]
    if strange:
        yield json_values.not_a_confidence(strange)


def _left_out(task: Task) -> Iterator[str]:
    best = task.best
    for answer in task.answers:
        if answer is best:
            continue
        sentence = (
            _t("A cancelled annotation by {who} was left out; regions: {count}.")
            if answer.is_cancelled
            else _t("Another annotation, by {who}, was left out; regions: {count}.")
        )
        yield sentence.format(who=answer.by or "–", count=len(answer.regions))
    if task.drafts:
        yield _t("Drafts were left out: {count}.").format(count=task.drafts)


def recognises(source: Source) -> bool:
    start = source.beginning(DEEPEST_LOOK).lstrip()
    if not start.startswith(("[", "{")):
        return False
    try:
        _line, first = next(json_values.elements(start), (1, None))
    except FormatError:
        return False
    if not isinstance(first, dict):
        return False
    if isinstance(first.get("data"), dict):
        return True
    return "annotation_id" in first and "annotator" in first


FORMAT = Format(
    name="label-studio",
    suffixes=(".json",),
    recognises=recognises,
    read=read,
)
