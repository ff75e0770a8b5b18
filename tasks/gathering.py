"""From people's annotations in the database to the model's examples."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from annotator.models import Annotation, Document, Project
from modeling.spans import Span, outermost
from modeling.votes import consensus, majority, undisputed

if TYPE_CHECKING:
    from modeling.training import Example

BATCH = 500
Source = Literal["gold", "agreed", "single", "partial"]
_TOLD: Final[dict[Source, str]] = {
    "gold": "adjudicated",
    "agreed": "by several people",
    "single": "by one person",
    "partial": "in part",
}


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one document teaches, and whose word it is."""

    document: int
    example: "Example"
    source: Source


def answered(project: Project, split: str) -> QuerySet[Document]:
    """Documents of a split that have a gold or a submitted annotation."""
    return _with_annotations(project.documents.filter(_is_answered(), split=split))


def agreed_spans(annotations: Iterable[Annotation]) -> list[Span]:
    """What counts as the answer: gold, else the spans of more than half the people."""
    annotations = list(annotations)
    gold = [annotation for annotation in annotations if annotation.is_gold]
    voters = gold or annotations
    return majority(Counter(s for one in voters for s in _spans(one)), len(voters))


def examples(project: Project, split: str) -> "Iterator[tuple[int, Example]]":
    """(document key, example) of a split.

    The pool's examples are those of `lessons`; the evaluation slice's are the answers
    of its answered documents, taken for complete.
    """
    from modeling.training import Example

    if split == "pool":
        yield from ((lesson.document, lesson.example) for lesson in lessons(project))
        return
    for document in answered(project, split).iterator(chunk_size=BATCH):
        document.project = project
        tokens = tuple(document.tokenize())
        spans = agreed_spans(_finished(document))
        yield document.pk, Example(document.text, tokens, tuple(spans))


def lessons(project: Project) -> Iterator[Lesson]:
    """What every document of the pool teaches, in the order of their keys.

    A gold annotation stands alone. Of several submitted ones, what most people say is
    known (`modeling.votes`) and what is left is unknown. A document that nobody has
    finished teaches the spans of those who began it, if there are any, and which spans
    of one token they rejected; all else in it is unknown. Flagged and skipped ones
    teach nothing.
    """
    begun = Annotation.objects.filter(state="open", spans__isnull=False)
    is_begun = Exists(begun.filter(document=OuterRef("pk")))
    documents = project.documents.filter(_is_answered() | Q(is_begun), split="pool")
    for document in _with_annotations(documents).iterator(chunk_size=BATCH):
        document.project = project
        finished = _finished(document)
        if finished:
            yield _whole_lesson(document, finished)
            continue
        lesson = _partial_lesson(document, _annotations(document))
        if lesson.example.spans:
            yield lesson


def count_sources(taught: Iterable[Lesson]) -> dict[str, int]:
    """Count documents by whose word they are: gold, agreed, single, partial."""
    counts = Counter(lesson.source for lesson in taught)
    return {source: counts[source] for source in _TOLD}


def tell_sources(counts: dict[str, int]) -> str:
    """Say “110 documents: 10 adjudicated, 100 by one person; 12 more in part”."""
    whole = sum(counts.values()) - counts["partial"]
    told = [f"{counts[s]} {_TOLD[s]}" for s in _TOLD if s != "partial" and counts[s]]
    sentence = f"{whole} document{'' if whole == 1 else 's'}"
    if told:
        sentence += f": {', '.join(told)}"
    if counts["partial"]:
        sentence += f"; {counts['partial']} more {_TOLD['partial']}"
    return f"{sentence}."


def _whole_lesson(document: Document, finished: Sequence[Annotation]) -> Lesson:
    """A document that somebody has finished."""
    from modeling.training import Example

    gold = [annotation for annotation in finished if annotation.is_gold]
    source: Source = "agreed" if len(finished) > 1 else "single"
    if gold:
        source, finished = "gold", gold
    joined = consensus([_spans(one) for one in finished], len(document.text))
    tokens = tuple(document.tokenize())
    example = Example(document.text, tokens, joined.spans, joined.known)
    return Lesson(document.pk, example, source)


def _partial_lesson(document: Document, begun: Sequence[Annotation]) -> Lesson:
    """A document that somebody has only begun."""
    from modeling.training import Example

    spans = tuple(undisputed(_spans(one) for one in begun))
    rejected = {
        Span(row.start, row.end, row.label.name)
        for one in begun
        for row in one.rejections.all()
    }
    example = Example(
        document.text,
        tuple(document.tokenize()),
        spans,
        known=(),
        excluded=tuple(sorted(rejected)),
    )
    return Lesson(document.pk, example, "partial")


def _is_answered() -> Exists:
    done = Annotation.objects.filter(state="submitted")
    return Exists(done.filter(document=OuterRef("pk")))


def _with_annotations(documents: QuerySet[Document]) -> QuerySet[Document]:
    """Load with documents what was submitted or begun on them."""
    useful = Annotation.objects.filter(state__in=["submitted", "open"])
    loaded = useful.prefetch_related("spans__label", "rejections__label")
    useful_ones = Prefetch("annotations", queryset=loaded, to_attr="useful")
    return documents.prefetch_related(useful_ones).order_by("pk")


def _annotations(document: Document) -> list[Annotation]:
    # A prefetch puts it there, see above.
    loaded: list[Annotation] = document.useful  # type: ignore[attr-defined]
    return loaded


def _finished(document: Document) -> list[Annotation]:
    return [one for one in _annotations(document) if one.state == "submitted"]


def _spans(annotation: Annotation) -> list[Span]:
    """A person's spans as a model learns them: of those that overlap the outermost."""
    return outermost(row.span for row in annotation.spans.all())[0]
