"""Writing WebAnno TSV 3: a zip with a file a document, offsets in UTF-16 units."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import IO
from zipfile import ZipFile

from django.utils.translation import gettext as _t

from annotator.formats.archives import Names, add, renamed
from annotator.formats.offsets import UTF_16, offsets_of
from annotator.formats.records import Loss, Output, Record, WriteOptions, excerpt
from annotator.formats.sentences import sentence_starts
from annotator.formats.webanno_rows import Rows
from modeling.tokens import Token, tokenize

HEADER = "#FORMAT=WebAnno TSV 3.3\n"
LAYER = (
    "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value\n"
)
CONTROLS = {
    "\t": r"\t",
    "\n": r"\n",
    "\r": r"\r",
    "\f": r"\f",
    "\b": r"\b",
    "\\": r"\\",
}
IN_TEXT = re.compile(r"[\t\n\r\f\x08\\]")


def write(
    records: Iterable[Record], file: IO[bytes], options: WriteOptions
) -> Iterator[Loss]:
    """A document's name is its id where that can be a file's name.

    A span that cuts a token stands at a part of it, spans that overlap stand side by
    side. Only one that begins or ends between tokens is moved.
    """
    names = Names()
    with ZipFile(file, "w") as archive:
        for record in records:
            name = names.next(record)
            tokens, losses = _tokens(record)
            yield from losses
            if not tokens:
                yield Loss(record, "empty", _t("The document has no token to write."))
                continue
            yield from renamed(record, name)
            yield from _spaced(record, tokens[0][0])
            rows = Rows(record, tokens)
            yield from rows.losses
            starts, cut = sentence_starts(record, tokens, rows.inside)
            yield from cut
            lines = "".join(_lines(record, tokens, starts, rows))
            add(archive, f"{name}.tsv", lines.encode())


def _tokens(record: Record) -> tuple[list[Token], list[Loss]]:
    """The record's tokens without the white space around them."""
    tokens: list[Token] = []
    losses = []
    given = tokenize(record.text) if record.tokens is None else record.tokens
    for start, end in given:
        word = record.text[start:end]
        inner = start + len(word) - len(word.lstrip())
        outer = max(inner, start + len(word.rstrip()))
        tokens += [(inner, outer)] if inner < outer else []
        if (inner, outer) != (start, end):
            sentence = _t("The token “{word}” begins or ends with white space.")
            reason = sentence.format(word=excerpt(word))
            losses.append(Loss(record, "token", reason, became=(start, end)))
    head = record.text[: tokens[0][0]] if tokens else ""
    if head.strip():
        # A file's offsets can skip white space only.
        start, end = len(head) - len(head.lstrip()), len(head.rstrip())
        tokens.insert(0, (start, end))
        reason = _t("What stands before the first token became a token.")
        losses.append(Loss(record, "token", reason, became=(start, end)))
    return tokens, losses


def _spaced(record: Record, first: int) -> Iterator[Loss]:
    """A loss where other white space than spaces stands before the first token.

    A sentence begins with its first token; readers put spaces before the first one.
    """
    if record.text[:first].strip(" "):
        reason = _t("The white space before the first token became spaces.")
        yield Loss(record, "character", reason, became=(0, first))


def _lines(
    record: Record, tokens: Sequence[Token], starts: Sequence[int], rows: Rows
) -> Iterator[str]:
    text = record.text
    units = offsets_of(text, UTF_16)
    yield HEADER + (LAYER if record.is_annotated else "") + "\n"
    begins = [*(tokens[at][0] for at in starts), len(text)]
    breaks = [*starts, len(tokens)]
    for number, (first, last) in enumerate(pairwise(breaks), 1):
        lines = text[begins[number - 1] : begins[number]].split("\n")
        yield "\n" + "".join(f"#Text={_escape(line)}\n" for line in lines)
        for position, index in enumerate(range(first, last), 1):
            for part, (start, end), cells in rows.of(index):
                place = f"{number}-{position}{part}\t{units[start]}-{units[end]}"
                yield f"{place}\t{_escape(text[start:end])}\t{cells}\n"


def _escape(text: str) -> str:
    return IN_TEXT.sub(lambda found: CONTROLS[found[0]], text)


OUTPUT = Output(
    name="webanno-tsv",
    title="WebAnno TSV 3",
    suffix="zip",
    write=write,
    holds=frozenset({"text", "ids", "tokens", "sentences", "overlaps"}),
    needs_tokens=True,
)
