"""CoNLL columns: every layout and scheme in, exactly the same tags out."""

import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.formats import (
    FORMATS,
    OUTPUTS,
    FormatError,
    Loss,
    ReadOptions,
    Record,
    Source,
    WriteOptions,
    read,
)
from annotator.formats.conll import describe
from modeling.spans import Span
from modeling.tagging import decode

Read = Callable[..., list[Record | FormatError]]
SMILEY = "\U0001f60a"


def good(items: list[Record | FormatError]) -> list[Record]:
    assert all(isinstance(item, Record) for item in items), items
    return [item for item in items if isinstance(item, Record)]


def refusals(items: list[Record | FormatError]) -> list[str]:
    return [str(item) for item in items if isinstance(item, FormatError)]


def mentions(record: Record) -> list[tuple[str, str]]:
    return [(record.text[s.start : s.end], s.label) for s in record.spans]


def words(record: Record) -> list[str]:
    return [record.text[start:end] for start, end in record.tokens or ()]


def written(
    records: list[Record],
    format: str = "conll2002",
    scheme: str = "iob2",
    marks_documents: bool = False,
) -> tuple[str, list[Loss]]:
    file = io.BytesIO()
    options = WriteOptions(scheme, marks_documents)
    losses = list(OUTPUTS[format].write(records, file, options))
    return file.getvalue().decode(), losses


def tagged(text: str, *spans: Span, **more: object) -> Record:
    return Record(text=text, spans=spans, is_annotated=True, **more)  # type: ignore[arg-type]


CONLL_2003 = """\
-DOCSTART- -X- O O

Ada NNP I-NP I-PER
Lovelace NNP I-NP I-PER
lived VBD I-VP O

In IN I-PP O
London NNP I-NP I-LOC
Paris NNP B-NP B-LOC

-DOCSTART- -X- O O

She PRP I-NP O
"""


def test_conll_2003_has_four_columns_and_document_starts(read_file: Read) -> None:
    first, second, third = good(read_file(CONLL_2003))
    assert first.text == "Ada Lovelace lived"
    assert mentions(first) == [("Ada Lovelace", "PER")]
    assert mentions(second) == [("London", "LOC"), ("Paris", "LOC")]
    assert (second.line, third.text) == (7, "She")


def test_a_document_can_be_what_lies_between_document_starts(read_file: Read) -> None:
    first, second = good(read_file(CONLL_2003, document="docstart"))
    assert first.text == "Ada Lovelace lived\nIn London Paris"
    assert mentions(first) == [
        ("Ada Lovelace", "PER"),
        ("London", "LOC"),
        ("Paris", "LOC"),
    ]
    assert first.sentence_starts == (0, 3)
    assert second.text == "She"


def test_a_document_can_be_n_sentences(read_file: Read) -> None:
    content = "a O\n\nb O\n\n\nc O\n\nd O\n\n \t\ne O"
    items = good(read_file(content, document="blank-lines:2"))
    assert [record.text for record in items] == ["a\nb", "c\nd", "e"]
    assert [record.sentence_starts for record in items] == [(0, 1), (0, 1), (0,)]


def test_n_sentences_never_reach_over_a_document_start(read_file: Read) -> None:
    items = good(read_file(CONLL_2003, document="blank-lines:5"))
    assert [len(record.sentence_starts or ()) for record in items] == [2, 1]


def test_a_file_without_document_starts_says_so(read_file: Read) -> None:
    assert refusals(read_file("a O\n", document="docstart")) == [
        "line 1: The file has no -DOCSTART- line."
    ]


