"""PubTator: ``id|t|title``, ``id|a|abstract``, then a mention a line with its text."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _t

from annotator.formats.mentions import Mention, settle
from annotator.formats.records import Format, Record, check_marks, excerpt
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import FormatError, Line, Source

PASSAGE = re.compile(r"([^|\t]+)\|([ta])\|(.*)", re.DOTALL)
NUMBER = re.compile(r"[0-9]{1,12}")
MENTION_FIELDS = 5  # id, start, end, text, type; then perhaps concept ids
RELATION_FIELDS = 4  # id, type, concept id, concept id


@dataclass(slots=True)
class Article:
    id: str
    line: int
    passages: dict[str, str] = field(default_factory=dict)
    mentions: list[Mention] = field(default_factory=list)
    concepts: list[str] = field(default_factory=list)
    relations: int = 0
    errors: list[FormatError] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The title and, one character behind it, the abstract."""
        return "\n".join(self.passages.get(key, "") for key in self._keys)

    @property
    def _keys(self) -> str:
        return "ta" if "a" in self.passages else "t"


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """An article a document; in a file with mentions one without has none."""
    is_annotated = any(_is_mention(line.text.split("\t")) for line in source.lines())
    for article in _articles(source.lines()):
        if article.errors:
            yield from article.errors
            continue
        try:
            yield _record(article, is_annotated, options)
        except FormatError as error:
            yield error


def _articles(lines: Iterable[Line]) -> Iterator[Article]:
    article: Article | None = None
    for line in lines:
        passage = PASSAGE.fullmatch(line.text)
        is_blank = not line.error and not line.text.strip()
        is_next = passage and article and passage[1] != article.id
        if article and (is_blank or is_next):
            yield article
            article = None
        if is_blank:
            continue
        if article is None:
            article = Article(passage[1] if passage else "", line.number)
        try:
            _add(article, line, passage)
        except FormatError as error:
            article.errors.append(error)
        marks = len(article.mentions) + len(article.concepts) + len(article.errors)
        check_marks(line.number, marks)
    if article:
        yield article


def _add(article: Article, line: Line, passage: re.Match[str] | None) -> None:
    if line.error:
        raise line.error
    if passage:
        if passage[2] in article.passages:
            sentence = _t("“{text}” stands twice in the article {id}.")
            start = excerpt(passage[0])
            raise FormatError(line.number, sentence.format(text=start, id=article.id))
        article.passages[passage[2]] = passage[3]
        return
    fields = line.text.split("\t")
    if fields[0] != article.id or not article.passages:
        sentence = _t("“{text}” does not belong to the article “{id}” above it.")
        shown = sentence.format(text=excerpt(line.text), id=excerpt(article.id))
        raise FormatError(line.number, shown)
    if _is_mention(fields):
        start, end, surface, label = fields[1:MENTION_FIELDS]
        mention = Mention(int(start), int(end), label, line.number, surface)
        article.mentions.append(mention)
        article.concepts += filter(None, fields[MENTION_FIELDS:])
    elif len(fields) >= RELATION_FIELDS and not NUMBER.fullmatch(fields[1]):
        article.relations += 1
    else:
        sentence = _t("“{text}” is not id, start, end, mention and type with tabs.")
        raise FormatError(line.number, sentence.format(text=excerpt(line.text)))


def _is_mention(fields: list[str]) -> bool:
    return (
        len(fields) >= MENTION_FIELDS
        and bool(NUMBER.fullmatch(fields[1]))
        and bool(NUMBER.fullmatch(fields[2]))
        and bool(fields[4].strip())
    )


def _record(article: Article, is_annotated: bool, options: Options) -> Record:
    spans, notes = settle(article.text, article.mentions, options.may_overlap)
    return Record(
        text=article.text,
        spans=spans,
        is_annotated=is_annotated,
        external_id=article.id,
        line=article.line,
        notes=(*notes, *_unkept(article)),
    )


def _unkept(article: Article) -> Iterator[str]:
    if article.concepts:
        sentence = _t("Not kept: concept ids, such as {example} ({count}).")
        example = excerpt(article.concepts[0].strip())
        yield sentence.format(count=len(article.concepts), example=example)
    if article.relations:
        sentence = _t("Not kept: relations ({count}).")
        yield sentence.format(count=article.relations)


def recognises(source: Source) -> bool:
    lines = (line for line in source.head(100) if line.raw.strip())
    first = next(lines, None)
    passage = first and PASSAGE.fullmatch(first.text)
    return passage is not None and passage[2] == "t"


FORMAT = Format(
    name="pubtator",
    suffixes=(".pubtator",),
    recognises=recognises,
    read=read,
)
