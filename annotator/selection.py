"""Which documents an export takes, with whose annotations, as records."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from annotator.export_options import EVERYBODY, GOLD, ExportOptions, named
from annotator.formats import Record
from annotator.models import Annotation, Document, Project, Span, Suggestion
from modeling import spans as span_rules
from modeling.tokens import Token, sentence_breaks, tokenize

# Django takes less time for many keys as ``document__pk__in`` than as ``document__in``.
BATCH = 500
JOINTS = {" ", "\n"}  # what may stand between tokens that are joined again
Spans = dict[int, list[span_rules.Span]]
OnBatch = Callable[[int], None]  # so many documents; what it raises ends the export


class Read(NamedTuple):
    """What of a document is written; a model's object takes three times as long."""

    pk: int
    text: str
    metadata: dict[str, Any]
    external_id: str
    tokens: list[list[int]] | None
    sentence_starts: list[int] | None


class Work(NamedTuple):
    """An annotation, as far as an export looks at it."""

    pk: int
    document: int
    is_gold: bool
    username: str | None
    state: str

    @property
    def who(self) -> str:
        return GOLD if self.is_gold else named(self.username or "")


@dataclass(slots=True)
class Counts:
    """What went into an export, counted on its way."""

    documents: int = 0
    spans: int = 0
    suggestions: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    tokenisers: Counter[str] = field(default_factory=Counter)
    annotators: Counter[str] = field(default_factory=Counter)
    not_held: Counter[str] = field(default_factory=Counter)  # documents, by what

    def add(self, record: Record, holds: frozenset[str]) -> None:
        self.documents += 1
        self.spans += len(record.spans)
        self.suggestions += len(record.suggestions)
        for span in record.spans:
            self.labels[span.label] += 1
        for thing in _not_held(record, holds):
            self.not_held[thing] += 1


def count(project: Project, options: ExportOptions) -> int:
    """How many records there will be, unless somebody works on meanwhile."""
    documents = _documents(project, options)
    if options.annotated_by != EVERYBODY:
        return documents.count()
    works = _annotations(options).filter(document__project=project)
    only_proposed = ~Exists(_annotations(options).filter(document=OuterRef("pk")))
    return works.count() + documents.filter(only_proposed).count()


def has_more(project: Project, options: ExportOptions, than: int) -> bool:
    """Whether there are more documents, without counting them all."""
    return len(_documents(project, options).values_list("pk")[: than + 1]) > than


def records(
    project: Project,
    options: ExportOptions,
    counts: Counts,
    split: str = "",
    on_batch: OnBatch = lambda count: None,
) -> Iterator[Record]:
    """The documents of a split, or all, in the order of their primary keys."""
    for batch in _batches(project, options, split, on_batch):
        chosen = _choose(batch, options)
        spans = _spans([w.pk for works in chosen.values() for w in works], options)
        suggestions = _suggestions(batch, options)
        for document in batch:
            proposed = suggestions[document.pk]
            # Somebody may have withdrawn an annotation since the batch was read.
            works: list[Work | None] = [*chosen[document.pk]]
            for work in works or ([None] if proposed else []):
                own = tuple(spans[work.pk]) if work else ()
                mode = _token_mode(document, project, options)
                record = _record(document, work, own, proposed, mode, options)
                if mode:
                    counts.tokenisers[mode] += 1
                if work:
                    counts.annotators[work.who] += 1
                counts.add(record, options.output.holds)
                yield record


def marks_documents(
    project: Project, options: ExportOptions, on_batch: OnBatch = lambda count: None
) -> bool:
    """Whether the file needs document starts: some document has several sentences.

    Where every document is one sentence, empty lines alone tell documents apart.
    """
    if not options.output.marks_documents:
        return False
    return any(
        _may_have_sentences(document, project, options)
        for batch in _batches(project, options, on_batch=on_batch)
        for document in batch
    )


def _token_mode(document: Read, project: Project, options: ExportOptions) -> str | None:
    """How a document is cut; None when the format needs no tokens and has none."""
    if options.tokens in (None, "as-imported") and document.tokens:
        return "as-imported"
    if options.tokens is None and not options.output.needs_tokens:
        return None
    mode = options.tokens or project.token_mode
    return "unicode-words" if mode == "as-imported" else mode


def _annotations(options: ExportOptions) -> QuerySet[Annotation]:
    chosen = Annotation.objects.filter(state__in=options.states)
    if options.annotated_by == GOLD:
        return chosen.filter(is_gold=True)
    if options.person is not None:
        return chosen.filter(is_gold=False, user__username=options.person)
    return chosen


def _documents(project: Project, options: ExportOptions) -> QuerySet[Document]:
    is_taken = Q(Exists(_annotations(options).filter(document=OuterRef("pk"))))
    if options.has_suggestions:
        is_taken |= Q(Exists(_proposed(options).filter(document=OuterRef("pk"))))
    return project.documents.filter(is_taken).order_by("pk")


