"""spaCy's DocBin: what spaCy packs is read without it, and damage is told."""

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy import symbols
from spacy.strings import StringStore
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from annotator.formats import FormatError, Record, spacy_strings

Read = Callable[..., list[Record | FormatError]]
VOCAB = Vocab()
WORDS = ["😊", "Ann", "saw", "PERSON", "in", "New", "York", "’s", "\n", "."]


def doc(*entities: tuple[int, int, str], words: Sequence[str] = WORDS) -> Doc:
    made = Doc(
        VOCAB, words=words, spaces=[number % 2 == 0 for number in range(len(words))]
    )
    made.set_ents([Span(made, *entity) for entity in entities])
    return made


def packed(*docs: Doc, **options: Any) -> bytes:
    return DocBin(docs=docs, **options).to_bytes()


def changed(**values: Any) -> bytes:
    content = msgpack.unpackb(zlib.decompress(packed(doc())))
    return zlib.compress(msgpack.packb(content | values))


def records(read_file: Read, content: bytes) -> list[Record]:
    items = read_file(content, name="a.spacy")
    return [item for item in items if isinstance(item, Record)]


def marked(record: Record) -> list[tuple[str, str]]:
    return [(record.text[span.start : span.end], span.label) for span in record.spans]


def test_words_spaces_and_entities_are_those_of_spacy(read_file: Read) -> None:
    made = doc((1, 2, "PERSON"), (5, 7, "Ort"), (7, 8, "Ort"))
    first, second = records(read_file, packed(made, doc()))
    assert first.text == made.text
    assert marked(first) == [(ent.text, ent.label_) for ent in made.ents]
    assert first.tokens == tuple((t.idx, t.idx + len(t)) for t in made)
    assert (first.line, second.line) == (1, 2)
    assert first.is_annotated and second.is_annotated and not second.spans
    assert first.notes == ()


def test_a_document_whose_entities_are_missing_is_not_annotated(
    read_file: Read,
) -> None:
    (record,) = records(read_file, packed(Doc(VOCAB, words=["Ann"])))
    assert not record.is_annotated


def test_sentences_are_kept_and_what_is_not_is_named(read_file: Read) -> None:
    made = doc((1, 2, "PER"))
    for token in made:
        token.is_sent_start = token.i in (0, 4)
        token.tag_ = "X"
    made.cats = {"news": 1.0}
    made.spans["chunks"] = [made[1:3]]
    made.user_data["who"] = "ann"
    (record,) = records(read_file, packed(made, store_user_data=True))
    assert record.sentence_starts == (0, 4)
    assert record.notes == ("Not kept: TAG, categories, span groups, user data.",)


def test_words_without_known_spaces_are_joined(read_file: Read) -> None:
    (record,) = records(read_file, packed(Doc(VOCAB, words=["Ann", "saw"])))
    assert (record.text, record.tokens) == ("Ann saw", ((0, 3), (4, 7)))


def test_the_symbols_are_those_of_spacy() -> None:
    numbers = {name: number for name, number in symbols.IDS.items() if name}
    assert numbers == spacy_strings.SYMBOLS


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_strings_have_the_numbers_that_spacy_gives_them(string: str) -> None:
    assert spacy_strings.number(string) == StringStore().add(string)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK, not", "This is not a DocBin of spaCy: Error -3"),
        (zlib.compress(b""), "This is not a DocBin of spaCy: "),
        (zlib.compress(b"\x91" * 5_000), "This is not a DocBin of spaCy: "),
        (zlib.compress(msgpack.packb([1])), "it holds no map."),
        (changed(attrs=[65]), "it lacks the tokens' words or entities."),
        (changed(attrs=None), "it lacks the tokens' words or entities."),
        (changed(strings=[1]), "it lacks the strings."),
        (changed(strings=["Ann"]), "of document 1 is not in the file."),
        (changed(tokens=b"123"), "the numbers of its tokens do not agree."),
        (changed(spaces=b""), "the numbers of its tokens do not agree."),
        (changed(lengths=b"\xff\xff\xff\xff"), "the numbers of its tokens do not"),
        (packed(doc(words=[])), "The text is empty."),
    ],
)
def test_what_is_damaged_is_refused_in_one_sentence(
    read_file: Read, content: bytes, sentence: str
) -> None:
    (error,) = read_file(content, name="a.spacy")
    assert isinstance(error, FormatError), error
    assert sentence in error.message


def test_a_bomb_is_refused_before_it_is_unpacked(read_file: Read) -> None:
    (error,) = read_file(zlib.compress(bytes(200 * 1024**2), 9), name="a.spacy")
    assert isinstance(error, FormatError)
    assert error.message == "The file unpacks to more than 38 MiB: refused."
