"""What the objects of a Label Studio file say: tasks, answers and marked regions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _t

from annotator.formats import json_values
from annotator.formats.json_values import is_confidence, is_whole, objects, shown
from annotator.formats.mentions import Mention
from annotator.formats.records import ReadOptions, check_length, excerpt
from annotator.formats.source import FormatError

ANNOTATION_KEYS = ("annotations", "completions")  # the second until version 0.9
# What JSON-MIN says about a task and an annotation beside its data.
MIN_KEYS = {
    *("id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time"),
    *("agreement", "history"),
}
SPAN_TYPES = ("labels", "hypertextlabels", "paragraphlabels")


@dataclass(frozen=True, slots=True)
class Region:
    """One result: a labelled piece of the text, or something else."""

    type: str
    value: dict[str, Any]
    about: str  # the name of what it is in, such as “text”
    score: Any = None

    @property
    def labels(self) -> list[str]:
        return [label for label in self._stated if isinstance(label, str)]

    @property
    def no_labels(self) -> list[Any]:
        """What stands among the labels and is no word."""
        return [label for label in self._stated if not isinstance(label, str)]

    @property
    def _stated(self) -> list[Any]:
        lists = [self.value.get(key) for key in SPAN_TYPES]
        return [x for labels in lists if isinstance(labels, list) for x in labels]

    @property
    def is_marked(self) -> bool:
        """Whether it is meant to be a piece of the text."""
        return self.type in SPAN_TYPES or bool(
            self.labels and {"start", "end"} <= self.value.keys()
        )

    def mentions(self, line: int) -> list[Mention]:
        """One for each label.

        Raises:
            FormatError: it is no piece of a text.
        """
        # In HTML the offsets in the text stand beside the paths of the nodes.
        whole = self.value.get("globalOffsets")
        place = whole if isinstance(whole, dict) else self.value
        start, end, said = place.get("start"), place.get("end"), self.value.get("text")
        if not is_whole(start) or not is_whole(end):
            sentence = _t("The region {value} has no whole start and end in a text.")
            raise FormatError(line, sentence.format(value=shown(self.value)))
        surface = said if isinstance(said, str) else None
        confidence = float(self.score) if is_confidence(self.score) else None
        return [
            Mention(start, end, label, line, surface, confidence)
            for label in self.labels
        ]


@dataclass(frozen=True, slots=True)
class Answer:
    """One person's annotation, or one model's prediction."""

    by: str
    regions: list[Region]
    is_cancelled: bool = False
    is_ground_truth: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    line: int
    id: str
    text: str
    data: dict[str, Any]  # without the text
    answers: list[Answer]
    predictions: list[Answer] = field(default_factory=list)
    drafts: int = 0
    notes: tuple[str, ...] = ()  # about what is not kept

    @property
    def best(self) -> Answer | None:
        """The ground truth, else the first annotation that was not cancelled."""
        answers = [answer for answer in self.answers if not answer.is_cancelled]
        truths = (answer for answer in answers if answer.is_ground_truth)
        return next(truths, next(iter(answers), None))

    @property
    def marked(self) -> Iterator[Region]:
        for answer in (*self.answers, *self.predictions):
            yield from (region for region in answer.regions if region.is_marked)


def tasks(text: str, options: ReadOptions) -> Iterator[Task | FormatError]:
    """All tasks; the rows that JSON-MIN writes for one task are put together."""
    waiting: list[Task] = []
    for line, value in json_values.elements(text):
        try:
            task = _task(line, value, options)
            check_length(line, task.text)
        except FormatError as error:
            yield error
            continue
        if waiting and not _are_one(waiting[0], task):
            yield _together(waiting)
            waiting = []
        waiting.append(task)
    if waiting:
        yield _together(waiting)


def _are_one(first: Task, second: Task) -> bool:
    return bool(first.id) and (first.id, first.text) == (second.id, second.text)


def _together(rows: Sequence[Task]) -> Task:
    """A task of which a file holds some rows; of data that differs the first stays."""
    first, *others = rows
    if not others:
        return first
    data, notes = dict(first.data), [*first.notes]
    sentence = _t("“{key}” of line {line} is {value}: the first value was kept.")
    for row in others:
        for key, value in row.data.items():
            if data.setdefault(key, value) != value:
                about = {"key": excerpt(key), "value": shown(value)}
                notes.append(sentence.format(line=row.line, **about))
        notes += row.notes
    return replace(
        first,
        data=data,
        answers=[answer for row in rows for answer in row.answers],
        predictions=[answer for row in rows for answer in row.predictions],
        drafts=sum(row.drafts for row in rows),
        notes=tuple(notes),
    )


def _task(line: int, value: Any, options: ReadOptions) -> Task:
    if not isinstance(value, dict):
        sentence = _t("{value} is not a task: an object with “data”.")
        raise FormatError(line, sentence.format(value=shown(value)))
    if not isinstance(value.get("data"), dict):
        return _min_task(line, value, options)
    answers = [
        _answer(answer) for key in ANNOTATION_KEYS for answer in objects(value.get(key))
    ]
    predictions = [_answer(answer) for answer in objects(value.get("predictions"))]
    data, id = dict(value["data"]), _name(value.get("id"))
    if not id and _name(data.get("id")):
        id = _name(data.pop("id"))
    named = [region for a in (*answers, *predictions) for region in a.regions]
    text = data.pop(_text_key(line, data, named, options))
    drafts = len(objects(value.get("drafts")))
    data = _with_meta(data, value.get("meta"))
    return Task(line, id, text, data, answers, predictions, drafts)


def _min_task(line: int, value: dict[str, Any], options: ReadOptions) -> Task:
    """A flat row: the data, and under the name of each control what it holds."""
    data = {key: value[key] for key in value if key not in MIN_KEYS}
    regions = []
    for key in list(data):
        found = [Region("", region, "") for region in objects(data[key])]
        if any(region.is_marked for region in found):
            regions += found
            del data[key]
    text = data.pop(_text_key(line, data, regions, options))
    is_annotated = "annotation_id" in value or bool(regions)
    answers = [Answer(_name(value.get("annotator")), regions)] if is_annotated else []
    return Task(line, _name(value.get("id")), text, data, answers)


def _answer(value: Mapping[str, Any]) -> Answer:
    who = value.get("completed_by", value.get("model_version"))
    if isinstance(who, dict):
        who = who.get("email", who.get("id"))
    score = value.get("score")  # of all regions that have none of their own
    return Answer(
        by=_name(who),
        regions=[_region(result, score) for result in objects(value.get("result"))],
        is_cancelled=bool(value.get("was_cancelled") or value.get("skipped")),
        is_ground_truth=bool(value.get("ground_truth")),
    )


def _region(result: Mapping[str, Any], score: Any) -> Region:
    own = result.get("score")
    value = result.get("value")
    return Region(
        type=str(result.get("type", "")).lower(),
        value=value if isinstance(value, dict) else {},
        about=str(result.get("to_name", "")).removeprefix("$"),
        score=score if own is None else own,
    )


def _name(value: Any) -> str:
    return str(value) if isinstance(value, str) or is_whole(value) else ""


def _with_meta(data: dict[str, Any], meta: Any) -> dict[str, Any]:
    """The data and the task's metadata, side by side unless the same key is in both."""
    if not meta:
        return data
    if isinstance(meta, dict) and not meta.keys() & data.keys():
        return data | meta
    return data | {"meta": meta}


def _text_key(
    line: int, data: Mapping[str, Any], regions: list[Region], options: ReadOptions
) -> str:
    """Which value of the data is the text that the regions are about.

    The one chosen by a person, else called as a region says, else “text”, else the
    only string, else the only one that all surfaces are in.
    """
    strings = [key for key in data if isinstance(data[key], str)]
    names = [region.about for region in regions]
    for key in (options.text_column, *names, "text"):
        if key in strings:
            return key
    if len(strings) > 1:
        said = [str(r.value.get("text", "")) for r in regions if r.is_marked]
        holding = [key for key in strings if said and all(s in data[key] for s in said)]
        strings = holding or strings
    if len(strings) == 1:
        return strings[0]
    sentence = (
        _t("Which of {keys} is the text? Name it as the text column.")
        if strings
        else _t("The task's data has no text, only {keys}.")
    )
    keys = excerpt(", ".join(strings or data), limit=80) or "–"
    raise FormatError(line, sentence.format(keys=keys))
