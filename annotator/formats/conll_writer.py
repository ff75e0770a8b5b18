"""Writing CoNLL columns, and saying what of a record they do not hold."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import IO

from django.utils.translation import gettext as _t

from annotator.formats.columns import DOCUMENT_START
from annotator.formats.records import Loss, Record, WriteOptions, excerpt
from modeling.spans import outermost
from modeling.tagging import convert, encode
from modeling.tokens import Token, sentence_breaks, tokenize

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
    for record in records:
        tokens, losses = writable_tokens(record)
        outer, inner = outermost(record.spans)
        encoding = encode(outer, tokens)
        starts, cut = _sentence_starts(record, tokens, encoding.tags)
        yield from losses
        yield from cut
        for misaligned in encoding.misaligned:
            reason = _reason(misaligned.tokens, record)
            kind = misaligned.reason
            yield Loss(record, kind, reason, misaligned.span, misaligned.tokens)
        for span in inner:
            reason = _t("It overlaps a longer span, and columns hold only that one.")
            yield Loss(record, "dropped", reason, span)
        if not tokens:
            yield Loss(record, "empty", _t("The document has no token to write."))
            continue
        if options.marks_documents:
            file.write(f"{' '.join([DOCUMENT_START, *fillers, 'O'])}\n\n".encode())
        for first, last in pairwise([*starts, len(tokens)]):
            tags = convert(encoding.tags[first:last], options.scheme)
            words = [record.text[start:end] for start, end in tokens[first:last]]
            yield from _check_sentence(record, words)
            lines = [
                _line(word, tag, fillers) for word, tag in zip(words, tags, strict=True)
            ]
            file.write("".join([*lines, "\n"]).encode())


def writable_tokens(record: Record) -> tuple[list[Token], list[Loss]]:
    """The record's tokens, split where a line could not hold them."""
    tokens: list[Token] = []
    losses = []
    given = tokenize(record.text) if record.tokens is None else record.tokens
    for start, end in given:
        word = record.text[start:end]
        tokens += [part.span() for part in LINE_PART.finditer(record.text, start, end)]
        if any(character.isspace() for character in word):
            sentence = _t("The token “{word}” at [{start}, {end}) holds white space.")
            reason = sentence.format(word=excerpt(word), start=start, end=end)
            losses.append(Loss(record, "token", reason, became=(start, end)))
    return tokens, losses


def _sentence_starts(
    record: Record, tokens: list[Token], tags: list[str]
) -> tuple[list[int], list[Loss]]:
    """Where sentences start; a break inside a span is left out and reported."""
    if record.sentence_starts is None or record.tokens is None:
        found = sentence_breaks(record.text, tokens)
        return [at for at in found if not tags[at].startswith("I-")], []
    offsets = [start for start, _ in tokens]
    wanted = [record.tokens[index][0] for index in record.sentence_starts]
    breaks = {0, *(bisect_left(offsets, start) for start in wanted)} - {len(tokens)}
    kept = [at for at in sorted(breaks) if not tags[at].startswith("I-")]
    sentence = _t("The sentence break before “{word}” is inside a span: left out.")
    losses = []
    for start, end in (tokens[at] for at in sorted(breaks - {*kept})):
        reason = sentence.format(word=excerpt(record.text[start:end]))
        losses.append(Loss(record, "sentence", reason, became=(start, end)))
    return kept, losses


def _reason(became: tuple[int, int] | None, record: Record) -> str:
    if became is None:
        return _t("Another span has its tokens, or it covers none.")
    start, end = became
    sentence = _t(
        "It cuts tokens or ends between them; it became [{start}, {end}) “{text}”."
    )
    text = excerpt(record.text[start:end])
    return sentence.format(text=text, start=start, end=end)


def _check_sentence(record: Record, words: list[str]) -> Iterator[Loss]:
    if words == [DOCUMENT_START]:
        reason = _t("A sentence of only “-DOCSTART-” reads as a document's start.")
        yield Loss(record, "token", reason)


def _line(word: str, tag: str, fillers: Sequence[str]) -> str:
    return ("\t" if " " in word else " ").join([word, *fillers, tag]) + "\n"
