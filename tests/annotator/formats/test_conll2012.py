"""CoNLL-2012: bracketed entities, named documents, many columns."""

from collections.abc import Callable

import pytest

from annotator.formats import FormatError, Record

Read = Callable[..., list[Record | FormatError]]
BEGIN = "#begin document (nw/a/00/a_0001); part 000\n"
END = "#end document\n"


def rows(*pairs: tuple[str, str]) -> str:
    """A sentence: words and their entity cells, other columns as they come."""
    lines = [
        f"nw/a/00/a_0001   0   {n}   {word}   NN   (TOP*)   - - - -   {entity}   *   -"
        for n, (word, entity) in enumerate(pairs)
    ]
    return "\n".join(lines) + "\n\n"


FIRST = rows(("Ann", "(PERSON*"), ("Bohm", "*)"), ("left", "*"), ("Basel", "(GPE)"))
SECOND = rows(("She", "*"), ("sang", "*"))


def one(read_file: Read, content: str, **how: str) -> Record:
    (item,) = read_file(content, name="a.v4_gold_conll", **how)
    assert isinstance(item, Record), item
    return item


def marked(record: Record) -> list[tuple[str, str]]:
    return [(record.text[span.start : span.end], span.label) for span in record.spans]


def test_brackets_are_spans(read_file: Read) -> None:
    record = one(read_file, BEGIN + FIRST + END)
    assert record.text == "Ann Bohm left Basel"
    assert marked(record) == [("Ann Bohm", "PERSON"), ("Basel", "GPE")]
    assert record.is_annotated


def test_documents_have_their_names(read_file: Read) -> None:
    other = BEGIN.replace("part 000", "part 001")
    content = BEGIN + FIRST + SECOND + END + other + SECOND + END
    items = read_file(content, name="a.txt", document="docstart")
    records = [item for item in items if isinstance(item, Record)]
    assert [record.external_id for record in records] == [
        "nw/a/00/a_0001/000",
        "nw/a/00/a_0001/001",
    ]
    assert records[0].text == "Ann Bohm left Basel\nShe sang"
    assert records[0].sentence_starts == (0, 4)


def test_a_file_without_entities_is_not_annotated(read_file: Read) -> None:
    assert not one(read_file, BEGIN + SECOND + END).is_annotated


@pytest.mark.parametrize(
    ("content", "line", "sentence"),
    [
        (
            rows(("Ann", "*)")),
            2,
            "The entity “*)” does not fit what is open before it.",
        ),
        (rows(("a", "(X*"), ("b", "(Y*)")), 3, "The entity “(Y*)” does not fit"),
        (rows(("a", "X")), 2, "The entity “X” does not fit what is open"),
        (rows(("a", "(X*"), ("b", "*")), 2, "The entity X is still open at the end"),
        ("a b c\n", 2, "“a b c” has 3 columns, not 12 or more."),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(
    read_file: Read, content: str, line: int, sentence: str
) -> None:
    (error,) = read_file(BEGIN + content, name="a.txt")
    assert isinstance(error, FormatError), error
    assert (error.line, sentence in error.message) == (line, True), error