def test_the_whole_file_can_be_one_document(read_file: Read) -> None:
    (record,) = good(read_file(CONLL_2003, document="file"))
    assert record.text == "Ada Lovelace lived\nIn London Paris\nShe"


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ("I-PER I-PER B-PER O I-LOC", "iob1"),
        ("B-PER I-PER B-PER O B-LOC", "iob2"),
        ("B-PER E-PER S-PER O S-LOC", "bioes"),
        ("B-PER L-PER U-PER O U-LOC", "bilou"),
        ("B-PER M-PER B-PER O B-LOC", "bmes"),
    ],
)
@pytest.mark.parametrize("separator", [" ", "\t", "   "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_schemes_separators_and_line_ends_do_not_matter(
    read_file: Read, tmp_path: Path, tags: str, scheme: str, separator: str, end: str
) -> None:
    rows = zip(["Anna", "Bohm", "Carl", "met", "Basel"], tags.split(), strict=True)
    lines = [f"{token}{separator}{tag}" for token, tag in rows]
    content = end.join(lines)  # and no final line end
    (with_mark,) = good(read_file("\ufeff" + content))
    (record,) = good(read_file(content))
    assert with_mark == record
    assert mentions(record) == [
        ("Anna Bohm", "PER"),
        ("Carl", "PER"),
        ("Basel", "LOC"),
    ]
    described = FORMATS["conll"].describe(Source(tmp_path / "file.txt"))
    assert described["scheme"] == scheme
    assert described["columns"] == "2 columns, token in 1, tag in 2"


def test_violations_of_a_scheme_are_read_as_conlleval_reads_them(
    read_file: Read,
) -> None:
    (record,) = good(read_file("a O\nb I-PER\nc I-LOC\nd O\ne I-LOC\nf B-LOC\n"))
    assert mentions(record) == [("b", "PER"), ("c", "LOC"), ("e", "LOC"), ("f", "LOC")]


def test_labels_keep_their_hyphens_dots_and_scripts(read_file: Read) -> None:
    content = "a B-Multi-tissue_structure\nb I-Multi-tissue_structure\nc B-PER.NOM\n"
    (record,) = good(read_file(content + "d B-\u4eba\u540d\n"))
    assert mentions(record) == [
        ("a b", "Multi-tissue_structure"),
        ("c", "PER.NOM"),
        ("d", "\u4eba\u540d"),
    ]


def test_tokens_that_begin_with_a_hash_are_tokens(read_file: Read) -> None:
    content = "#\tO\n#Basel\tB-LOC\n# text\tO\n\n#tag\tO\n#\tB-X\n"
    first, second = good(read_file(content))
    assert words(first) == ["#", "#Basel", "# text"]
    assert mentions(first) == [("#Basel", "LOC")]
    assert words(second) == ["#tag", "#"]
    spaced = good(read_file("# O\n#Basel B-LOC\n\n# B-LOC\n= O\n"))
    assert [words(record) for record in spaced] == [["#", "#Basel"], ["#", "="]]


def test_sentence_breaks_may_be_lines_of_white_space(read_file: Read) -> None:
    items = good(read_file("a\tO\n\t\nb\tO\n  \n\t\t \nc\tO\n"))
    assert [record.text for record in items] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "token",
    ["\u200b", "\ufeff", "\u00a0", "\u200b\ufeff", "\ue056", "e\u0301", '"', SMILEY]
    + ["New York", "a\u00a0b", " ", "\u2028", "\x85", "-DOCSTART-x", "O", "B-PER"],
)
def test_odd_tokens_survive_reading_and_writing(read_file: Read, token: str) -> None:
    content = f"x\tO\n{token}\tB-PER\n{token}\tI-PER\n\n{token}\tO\n"
    records = good(read_file(content))
    assert [words(record) for record in records] == [["x", token, token], [token]]
    assert [span.label for span in records[0].spans] == ["PER"]
    text, losses = written(records)
    assert text.replace("\t", " ").rstrip("\n") == content.replace("\t", " ").rstrip(
        "\n"
    )
    again = good(read_file(text, format="conll"))
    assert [words(record) for record in again] == [words(r) for r in records]
    assert bool(losses) == any(character.isspace() for character in token)


UNIVERSAL = f"""\
# newdoc id = notes
# sent_id = notes-1
# text = Vámonos a Köln{SMILEY}!
1\tVámonos\tO\t-\t-
2\ta\tO\t-\t-
3\tKöln\tB-LOC\t-\t-
4\t{SMILEY}\tO\t-\t-
5\t!\tO\t-\t-

# sent_id = notes-2
# text = \u4ed6\u53bb\u5317\u4eac\u3002
1\t\u4ed6\tO\t-\t-
2\t\u53bb\tO\t-\t-
3\t\u5317\u4eac\tB-LOC\t-\t-
4\t\u3002\tO\t-\t-
"""


def test_columns_that_count_and_text_headers_are_recognised(
    read_file: Read, tmp_path: Path
) -> None:
    first, second = good(read_file(UNIVERSAL, name="notes.iob2"))
    assert first.text == f"Vámonos a Köln{SMILEY}!"
    assert second.text == "\u4ed6\u53bb\u5317\u4eac\u3002"
    assert mentions(first) == [("Köln", "LOC")]
    assert mentions(second) == [("\u5317\u4eac", "LOC")]
    assert [first.external_id, second.external_id] == ["notes-1", "notes-2"]
    described = FORMATS["conll"].describe(Source(tmp_path / "notes.iob2"))
    assert described["columns"] == "5 columns, token in 2, tag in 3"
    (whole,) = good(read_file(UNIVERSAL, document="docstart"))
    assert whole.external_id == "notes"


def test_a_text_header_that_is_not_made_of_the_tokens_is_left_aside(
    read_file: Read,
) -> None:
    content = "# text = del mar\n1\tde\tO\n2\tel\tO\n3\tmar\tB-X\n"
    (record,) = good(read_file(content))
    assert (record.text, mentions(record)) == ("de el mar", [("mar", "X")])
    (joined,) = good(read_file(content, joiner=""))
    assert (joined.text, mentions(joined)) == ("deelmar", [("mar", "X")])


def test_ranges_and_empty_nodes_of_conll_u_are_no_tokens(read_file: Read) -> None:
    content = "1-2\tdel\t_\n1\tde\tO\n2\tel\tO\n2.1\tx\t_\n3\tmar\tB-X\n"
    (record,) = good(read_file(content + "4\ty\tO\n"))
    assert words(record) == ["de", "el", "mar", "y"]


def test_source_lines_and_nested_layers_of_germeval(
    read_file: Read, tmp_path: Path
) -> None:
    content = (
        "#\thttp://example.org/a\t[2009-10-23]\t\n"
        "1\tDie\tO\tO\n2\tUni\tB-ORG\tO\n3\tBasel\tI-ORG\tB-LOC\n"
        "\n#\tpaper\t[x]\n1\tJa\tO\tO\n"
    )
    first, second = good(read_file(content))
    assert mentions(first) == [("Uni Basel", "ORG")]
    assert words(second) == ["Ja"]
    assert (first.notes, second.notes) == (("Not kept: the tags in column 4.",), ())
    described = FORMATS["conll"].describe(Source(tmp_path / "file.txt"))
    assert described["not read"] == "tags in column 4"


def test_a_document_that_counts_is_not_taken_for_an_index(read_file: Read) -> None:
    (record,) = good(read_file("1 -X- -X- O\n2 -X- -X- B-N\n3 -X- -X- O\n"))
    assert words(record) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ("JAPAN", "line 4: “JAPAN” has 1 columns; the tag is expected in 2."),
        ("WIN WIN WIN", "line 4: “WIN” is not a tag such as O or B-PER."),
        ("x X-PER", "line 4: “X-PER” is not a tag such as O or B-PER."),
        ("x B-", "line 4: “B-” is not a tag such as O or B-PER."),
        ("\tO", "line 4: The token is empty."),
        ("x\tB-Job title", "line 3: The label “Job title” is not one word"),
        ("x\0y O", "line 3: There is a NUL character at [3]"),
    ],
)
def test_a_bad_line_is_named_and_the_other_documents_read(
    read_file: Read, bad: str, sentence: str
) -> None:
    fill = "more O\n" * 40
    items = read_file(f"{fill[:7]}\nx O\n{bad}\n\n{fill}", format="conll")
    assert [type(item) for item in items] == [Record, FormatError, Record]
    assert str(items[1]).startswith(sentence)


