"""The editing wire format; every offset counts code points."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import ConfigDict

from annotator.models.edits import BY_HAND, Edit, Source, SpanEdit
from annotator.models.preferences import PERCENT

Offset = Annotated[int, Field(ge=0, le=2**31 - 1)]
Key = Annotated[int, Field(ge=1, le=2**63 - 1)]
Probability = Annotated[float, Field(ge=0, le=1)]
MAX_SPANS_AN_EDIT = 20_000


class SpanIn(Schema):
    start: Offset
    end: Offset
    label: str

    def edit(self) -> SpanEdit:
        return SpanEdit(self.start, self.end, self.label)


class SourceIn(Schema):
    """The proposal that a person took over, as the desk showed it."""

    checkpoint: Key | None = None
    rule: Key | None = None
    confidence: Probability


class AddedSpan(SpanIn):
    surface: str  # what the client saw there; refused unless the text says the same
    source: Annotated[
        SourceIn | None,
        Field(description="null: by hand; left out: whoever proposes the span now"),
    ] = None

    def edit(self) -> SpanEdit:
        return SpanEdit(
            self.start, self.end, self.label, self.surface, self._said_source()
        )

    def _said_source(self) -> Source | None:
        if "source" not in self.model_fields_set:
            return None
        return Source(**self.source.dict()) if self.source else BY_HAND


class EditIn(Schema):
    version: Offset
    edit_id: Annotated[str, Field(min_length=1, max_length=36)]
    add: Annotated[list[AddedSpan], Field(max_length=MAX_SPANS_AN_EDIT)] = []
    remove: Annotated[list[SpanIn], Field(max_length=MAX_SPANS_AN_EDIT)] = []
    reject: Annotated[list[SpanIn], Field(max_length=MAX_SPANS_AN_EDIT)] = []
    unreject: Annotated[list[SpanIn], Field(max_length=MAX_SPANS_AN_EDIT)] = []
    state: Literal["open", "submitted", "skipped", "flagged"] | None = None
    seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 0

    def edit(self) -> Edit:
        return Edit(
            version=self.version,
            edit_id=self.edit_id,
            add=[span.edit() for span in self.add],
            remove=[span.edit() for span in self.remove],
            reject=[span.edit() for span in self.reject],
            unreject=[span.edit() for span in self.unreject],
            state=self.state,
            seconds=self.seconds,
        )


class LabelOut(Schema):
    name: str
    color: str
    shortcut: str
    note: str


class RuleOut(Schema):
    id: int
    kind: Literal["dictionary", "pattern"]
    text: str


class SpanOut(Schema):
    start: int
    end: int
    label: str
    suggested: bool  # a model or a rule had proposed it
    confidence: float | None
    source: Literal["model", "rule"] | None
    checkpoint: int | None
    rule: RuleOut | None


class RejectionOut(Schema):
    start: int
    end: int
    label: str


class SuggestionOut(Schema):
    start: int
    end: int
    label: str
    confidence: float  # of the model, or how often people agree with the rule
    source: Literal["model", "rule", "import"]
    checkpoint: int | None
    rule: RuleOut | None  # a model's suggestion may be a rule's as well


class DocumentOut(Schema):
    id: int
    text: str
    tokens: list[tuple[int, int]]
    sentences: list[int]  # indices of the tokens that start one
    split: str
    metadata: Any
    external_id: str
    confidence: float | None


class AnnotationOut(Schema):
    version: int
    state: str
    spans: list[SpanOut]
    rejections: list[RejectionOut]
    seconds_spent: float


class PlaceIn(Schema):
    start: Offset
    end: Offset
    surface: str  # what the client saw there; refused unless the text says the same


class CommentIn(Schema):
    text: str
    place: PlaceIn | None = None  # None: the whole document


class CommentChange(Schema):
    is_resolved: bool


class CommentOut(Schema):
    id: int
    author: str
    is_mine: bool  # so that I may delete it
    text: str
    start: int | None
    end: int | None
    surface: str
    created_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None


class DeskPreferences(Schema):
    """How the person likes the desk."""

    keys: dict[str, str]  # command to chord, only the changed ones
    font_size: int  # percent of what the page has by itself
    line_height: int  # percent
    has_line_numbers: bool
    threshold: float | None  # in this project; None until it was chosen


class PreferencesOut(Schema):
    keys: dict[str, str]
    font_size: int
    line_height: int
    has_line_numbers: bool
    thresholds: dict[int, float]  # by project


Percent = Annotated[int, Field(ge=PERCENT[0], le=PERCENT[1])]


class PreferencesIn(Schema):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    keys: Annotated[dict[str, str], Field(max_length=200)] = {}  # instead of all others
    font_size: Percent = 100
    line_height: Percent = 100
    has_line_numbers: bool = False
    # Only of the projects that are named; None forgets one.
    thresholds: Annotated[dict[int, Probability | None], Field(max_length=1_000)] = {}


class DeskOut(Schema):
    """All that the editor needs to show one document to one person."""

    document: DocumentOut
    labels: list[LabelOut]
    annotation: AnnotationOut
    suggestions: list[SuggestionOut]
    uncertain_tokens: list[dict[str, Any]]
    may_overlap: bool  # spans of one person
    comments: list[CommentOut]
    preferences: DeskPreferences


class Saved(Schema):
    version: int
    state: str


class Conflict(AnnotationOut):
    """What the server has instead of the version the edit was made on."""

    detail: str


class Refusal(Schema):
    detail: str


class RevisionOut(Schema):
    version: int
    edit_id: str
    user: str | None
    state: str
    added: list[tuple[int, int, str]]
    removed: list[tuple[int, int, str]]
    rejected: list[tuple[int, int, str]]
    unrejected: list[tuple[int, int, str]]  # rejections taken back
    created_at: Any


class QueuedOut(Schema):
    id: int
    external_id: str
    split: str
    confidence: float | None


class QueueOut(Schema):
    order: str  # confidence, random, or cold: no model has read the pool yet
    documents: list[QueuedOut]
