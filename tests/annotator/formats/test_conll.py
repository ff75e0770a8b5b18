"""CoNLL columns: every layout and scheme in, exactly the same tags out."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.formats import (
    FORMATS,
    FormatError,
    ReadOptions,
    Record,
    Source,
    read,
)
from tests.annotator.formats.conftest import Read, good, mentions, refusals, words

SMILEY = "\U0001f60a"


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


def test_a_stated_text_that_is_not_the_tokens_is_noted(read_file: Read) -> None:
    content = "# text = Ann went home\nAnn B-PER\nleft O\n"
    (record,) = read_file(content, name="a.conll")
    assert isinstance(record, Record) and record.text == "Ann left"
    sentence = "“# text” says “Ann went home”, which is not made of the tokens; "
    assert record.notes == (f"{sentence}they stay.",)