def _batches(
    project: Project,
    options: ExportOptions,
    split: str = "",
    on_batch: OnBatch = lambda count: None,
) -> Iterator[list[Read]]:
    """Lists of documents by primary key, which holds no cursor open for long."""
    taken = _documents(project, options)
    last = 0
    while True:
        rows = taken.filter(pk__gt=last)[:BATCH]
        if split:  # the texts of the others are not read
            hashes = dict(rows.values_list("pk", "content_hash"))
            keys = [pk for pk, h in hashes.items() if options.split_of(h) == split]
            rows = project.documents.filter(pk__in=keys).order_by("pk")
        batch = [Read(*row) for row in rows.values_list(*Read._fields)]
        seen = list(hashes) if split else [document.pk for document in batch]
        if not seen:
            return
        yield batch
        last = seen[-1]
        on_batch(len(seen))


def _choose(documents: list[Read], options: ExportOptions) -> dict[int, list[Work]]:
    """Each document's annotations: all, or gold, else what was handed in last."""
    rows = _annotations(options).filter(document__pk__in=[d.pk for d in documents])
    fields = ("pk", "document", "is_gold", "user__username", "state")
    newest = Coalesce("submitted_at", "updated_at")
    found: dict[int, list[Work]] = defaultdict(list)
    for row in rows.order_by("is_gold", newest, "pk").values_list(*fields):
        work = Work(*row)
        found[work.document].append(work)
    if options.annotated_by != EVERYBODY:
        found |= {document: works[-1:] for document, works in found.items()}
    return found


def _spans(annotations: list[int], options: ExportOptions) -> Spans:
    rows = Span.objects.filter(annotation__pk__in=annotations)
    if options.labels:
        rows = rows.filter(label__name__in=options.labels)
    spans: Spans = defaultdict(list)
    fields = ("annotation", "start", "end", "label__name")
    for annotation, start, end, label in rows.values_list(*fields):
        spans[annotation].append(span_rules.Span(start, end, label))
    return spans


def _proposed(options: ExportOptions) -> QuerySet[Suggestion]:
    if options.labels:
        return Suggestion.objects.filter(label__name__in=options.labels)
    return Suggestion.objects.all()


def _suggestions(
    documents: list[Read], options: ExportOptions
) -> dict[int, dict[span_rules.Span, float]]:
    """Each document's suggestions with their confidences; the surest of equals."""
    found: dict[int, dict[span_rules.Span, float]] = defaultdict(dict)
    if options.has_suggestions:
        keys = [document.pk for document in documents]
        proposed = _proposed(options).filter(document__pk__in=keys)
        fields = ("document", "start", "end", "label__name", "confidence")
        rows = proposed.order_by("start", "end", "label__name", "confidence")
        for document, start, end, label, confidence in rows.values_list(*fields):
            found[document][span_rules.Span(start, end, label)] = confidence
    return found


def _record(
    document: Read,
    work: Work | None,
    spans: tuple[span_rules.Span, ...],
    suggestions: dict[span_rules.Span, float],
    mode: str | None,
    options: ExportOptions,
) -> Record:
    starts = document.sentence_starts if mode == "as-imported" else None
    metadata = document.metadata
    if work and options.annotated_by == EVERYBODY:
        metadata = {**metadata, "annotated_by": work.who}
    return Record(
        text=document.text,
        spans=spans,
        is_annotated=work is not None,
        tokens=None if mode is None else tuple(_tokens(document, mode)),
        sentence_starts=None if starts is None else tuple(starts),
        metadata=metadata,
        external_id=document.external_id,
        document=document.pk,
        suggestions=tuple(suggestions),
        confidences=suggestions,
        state=work.state if work else "",
    )


def _tokens(document: Read, mode: str) -> list[Token]:
    imported = [(start, end) for start, end in document.tokens or ()]
    return tokenize(document.text, mode, imported or None)


def _may_have_sentences(
    document: Read, project: Project, options: ExportOptions
) -> bool:
    """Whether a break stands before the last character; cheaper than its tokens."""
    is_imported = _token_mode(document, project, options) == "as-imported"
    if is_imported and document.sentence_starts is not None:
        return len(document.sentence_starts) > 1
    end = len(document.text.rstrip())
    return len(sentence_breaks(document.text, [(0, 1), (end - 1, end)])) > 1


def _not_held(record: Record, holds: frozenset[str]) -> Iterator[str]:
    """What a record has that the format has no place for."""
    if "text" not in holds and not _is_joined(record):
        yield "text"
    if "ids" not in holds and record.external_id:
        yield "ids"
    if "metadata" not in holds and record.metadata:
        yield "metadata"
    if "tokens" not in holds and record.tokens is not None:
        yield "tokens"
    if "states" not in holds and record.state not in ("", "submitted"):
        yield "states"
    if "sentences" not in holds and len(record.sentence_starts or ()) > 1:
        yield "sentences"


def _is_joined(record: Record) -> bool:
    """Whether the text is its tokens, joined by one space or line break each."""
    tokens = record.tokens or ()
    ends = [end for _, end in tokens[-1:]]
    if [start for start, _ in tokens[:1]] != [0] or ends != [len(record.text)]:
        return False
    gaps = (record.text[a[1] : b[0]] for a, b in pairwise(tokens))
    return all(gap in JOINTS for gap in gaps)
