"""Writing spaCy's DocBin, which its training reads; spaCy itself does the writing."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import IO, Any

from django.utils.translation import gettext as _t

from annotator.formats.conll_writer import misfits
from annotator.formats.errors import WriteRefused
from annotator.formats.records import Loss, Output, Record, WriteOptions
from modeling.spans import Span, outermost
from modeling.tagging import decode, encode
from modeling.tokens import Token, tokenize

ATTRIBUTES = ["ENT_IOB", "ENT_TYPE"]  # of each token, beside its text and space


def write(
    records: Iterable[Record], file: IO[bytes], options: WriteOptions
) -> Iterator[Loss]:
    """One packed block, so all tokens of the export wait in memory as numbers.

    Ids and metadata, as JSON, are the user data of their Doc.
    """
    spacy = _spacy()
    docs = spacy.tokens.DocBin(ATTRIBUTES, store_user_data=True)
    vocab = spacy.vocab.Vocab()
    for record in records:
        tokens = tokenize(record.text) if record.tokens is None else record.tokens
        outer, inner = outermost(record.spans)
        encoding = encode(outer, tokens)
        yield from misfits(record, encoding, inner)
        pieces, spaces = _pieces(record.text, tokens)
        words = [record.text[start:end] for start, end in pieces]
        doc = spacy.tokens.Doc(vocab, words, spaces)
        entities = [
            spacy.tokens.Span(doc, first, last, label)
            for first, last, label in _places(decode(encoding.tags, tokens), pieces)
        ]
        # Not annotated is not the same as no entity.
        doc.set_ents(entities, default="outside" if record.is_annotated else "missing")
        doc.user_data["id"] = record.external_id
        doc.user_data["metadata"] = json.dumps(record.metadata, ensure_ascii=False)
        docs.add(doc)
    file.write(docs.to_bytes())


def _spacy() -> Any:
    try:
        import spacy.tokens
        import spacy.vocab
    except ImportError as error:
        sentence = _t(
            "Writing DocBin needs the library spaCy: pip install spacy, or choose "
            "another format."
        )
        raise WriteRefused(sentence) from error
    return spacy


def _pieces(text: str, tokens: Sequence[Token]) -> tuple[list[Token], list[bool]]:
    """The tokens and what stands between them, and whether a space follows each.

    In spaCy a text is its tokens, each with at most one space behind it, so that
    longer gaps are tokens too.
    """
    pieces: list[Token] = []
    spaces: list[bool] = []
    bounds = [0, *(offset for token in tokens for offset in token), len(text)]
    for number, (start, end) in enumerate(pairwise(bounds)):
        is_gap = number % 2 == 0
        if is_gap and pieces and text[start:end].startswith(" "):
            spaces[-1] = True
            start += 1
        if start < end:
            pieces.append((start, end))
            spaces.append(False)
    return pieces, spaces


def _places(
    spans: Iterable[Span], pieces: Sequence[Token]
) -> Iterator[tuple[int, int, str]]:
    starts = {start: index for index, (start, _) in enumerate(pieces)}
    ends = {end: index + 1 for index, (_, end) in enumerate(pieces)}
    for span in spans:
        yield starts[span.start], ends[span.end], span.label


OUTPUT = Output(
    name="spacy",
    title="spaCy DocBin",
    suffix="spacy",
    write=write,
    holds=frozenset({"text", "ids", "metadata", "tokens"}),
    needs_tokens=True,
)