def test_invalid_bytes_take_only_their_sentence(read_file: Read) -> None:
    items = read_file(b"a O\n\nb O\n\xff O\n\nc O\n", format="conll")
    assert [type(item) for item in items] == [Record, FormatError, Record]
    assert str(items[1]) == "line 4: Byte 9 of file.txt, 0xFF, is not UTF-8."


def test_columns_without_tags_are_refused(read_file: Read) -> None:
    items = read_file("1\tdog\tNN\n2\truns\tVB\n", name="a.conll")
    assert refusals(items) == [
        "line 1: No column of the file holds tags such as O and B-PER; name those of "
        "token and tag as text column, such as 1/4."
    ]


# Writing


def test_conll_2003_is_written_with_four_columns() -> None:
    record = tagged("Ada went.", Span(0, 3, "PER"))
    assert written([record], "conll2003") == (
        "Ada -X- -X- B-PER\nwent -X- -X- O\n. -X- -X- O\n\n",
        [],
    )


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("iob1", "I-L I-L B-L O I-L"),
        ("iob2", "B-L I-L B-L O B-L"),
        ("bioes", "B-L E-L S-L O S-L"),
        ("bilou", "B-L L-L U-L O U-L"),
    ],
)
def test_every_scheme_can_be_written(scheme: str, tags: str) -> None:
    spans = [Span(0, 3, "L"), Span(4, 5, "L"), Span(8, 9, "L")]
    text, losses = written([tagged("a b c d e", *spans)], scheme=scheme)
    assert [line.split(" ")[1] for line in text.split("\n") if line] == tags.split()
    assert losses == []


