"""CoNLL columns: a token and its tag a line, an empty line between sentences."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from django.utils.translation import gettext as _t

from annotator.formats.columns import (
    DOCUMENT_START,
    LINES_LOOKED_AT,
    TAG,
    Layout,
    detect_layout,
    is_break,
    split_columns,
    stated_layout,
)
from annotator.formats.placing import check_tag, find_in_order, join, place
from annotator.formats.records import Format, Record, check_size, excerpt
from annotator.formats.records import ReadOptions as Options
from annotator.formats.source import FormatError, Line, Source
from modeling.spans import Span
from modeling.tagging import decode
from modeling.tokens import Token

STATED = re.compile(r"([0-9]{1,3})/([0-9]{1,3})")  # columns of token and tag, from 1


@dataclass(slots=True)
class Sentence:
    line: int
    tokens: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    errors: list[FormatError] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)  # each token, where that is known
    notes: list[str] = field(default_factory=list)
    is_annotated: bool = True
    size: int = 0  # characters of the tokens and behind them, and of the errors

    def add(self, token: str, tag: str, behind: str = " ") -> None:
        self.tokens.append(token)
        self.tags.append(tag)
        self.size += len(token) + len(behind)

    def refuse(self, error: FormatError) -> None:
        self.errors.append(error)
        self.size += len(error.message)

    @property
    def is_empty(self) -> bool:
        return not (self.tokens or self.errors)

    @property
    def starts_document(self) -> bool:
        return "newdoc" in self.headers or "newdoc id" in self.headers

    @property
    def is_document_start(self) -> bool:
        return self.tokens == [DOCUMENT_START] and self.tags == ["O"]


def read(source: Source, options: Options) -> Iterator[Record | FormatError]:
    """Documents of one sentence, of N sentences, or between document starts."""
    layout = _stated(source, options.text_column) or _layout(source)
    if layout is None:
        sentence = _t(
            "No column of the file holds tags such as O and B-PER; name those of token "
            "and tag as text column, such as 1/4."
        )
        raise FormatError(1, sentence)
    if options.document == "docstart" and not layout.has_document_starts:
        raise FormatError(1, _t("The file has no -DOCSTART- line."))
    items = records(_sentences(source.lines(), layout), options)
    notes = (*_as_stated(layout, options), *_unread(layout))
    for item in items:
        if notes and isinstance(item, Record):
            item, notes = replace(item, notes=(*notes, *item.notes)), ()
        yield item


def _stated(source: Source, stated: str) -> Layout | None:
    """The columns that a person names as text column, such as 1/4, in place of ours.

    Raises:
        FormatError: the file has no such columns.
    """
    if not stated:
        return None
    named = STATED.fullmatch(stated.strip())
    if named is None:
        sentence = _t(
            "“{value}” does not name the columns of token and tag, as 1/4 does."
        )
        raise FormatError(1, sentence.format(value=excerpt(stated)))
    token, tag = int(named[1]) - 1, int(named[2]) - 1
    layout = stated_layout(islice(source.lines(), LINES_LOOKED_AT), token, tag)
    if max(token, tag) >= layout.columns or min(token, tag) < 0 or token == tag:
        sentence = _t("“{value}” names no two of the file's {count} columns.")
        value = excerpt(stated)
        raise FormatError(1, sentence.format(value=value, count=layout.columns))
    return layout


def _as_stated(layout: Layout, options: Options) -> Iterator[str]:
    if options.text_column:
        sentence = _t("As stated, column {token} was read as tokens, {tag} as tags.")
        token, tag = layout.token_column + 1, layout.tag_column + 1
        yield sentence.format(token=token, tag=tag)


def _unread(layout: Layout) -> tuple[str, ...]:
    """Notes about tags of other columns, which may be nested, and of bare labels."""
    notes = []
    if layout.nested_columns:
        shown = ", ".join(str(column + 1) for column in layout.nested_columns)
        notes.append(
            _t("Not kept: the tags in column {columns}.").format(columns=shown)
        )
    if layout.spelling == "bare":
        sentence = _t(
            "The labels have no B- or I-: tokens side by side with the same label were "
            "taken for one mention."
        )
        notes.append(sentence)
    return tuple(notes)


def records(
    sentences: Iterable[Sentence], options: Options
) -> Iterator[Record | FormatError]:
    """The documents that sentences make, as the options say."""
    for document in _documents(sentences, options):
        errors = [error for sentence in document for error in sentence.errors]
        yield from errors
        if not errors:
            yield _record(document, options)


def _documents(
    sentences: Iterable[Sentence], options: Options
) -> Iterator[list[Sentence]]:
    limit = 1 if options.document == "sentence" else options.per_document
    document: list[Sentence] = []
    size = tokens = 0
    for sentence in sentences:
        is_full = len(document) == limit
        starts_new = sentence.starts_document or sentence.is_document_start
        if document and options.document != "file" and (is_full or starts_new):
            yield document
            document, size, tokens = [], 0, 0
        if not sentence.is_document_start:
            document.append(sentence)
            size += sentence.size
            tokens += len(sentence.tokens)
            check_size(sentence.line, size, tokens)
    if document:
        yield document


def _sentences(lines: Iterable[Line], layout: Layout) -> Iterator[Sentence]:
    sentence = Sentence(line=0)
    for line in lines:
        if is_break(line):
            if not sentence.is_empty:
                yield sentence
                sentence = Sentence(line=0)
            continue
        header = None if sentence.tokens else layout.header(line)
        if header:
            sentence.headers[header[0]] = header[1]
            continue
        sentence.line = sentence.line or line.number
        try:
            _add_token(sentence, line, layout)
        except FormatError as error:
            sentence.refuse(error)
        check_size(line.number, sentence.size, len(sentence.tokens))
    if not sentence.is_empty:
        yield sentence


def _add_token(sentence: Sentence, line: Line, layout: Layout) -> None:
    if line.error:
        raise line.error
    columns = split_columns(line.text)
    if columns[0] == DOCUMENT_START and sentence.is_empty:
        tag = layout.tag("".join(columns[layout.tag_column : layout.tag_column + 1]))
        # With a tag of its own it is a word that somebody marked.
        sentence.add(DOCUMENT_START, tag if TAG.fullmatch(tag) else "O")
        return
    if layout.is_indexed and not columns[0].isdecimal():
        if columns[0].replace("-", "").replace(".", "").isdecimal():
            return  # a multi-word token or an empty node of CoNLL-U
        message = _t("“{value}” is not the number of a token.")
        raise FormatError(line.number, message.format(value=excerpt(columns[0])))
    if len(columns) <= layout.tag_column:
        message = _t("“{text}” has {count} columns; the tag is expected in {tag}.")
        raise FormatError(
            line.number,
            message.format(
                text=excerpt(line.text), count=len(columns), tag=layout.tag_column + 1
            ),
        )
    token, tag = columns[layout.token_column], columns[layout.tag_column].strip(" ")
    if not token:
        raise FormatError(line.number, _t("The token is empty."))
    sentence.add(token, check_tag(line.number, layout.tag(tag)))


def _record(sentences: list[Sentence], options: Options) -> Record:
    text = ""
    tokens: list[Token] = []
    spans: list[Span] = []
    starts: list[int] = []
    for sentence in sentences:
        text += "\n" if text else ""
        sentence_text, offsets = _place(sentence, options)
        placed = [(start + len(text), end + len(text)) for start, end in offsets]
        starts.append(len(tokens))
        tokens += placed
        spans += decode(sentence.tags, placed)
        text += sentence_text
    return Record(
        text=text,
        spans=tuple(spans),
        is_annotated=any(sentence.is_annotated for sentence in sentences),
        tokens=tuple(tokens),
        sentence_starts=tuple(starts),
        external_id=_external_id(sentences, options),
        line=sentences[0].line,
        notes=tuple(note for sentence in sentences for note in sentence.notes),
    )


def _place(sentence: Sentence, options: Options) -> tuple[str, list[Token]]:
    text = sentence.headers.get("text", "")
    if text.strip() and find_in_order(sentence.tokens, text) is None:
        note = _t("“# text” says “{text}”, which is not made of the tokens; they stay.")
        sentence.notes.append(note.format(text=excerpt(text)))
    if sentence.behind and find_in_order(sentence.tokens, text) is None:
        return join(sentence.tokens, [*sentence.behind[:-1], ""])
    return place(sentence.tokens, text, options.joins_tokens_with)


def _external_id(sentences: list[Sentence], options: Options) -> str:
    headers, is_sentence = sentences[0].headers, options.document == "sentence"
    document = "" if is_sentence else headers.get("newdoc id", "")
    return (document or headers.get("sent_id", "")).strip()


def _layout(source: Source) -> Layout | None:
    return detect_layout(islice(source.lines(), LINES_LOOKED_AT))


def recognises(source: Source) -> bool:
    return source.suffix in FORMAT.suffixes or _layout(source) is not None


def describe(source: Source) -> dict[str, str]:
    """The tag scheme and the columns, counted from 1, for the person to check."""
    return _described(_layout(source))


def describe_stated(source: Source, stated: str) -> dict[str, str]:
    return _described(_stated(source, stated))


def _described(layout: Layout | None) -> dict[str, str]:
    if layout is None:
        return {}
    description = {
        "scheme": layout.scheme,
        "columns": _t("{count} columns, token in {token}, tag in {tag}").format(
            count=layout.columns,
            token=layout.token_column + 1,
            tag=layout.tag_column + 1,
        ),
    }
    if layout.other_tag_columns:
        others = ", ".join(str(column + 1) for column in layout.other_tag_columns)
        description["not read"] = _t("tags in column {others}").format(others=others)
    return description


FORMAT = Format(
    name="conll",
    suffixes=(".conll", ".bio", ".iob", ".iob2", ".bioes"),
    recognises=recognises,
    read=read,
    describe=describe,
    describe_stated=describe_stated,
)
