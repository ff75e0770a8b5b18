"""Writing CoNLL columns, and saying what of a record they do not hold."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import IO

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from annotator.formats.columns import DOCUMENT_START
from annotator.formats.records import Loss, Output, Record, WriteOptions, excerpt
from annotator.formats.sentences import sentence_starts
from modeling.spans import Span, outermost
from modeling.tagging import Encoding, convert, encode
from modeling.tokens import Token, tokenize

BOM = "\ufeff"
LINE_PART = re.compile(r"[^\t\r\n]+")  # what one field of one line can hold


def write(
    records: Iterable[Record],
    file: IO[bytes],
    options: WriteOptions,
    *,
    fillers: Sequence[str],
) -> Iterator[Loss]:
    """A token, the fillers and a tag a line, separated by spaces.

    Of spans that overlap the outermost are written.

    A token that holds spaces is written on a line separated by TABs: exact here, but
    other programs may not expect it, so it is a loss too.
    """
    is_first = True
    for record in records:
        tokens, losses = writable_tokens(record)
        outer, inner = outermost(record.spans)
        encoding = encode(outer, tokens)
        inside = {i for i, tag in enumerate(encoding.tags) if tag.startswith("I-")}
        starts, cut = sentence_starts(record, tokens, inside)
        yield from losses
        yield from cut
        yield from misfits(record, encoding, inner)
        if not tokens:
            yield Loss(record, "empty", _t("The document has no token to write."))
            continue
        if options.marks_documents:
            is_first = False
            file.write(f"{' '.join([DOCUMENT_START, *fillers, 'O'])}\n\n".encode())
        for first, last in pairwise([*starts, len(tokens)]):
            tags = convert(encoding.tags[first:last], options.scheme)
            words = [record.text[start:end] for start, end in tokens[first:last]]
            yield from _check_start(record, words, tokens[first])
            lines = [
                _line(word, tag, fillers) for word, tag in zip(words, tags, strict=True)
            ]
            if is_first and lines[0].startswith(BOM):
                file.write(b"\n")  # else it would be taken for a mark of the encoding
            is_first = False
            file.write("".join([*lines, "\n"]).encode())


def writable_tokens(record: Record) -> tuple[list[Token], list[Loss]]:
    """The record's tokens, split where a line could not hold them."""
    tokens: list[Token] = []
    losses = []
    given = tokenize(record.text) if record.tokens is None else record.tokens
    for start, end in given:
        word = record.text[start:end]
        if word.split() == [word]:
            tokens.append((start, end))
            continue
        tokens += [part.span() for part in LINE_PART.finditer(record.text, start, end)]
        sentence = _t("The token “{word}” at [{start}, {end}) holds white space.")
        reason = sentence.format(word=excerpt(word), start=start, end=end)
        losses.append(Loss(record, "token", reason, became=(start, end)))
    return tokens, losses


def misfits(
    record: Record, encoding: Encoding, inner: Iterable[Span]
) -> Iterator[Loss]:
    """The spans that tags do not hold as they are."""
    for misaligned in encoding.misaligned:
        reason = _reason(misaligned.tokens, record)
        kind = misaligned.reason
        yield Loss(record, kind, reason, misaligned.span, misaligned.tokens)
    for span in inner:
        reason = _t("It overlaps a longer span, and tags hold only that one.")
        yield Loss(record, "dropped", reason, span)


def _reason(became: tuple[int, int] | None, record: Record) -> str:
    if became is None:
        return _t("Another span has its tokens, or it covers none.")
    start, end = became
    sentence = _t(
        "It cuts tokens or ends between them; it became [{start}, {end}) “{text}”."
    )
    text = excerpt(record.text[start:end])
    return sentence.format(text=text, start=start, end=end)


def _check_start(record: Record, words: list[str], token: Token) -> Iterator[Loss]:
    """A loss where the sentence's first word reads as what it is not."""
    if words[0] != DOCUMENT_START:
        return
    spans = [s for s in record.spans if s.start < token[1] and token[0] < s.end]
    reason = _t(
        "A sentence that begins with “-DOCSTART-” reads as a document's start, in "
        "other programs also where the word is marked."
    )
    marked: list[Span | None] = [*spans] or [None]
    for span in marked:
        yield Loss(record, "token", reason, span, token)


def _line(word: str, tag: str, fillers: Sequence[str]) -> str:
    return ("\t" if " " in word else " ").join([word, *fillers, tag]) + "\n"


CONLL2003 = Output(
    name="conll2003",
    title=_("CoNLL-2003 columns"),
    suffix="conll",
    write=partial(write, fillers=("-X-", "-X-")),
    holds=frozenset({"tokens", "sentences"}),
    needs_tokens=True,
    has_tags=True,
    marks_documents=True,
    is_lines=True,
)
CONLL2002 = replace(
    CONLL2003,
    name="conll2002",
    title=_("CoNLL-2002 columns"),
    write=partial(write, fillers=()),
)
