"""WebAnno TSV 1 and 2: no offsets, stacked IOB in the columns of layers."""

import pytest

from annotator.formats import FormatError, Record, webanno_older
from modeling.spans import Span
from tests.annotator.formats.conftest import Read, good

NER = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
POS = "de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS"
DEPENDENCY = "de.tudarmstadt.ukp.dkpro.core.api.syntax.type.dependency.Dependency"
SECOND = f""" # {NER} | value # {POS} | PosValue # {DEPENDENCY} | Type | AttachTo={POS}
#id=1
#text=Bank of China, 😊.
1-1\tBank\tB-ORG\tNN\tx\t1-3\t
1-2\tof\tI-ORG\tIN\t_\t_\t
1-3\tChina\tI-ORG|B-LOC\tNN\t_\t_\t
1-4\t,\tO-_|I-LOC\t_\t_\t_\t
1-5\t😊\tO\t_\t_\t_\t
1-6\t.\tB-{NER}_\t_\t_\t_\t

#id=2
#text=Ann left
2-1\tAnn\tB-PER\tNN\t_\t_\t
2-2\tleft\tO\tVB\t_\t_\t
"""
FIRST = """#id=1
#text= Ann Lee left
1\tAnn\tann\tNN\tB_PER|B-X\tO\t3\tSUBJ\t_\t_
2\tLee\t_\tNN\tI_PER\tO\t3\tSUBJ\t_\t_
3\tleft\t_\tVB\tO\tO\t0\tROOT\t_\t_

#id=2
#text=Bob
1\tBob\t_\tNN\tPER\tO\t0\tROOT\t_\t_
"""


def one(read_file: Read, content: str) -> Record:
    (item,) = read_file(content, "webanno-tsv", name="a.tsv")
    assert isinstance(item, Record), item
    return item


def refusal(read_file: Read, content: str) -> str:
    (item,) = read_file(content, name="a.tsv")
    assert isinstance(item, FormatError), item
    return str(item)


def marked(record: Record) -> list[tuple[str, str]]:
    return [(record.text[s.start : s.end], s.label) for s in record.spans]


def test_version_2_stacks_what_overlaps(read_file: Read) -> None:
    (found,) = read_file(SECOND.replace("I-ORG|B-LOC", "I-ORG"), name="a.tsv")
    assert isinstance(found, FormatError)
    assert str(found) == "line 7: “I-LOC” continues nothing of the token before."
    record = one(read_file, SECOND)
    assert record.text == "Bank of China, 😊.\nAnn left"
    # The shorter one overlaps: a project without overlaps is told so.
    assert marked(record) == [("Bank of China", "ORG"), (".", "NamedEntity")] + [
        ("Ann", "PER")
    ]
    assert any("LOC “China,” [8, 14) was left out" in note for note in record.notes)
    assert any("without a label got its name (1)" in note for note in record.notes)
    assert any("the layer POS" in note for note in record.notes)
    assert any("relations of the layer Dependency (1)" in n for n in record.notes)
    assert record.sentence_starts == (0, 6)
    assert record.tokens is not None and record.tokens[4] == (15, 16)


def test_version_1_has_fixed_columns(read_file: Read) -> None:
    record = one(read_file, FIRST)
    assert record.text == " Ann Lee left\nBob"
    assert set(record.spans) == {Span(1, 8, "PER"), Span(14, 17, "PER")}
    assert any("X “Ann” [1, 4) was left out" in note for note in record.notes)
    assert record.sentence_starts == (0, 3)


def test_a_text_that_is_not_its_tokens_is_noted(read_file: Read) -> None:
    record = one(read_file, FIRST.replace("#text=Bob", "#text=Rob"))
    assert record.text.endswith("\nBob")
    assert "“Rob” is not made of its tokens: they were joined." in record.notes


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2-2\tleft\tO\tVB", "2-2\tleft\tO", "line 14: “2-2"),
        ("2-2\tleft", "left\tx", "line 14: “left"),
        ("2-2\tleft", "2-2\t", "line 14: “2-2"),
    ],
)
def test_a_row_of_other_columns_is_refused(
    read_file: Read, old: str, new: str, message: str
) -> None:
    assert refusal(read_file, SECOND.replace(old, new)).startswith(message)


def test_a_newer_version_is_refused_by_its_name(read_file: Read) -> None:
    assert "“#FORMAT=WebAnno TSV 4” is not" in refusal(
        read_file, "#FORMAT=WebAnno TSV 4\n"
    )


def test_a_long_first_line_takes_no_time() -> None:
    assert not webanno_older.is_older("#" + "a." * 1_000_000)
    assert webanno_older.is_older("# a.b.C$D | value")


def test_a_last_sentence_without_tokens_is_refused(read_file: Read) -> None:
    (error,) = read_file(f"{FIRST}\n#id=3\n#text=Lost\n", "webanno-tsv", name="a.tsv")
    assert isinstance(error, FormatError)
    assert error.message == "The sentence “Lost” has no token."
    assert error.line == 12


def test_a_title_with_a_dot_and_a_bar_is_text(read_file: Read) -> None:
    items = read_file("# a.b | c\n\nBob left.\n", name="notes.txt")
    assert [i.text for i in good(items)] == ["# a.b | c", "Bob left."]