def test_tags_start_anew_in_every_sentence() -> None:
    spans = (Span(0, 4, "PER"), Span(5, 9, "PER"))
    text, _ = written([tagged("Anna\nBohm", *spans)], scheme="iob1")
    assert text == "Anna I-PER\n\nBohm I-PER\n\n"


def test_document_starts_stand_before_each_document() -> None:
    records = [tagged("Yes.\nNo."), tagged("So?")]
    text, _ = written(records, "conll2003", marks_documents=True)
    assert text.split("\n\n") == [
        "-DOCSTART- -X- -X- O",
        "Yes -X- -X- O\n. -X- -X- O",
        "No -X- -X- O\n. -X- -X- O",
        "-DOCSTART- -X- -X- O",
        "So -X- -X- O\n? -X- -X- O",
        "",
    ]


def test_a_span_that_cuts_a_token_is_moved_and_reported() -> None:
    record = tagged("Boston-London flight", Span(2, 6, "LOC"))
    text, (loss,) = written([record])
    assert text.startswith("Boston B-LOC\n- O\nLondon O\n")
    assert (loss.kind, loss.span, loss.became) == ("moved", Span(2, 6, "LOC"), (0, 6))
    assert "Boston" in loss.reason


def test_two_places_joined_by_a_hyphen_are_exact() -> None:
    record = tagged("Boston-London", Span(0, 6, "LOC"), Span(7, 13, "LOC"))
    assert written([record]) == ("Boston B-LOC\n- O\nLondon B-LOC\n\n", [])


def test_a_span_with_a_trailing_space_is_moved() -> None:
    text, (loss,) = written([tagged("Basel is", Span(0, 6, "LOC"))])
    assert text == "Basel B-LOC\nis O\n\n"
    assert (loss.kind, loss.became) == ("moved", (0, 5))


def test_the_outermost_of_nested_spans_is_written() -> None:
    spans = (Span(8, 13, "LOC"), Span(0, 13, "ORG"))
    text, (loss,) = written([tagged("Bank of China", *spans)])
    assert text == "Bank B-ORG\nof I-ORG\nChina I-ORG\n\n"
    assert (loss.kind, loss.span) == ("dropped", Span(8, 13, "LOC"))


def test_a_sentence_break_never_cuts_a_span() -> None:
    film = tagged("Love? Actually won. Yes", Span(0, 14, "FILM"))
    text, losses = written([film])
    assert text.startswith("Love B-FILM\n? I-FILM\nActually I-FILM\nwon O\n. O\n\nYes")
    assert losses == []
    imported = tagged(
        "New\nYork",
        Span(0, 8, "LOC"),
        tokens=((0, 3), (4, 8)),
        sentence_starts=(0, 1),
    )
    text, (loss,) = written([imported])
    assert text == "New B-LOC\nYork I-LOC\n\n"
    assert (loss.kind, loss.became) == ("sentence", (4, 8))


