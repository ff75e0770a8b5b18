"""CoNLL-U and CoNLL-U Plus: numbered words, exact spaces, columns by name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from annotator.formats import FormatError, Record, Source, find_format

Read = Callable[..., list[Record | FormatError]]
PLUS = "# global.columns = ID FORM UPOS NER MISC\n"


def words(*rows: str) -> str:
    """Numbered rows, their cells parted by spaces here and by TABs in the file."""
    lines = []
    for row in rows:
        cells = row.split(" ")
        lines.append("\t".join(cells))
    return "\n".join(lines) + "\n\n"


def ten(*pairs: tuple[str, str]) -> str:
    """Ten columns with only a form and a MISC filled."""
    rows = (
        f"{n} {form} _ _ _ _ _ _ _ {misc}" for n, (form, misc) in enumerate(pairs, 1)
    )
    return words(*rows)


def one(read_file: Read, content: str, name: str = "a.conllu", **how: str) -> Record:
    (item,) = read_file(content, name=name, **how)
    assert isinstance(item, Record), item
    return item


def marked(record: Record) -> list[tuple[str, str]]:
    return [(record.text[span.start : span.end], span.label) for span in record.spans]


def test_columns_are_found_by_their_names(read_file: Read, tmp_path: Path) -> None:
    content = PLUS + words(
        "1 Ann PROPN B-PER SpaceAfter=No", "2 , PUNCT _ _", "3 hi X O _"
    )
    record = one(read_file, content, name="a.txt")
    assert (record.text, marked(record)) == ("Ann, hi", [("Ann", "PER")])
    assert record.is_annotated
    source = Source(tmp_path / "a.txt")
    assert find_format(source).describe(source) == {
        "columns": "ID FORM UPOS NER MISC; tag in 4"
    }


def test_a_text_above_its_words_is_taken_as_it_is(read_file: Read) -> None:
    content = "# sent_id = s1\n# text = Ann\u00a0 left\n" + ten(
        ("Ann", "_"), ("left", "_")
    )
    record = one(read_file, content)
    assert (record.text, record.tokens) == ("Ann\u00a0 left", ((0, 3), (5, 9)))
    assert (record.external_id, record.is_annotated) == ("s1", False)


def test_spaces_are_those_of_the_last_column(read_file: Read) -> None:
    record = one(read_file, ten(("can", "SpaceAfter=No"), ("not", "_"), ("go", "X=1")))
    assert record.text == "cannot go"


def test_tags_in_the_last_column_are_read(read_file: Read) -> None:
    content = ten(("Ann", "start_char=0|ner=B-PER"), ("left", "ner=O"))
    record = one(read_file, content)
    assert marked(record) == [("Ann", "PER")] and record.is_annotated


def test_a_token_of_several_words_stands_in_the_text_once(read_file: Read) -> None:
    content = PLUS + words(
        "1 von ADP O _",
        "2-3 zum _ _ _",
        "2 zu ADP O _",
        "3 dem DET B-LOC _",
        "3.1 – _ _ _",
        "4 See NOUN I-LOC SpaceAfter=No",
        "5 . PUNCT O _",
    )
    record = one(read_file, content)
    assert record.text == "von zum See."
    assert marked(record) == [("zum See", "LOC")]
    assert record.notes == ()


def test_two_labels_in_one_token_are_told(read_file: Read) -> None:
    content = PLUS + words("1-2 AB _ _ _", "1 A X B-X _", "2 B X B-Y _")
    record = one(read_file, content)
    assert marked(record) == [("AB", "X")]
    assert record.notes == ("“AB” is one token with two tags: B-X was kept, not B-Y.",)


def test_columns_may_be_aligned_with_spaces(read_file: Read) -> None:
    content = "1    They     they    PRON\n2    buy      buy     VERB\n"
    assert one(read_file, content).text == "They buy"


def test_documents_begin_at_newdoc(read_file: Read) -> None:
    content = "# newdoc id = d1\n" + ten(("a", "_")) + ten(("b", "_"))
    content += "# newdoc id = d2\n" + ten(("c", "_"))
    items = read_file(content, name="a.conllu", document="docstart")
    assert [(i.external_id, i.text) for i in items if isinstance(i, Record)] == [
        ("d1", "a\nb"),
        ("d2", "c"),
    ]


@pytest.mark.parametrize(
    ("content", "line", "sentence"),
    [
        (ten(("a", "_")) + "x\ty\n", 3, "“x” is not the number of a token."),
        (PLUS + words("1 a X PER _"), 2, "“PER” is not a tag such as O or B-PER."),
        (PLUS + "1\n", 2, "The token is empty."),
        ("# global.columns = A B\n", 1, "The columns “A B” lack ID or FORM."),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(
    read_file: Read, content: str, line: int, sentence: str
) -> None:
    *_good, error = read_file(content, name="a.conllu")
    assert isinstance(error, FormatError), error
    assert (error.line, error.message) == (line, sentence)


@pytest.mark.parametrize("rows", ["0-2\tAnn\n1\tAn\n", "1\tAnn\n0\tleft\n"])
def test_a_token_that_counts_from_zero_is_refused(read_file: Read, rows: str) -> None:
    head = "# global.columns = ID FORM\n"
    (error,) = read_file(head + rows, "conllu")
    assert isinstance(error, FormatError)
    assert "is not the number of a token" in error.message


def test_a_stated_text_that_is_not_the_tokens_is_noted(read_file: Read) -> None:
    content = "# text = Ann went\n1\tAnn" + "\t_" * 8 + "\n2\tleft" + "\t_" * 8 + "\n"
    (record,) = read_file(content, name="a.conllu")
    assert isinstance(record, Record) and record.text == "Ann left"
    assert record.notes[-1].startswith("“# text” says “Ann went”, which is not made of")