def test_a_document_without_tokens_is_reported() -> None:
    text, (loss,) = written([tagged(" \n ")])
    assert (text, loss.kind) == ("", "empty")


def test_tokens_that_a_line_cannot_hold_are_split_and_reported() -> None:
    tokens = ((0, 3), (4, 5), (6, 7))
    record = tagged("a\tb \n c", Span(0, 3, "X"), tokens=tokens, sentence_starts=(0,))
    text, losses = written([record])
    assert text == "a B-X\nb I-X\nc O\n\n"
    assert [(loss.kind, loss.became) for loss in losses] == [
        ("token", (0, 3)),
        ("token", (4, 5)),
    ]


def test_a_sentence_that_reads_as_a_document_start_is_reported() -> None:
    record = tagged("-DOCSTART-", tokens=((0, 10),))
    _, (loss,) = written([record])
    assert (loss.kind, loss.became) == ("token", (0, 10))
    assert written([tagged("x -DOCSTART-", tokens=((0, 1), (2, 12)))])[1] == []


def test_a_mention_that_begins_with_a_document_start_is_kept_and_reported(
    read_file: Read,
) -> None:
    span = Span(0, 12, "PER")
    record = tagged("-DOCSTART- x", span, tokens=((0, 10), (11, 12)))
    text, (loss,) = written([record])
    assert (loss.kind, loss.span, loss.became) == ("token", span, (0, 10))
    alone = tagged("-DOCSTART-", Span(0, 10, "PER"), tokens=((0, 10),))
    more, _losses = written([alone])
    first, second = good(read_file(text + more, format="conll"))
    assert mentions(first) == [("-DOCSTART- x", "PER")]
    assert mentions(second) == [("-DOCSTART-", "PER")]


any_word = st.sampled_from(["-DOCSTART-", "\ufeff"]) | st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0\t\r\n"),
    min_size=1,
    max_size=6,
)
any_label = st.text(
    st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=9
)


@st.composite
def any_sentences(draw: st.DrawFn) -> list[tuple[list[str], list[str]]]:
    labels = draw(st.lists(any_label, min_size=1, max_size=3))
    tag = st.just("O") | st.builds(
        "{}-{}".format, st.sampled_from("BI"), st.sampled_from(labels)
    )
    row = st.tuples(any_word, tag)
    rows = draw(st.lists(st.lists(row, min_size=1, max_size=6), min_size=1, max_size=4))
    return [([w for w, _ in found], [t for _, t in found]) for found in rows]


@settings(deadline=None)
@given(
    any_sentences(),
    st.sampled_from(["conll2003", "conll2002"]),
    st.sampled_from(["iob1", "iob2", "bioes", "bilou"]),
    st.sampled_from([" ", ""]),
)
def test_writing_and_reading_again_is_the_identity(
    sentences: list[tuple[list[str], list[str]]],
    format: str,
    scheme: str,
    joiner: str,
) -> None:
    records = []
    for found, tags in [*sentences, (["x"], ["O"])]:
        text, offsets = "", []
        for word in found:
            text += joiner if text else ""
            offsets.append((len(text), len(text) + len(word)))
            text += word
        spans = decode(tags, offsets)
        records.append(
            tagged(text, *spans, tokens=tuple(offsets), sentence_starts=(0,))
        )
    data, losses = written(records, format, scheme)
    assert {loss.kind for loss in losses} <= {"token"}
    with tempfile.NamedTemporaryFile(suffix=".conll") as stored:
        stored.write(data.encode())
        stored.flush()
        options = ReadOptions(joins_tokens_with=joiner)
        items = list(read(Source(Path(stored.name)), FORMATS["conll"], options))
    kept = [r for r in records if words(r) != ["-DOCSTART-"] or r.spans]
    for before, after in zip(kept, good(items), strict=True):
        assert after.text == before.text
        assert after.tokens == before.tokens
        assert after.spans == before.spans


@settings(deadline=None)
@given(st.text(st.sampled_from("#= textOB-I1 \t\r\n-DOCSTART.") | st.characters()))
def test_whatever_a_file_holds_only_format_errors_come_out(content: str) -> None:
    with tempfile.NamedTemporaryFile() as stored:
        stored.write(content.encode("utf-8", "surrogatepass"))
        stored.flush()
        source = Source(Path(stored.name))
        for document in ("sentence", "docstart", "file", "blank-lines:2"):
            for item in read(source, FORMATS["conll"], ReadOptions(document)):
                assert isinstance(item, Record | FormatError)


def test_labels_without_prefix_are_read_and_noted(
    read_file: Read, tmp_path: Path
) -> None:
    content = "-DOCSTART-\n\nVgl. O\nNew PLACE\nYork PLACE\n1/2010 DATE\nx O\n"
    (record,) = good(read_file(content, name="a.txt"))
    assert mentions(record) == [("New York", "PLACE"), ("1/2010", "DATE")]
    assert record.notes[0].startswith("The labels have no B- or I-:")
    assert describe(Source(tmp_path / "a.txt"))["scheme"] == "io"


def test_prefixes_behind_the_label_are_read(read_file: Read) -> None:
    content = "New NN LOC-B\nYork NN LOC-I\nAda NN X-Y-B\nleft VB O\n"
    (record,) = good(read_file(content, name="a.txt"))
    assert mentions(record) == [("New York", "LOC"), ("Ada", "X-Y")]
    assert record.notes == ()


@pytest.mark.parametrize(
    "content",
    [
        "Ada left\tO\nBob is here\tPER\n",  # sentences, no tokens
        "a NN\nb VB\n",
        "a O\nb 17\n",
        "a O\n" + "".join(f"w L{number}\n" for number in range(60)),
    ],
)
def test_what_is_no_tag_is_not_taken_for_one(read_file: Read, content: str) -> None:
    (error,) = read_file(content, "conll", name="a.tsv")
    assert isinstance(error, FormatError) and "No column" in error.message


@pytest.mark.parametrize(
    ("value", "label"), [("PER", "PER"), ("PER-B", "PER"), ("B-PER", "PER")]
)
@pytest.mark.parametrize("columns", ["", "1/2"])
def test_a_tag_among_many_tokens_is_read_as_it_is_spelt(
    tmp_path: Path, value: str, label: str, columns: str
) -> None:
    path = tmp_path / "a.conll"
    path.write_text(f"Ada {value}\n" + "w O\n" * 40 + f"Bo {value}\n")
    options = ReadOptions(text_column=columns)
    (record,) = good(list(read(Source(path), FORMATS["conll"], options)))
    assert mentions(record) == [("Ada", label), ("Bo", label)]


FIVE = "1\tAda\tB-NP\tB-PER\tO\n2\tleft\tB-VP\tO\tB-X\n"


def as_stated(tmp_path: Path, columns: str) -> list[Record | FormatError]:
    path = tmp_path / "a.conll"
    path.write_text(FIVE)
    options = ReadOptions(text_column=columns)
    return list(read(Source(path), FORMATS["conll"], options))


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ("2/3", [("Ada", "NP"), ("left", "VP")]),
        ("2/4", [("Ada", "PER")]),
        ("2/5", [("left", "X")]),
        ("3/4", [("B-NP", "PER")]),
    ],
)
def test_a_person_may_name_the_columns(
    tmp_path: Path, columns: str, found: list[tuple[str, str]]
) -> None:
    (record,) = good(as_stated(tmp_path, columns))
    assert mentions(record) == found
    token, tag = columns.split("/")
    assert record.notes == (
        f"As stated, column {token} was read as tokens, {tag} as tags.",
    )


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("text", "“text” does not name the columns of token and tag, as 1/4 does."),
        ("2/6", "“2/6” names no two of the file's 5 columns."),
        ("2/2", "“2/2” names no two of the file's 5 columns."),
        ("0/2", "“0/2” names no two of the file's 5 columns."),
    ],
)
def test_columns_that_are_not_there_are_refused(
    tmp_path: Path, columns: str, message: str
) -> None:
    (error,) = as_stated(tmp_path, columns)
    assert isinstance(error, FormatError) and error.message == message
