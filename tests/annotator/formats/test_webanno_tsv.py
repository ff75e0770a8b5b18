"""WebAnno TSV 3: layers, stacked values, escapes, UTF-16 offsets."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.formats import FormatError, Record, Source, find_format
from annotator.formats.records import ReadOptions
from annotator.formats.webanno_tsv import FORMAT, describe
from modeling.spans import Span

Read = Callable[..., list[Record | FormatError]]
HEAD = "#FORMAT=WebAnno TSV 3.3\n"
NE = "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value\n"
POS = "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue\n"
RELATION = "#T_RL=webanno.custom.Owns|value|BT_webanno.custom.Span\n"
FILE = (
    HEAD
    + POS
    + NE
    + "\n\n#Text=Ann 😊 saw\n1-1\t0-3\tAnn\tNNP\t*\tPER\t\n1-2\t4-6\t😊\t_\t_\t_\t\n"
    + "1-3\t7-10\tsaw\t_\thttp://x[1]\tORG[1]\t\n"
    + "\n#Text=the Bank.\n2-1\t11-14\tthe\tDT\thttp://x[1]\tORG[1]\t\n"
    + "2-2\t15-19\tBank\tNN\thttp://x[1]|*[2]\tORG[1]|LOC[2]\t\n"
    + "2-3\t19-20\t.\t_\t_\t_\t\n2-3.1\t20-20\t\t_\t*\tEND\t\n"
)


def one(read_file: Read, content: str) -> Record:
    (item,) = read_file(content)
    assert isinstance(item, Record), item
    return item


def marked(record: Record) -> list[tuple[str, str]]:
    return [(record.text[span.start : span.end], span.label) for span in record.spans]


def rows(*values: str, header: str = "#T_SP=webanno.custom.Span|value\n") -> str:
    """A file with the sentence “This is a test” and a cell for each word."""
    lines, start = [HEAD, header, "\n\n#Text=This is a test\n"], 0
    for number, (word, value) in enumerate(
        zip(["This", "is", "a", "test"], values, strict=True), 1
    ):
        end = start + len(word)
        lines.append(f"1-{number}\t{start}-{end}\t{word}\t{value}\t\n")
        start = end + 1
    return "".join(lines)


def test_a_file_is_a_document_of_tokens_and_sentences(read_file: Read) -> None:
    record = one(read_file, FILE)
    assert record.text == "Ann 😊 saw\nthe Bank."
    assert marked(record) == [("Ann", "PER"), ("saw\nthe Bank", "ORG")]
    assert record.spans[0] == Span(0, 3, "PER")
    assert record.tokens is not None and record.tokens[1] == (4, 5)
    assert record.sentence_starts == (0, 3)
    assert record.is_annotated


def test_what_is_not_kept_is_named(read_file: Read) -> None:
    assert one(read_file, FILE).notes == (
        "“END” at [19, 19) marks no character and was left out.",
        "LOC “Bank” [14, 18) was left out: it overlaps ORG “saw\\x0athe Bank” [6, 18).",
        "Not kept: the layer POS, which describes tokens, sentences or the document "
        "(3).",
        "Not kept: other values of the layer NamedEntity: identifier (1).",
    )


def test_the_layers_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(FILE, encoding="utf-8")
    source = Source(path)
    assert find_format(source).name == "webanno-tsv"
    assert describe(source) == {"layers": "NamedEntity", "not read": "POS"}


def test_values_are_unescaped_and_never_mistaken_for_marks(read_file: Read) -> None:
    record = one(read_file, rows(r"\_", r"\*", r"N\[0\]", r"B-a\|b\\|x"))
    assert [label for _, label in marked(record)] == ["_", "*", "N[0]", "B-a|b\\"]
    assert record.notes == (
        "x “test” [10, 14) was left out: it overlaps B-a|b\\ “test” [10, 14).",
    )


def test_a_mention_without_value_is_called_like_its_layer(read_file: Read) -> None:
    record = one(read_file, rows("*[1]", "*[1]", "_", "*"))
    assert marked(record) == [("This is", "Span"), ("test", "Span")]
    assert record.notes == (
        "Mentions of the layer Span without a label got its name (2).",
    )


def test_parts_of_tokens_may_begin_and_end_a_mention(read_file: Read) -> None:
    content = HEAD + (
        "#T_SP=webanno.custom.Span|value\n\n\n#Text=This is\n1-1\t0-4\tThis\t_\t\n"
        "1-1.1\t1-4\this\tX[1]\t\n1-2\t5-7\tis\t_\t\n1-2.1\t5-6\ti\tX[1]\t\n"
    )
    record = one(read_file, content)
    assert marked(record) == [("his i", "X")]
    assert record.tokens == ((0, 4), (5, 7))


def test_relations_chains_and_slots_are_named(read_file: Read) -> None:
    header = (
        "#T_SP=webanno.custom.Host|ROLE_webanno.custom.Host:links_webanno.custom.Link|"
        "webanno.custom.Span\n#T_CH=webanno.custom.SameLink|referenceRelation|"
        "referenceType\n" + RELATION
    )
    nothing = "_\t_\t_\t_\t_\t_"
    full = "p1;p2\t1-3;1-4\t*->1-1\t*[1]\t*\t1-3"
    record = one(
        read_file,
        rows(full, "_\t_\t*->1-2\t*[1]\t_\t_", nothing, nothing, header=header),
    )
    assert marked(record) == [("This", "Host")]
    assert record.notes == (
        "Mentions of the layer Host without a label got its name (1).",
        "Not kept: links from mentions of the layer Host (1).",
        "Not kept: links of the chain layer SameLink (2).",
        "Not kept: relations of the layer Owns (1).",
    )


def test_a_file_without_layers_of_mentions_is_not_annotated(read_file: Read) -> None:
    assert not one(read_file, rows("_", "NN", "_", "_", header=POS)).is_annotated


def test_lines_tabs_and_gaps_of_the_text_are_put_back(read_file: Read) -> None:
    content = HEAD + (
        "\n\n#Sentence.id=s1\n#Text=a\\tb\n#Text=c\n1-1\t1-2\ta\n1-2\t3-4\tb\n1-3\t5-6\tc\n"
        "\n#Text=d\n2-1\t6-7\td\n\n#Text=e\n3-1\t9-10\te"
    )
    record = one(read_file, content)
    assert record.text == " a\tb\ncd\n\ne"
    assert record.notes == ("Not kept: header lines, such as sentence ids (1).",)


def test_offsets_in_code_points_are_recognised_and_named(read_file: Read) -> None:
    content = HEAD + (
        "#T_SP=webanno.custom.Span|value\n\n\n#Text=😊 is\n1-1\t0-1\t😊\t_\t\n"
        "1-2\t2-4\tis\tX\t\n"
    )
    record = one(read_file, content)
    assert record.spans == (Span(2, 4, "X"),)
    assert record.notes == (
        "The offsets count code points, not UTF-16 units: 2 were converted.",
    )


@pytest.mark.parametrize(
    ("content", "line", "sentence"),
    [
        ("#FORMAT=WebAnno TSV 2\n", 1, "export it as version 3"),
        (HEAD + "#Text=a\n1-1\t0-1\tb\t\n", 3, "At [0, 1) the text says “a”, not “b”."),
        (HEAD + "#Text=a\n1-1\t0-2\ta\t\n", 3, "2 is not the offset of a character"),
        (HEAD + "#Text=😊a\n1-1\t0-1\t😊\n1-2\t2-3\ta\n", 3, "1 is not the offset of"),
        (HEAD + "#Text=a\n1-1\ta\n", 3, "“1-1\\x09a” is not a token's number, offsets"),
        (HEAD + NE + "#Text=a\n1-1\t0-1\ta\t_\n", 4, "has 4 columns; the layers above"),
        (
            HEAD + "#Text=a\n1-1\t0-1\ta\tX\n",
            3,
            "has 4 columns; the layers above need 3",
        ),
        (
            HEAD + "#Text=a\n1-1\t0-1\ta\n\n#Text=b\n2-1\t0-1\tb\n",
            6,
            "cannot begin at 0",
        ),
        (HEAD + "#Text=a\n1-1\t99999999999-999999999999\ta\n", 3, "cannot begin at"),
        (
            HEAD
            + "#Text=a\n1-1\t9000000-9000001\ta\n\n"
            + "#Text=b\n2-1\t18000000-18000001\tb\n",
            6,
            "The text is longer than 10 million characters.",
        ),
        (HEAD + "#Text=a\n\n", 3, "The sentence “a” has no token."),
        (HEAD + "#Text=a\n1-1\t0-1\ta\n" + NE, 4, "is defined below the first token."),
        (HEAD + "#Text=ab\n1-1\t0-2\tab\n1-2\t1-2\tb\n", 1, "Bad tokens"),
        (HEAD, 1, "The text is empty."),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(
    read_file: Read, content: str, line: int, sentence: str
) -> None:
    (error,) = read_file(content)
    assert isinstance(error, FormatError), error
    assert error.line == line
    assert sentence in error.message


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_whatever_is_changed_only_format_errors_come_out(data: st.DataObject) -> None:
    content = FILE.encode()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        drawn = st.sampled_from(
            ["\t", "\n", "|", "[1]", "\\", "9", "_", "😊", "#T_CH=a|b"]
        )
        new = data.draw(drawn).encode() if data.draw(st.booleans()) else b""
        content = content[:at] + new + content[at + data.draw(st.integers(0, 3)) :]
    with tempfile.NamedTemporaryFile() as stored:
        stored.write(content)
        stored.flush()
        try:
            for item in FORMAT.read(Source(Path(stored.name)), ReadOptions()):
                assert isinstance(item, Record)
        except FormatError as error:
            assert error.message


def test_controls_that_inception_escapes_are_read(read_file: Read) -> None:
    content = f"{HEAD}\n\n#Text=a\\fb\\bc\\td\\re\\\\f\\\x01\n1-1\t0-1\ta\t\n"
    assert one(read_file, content).text == "a\fb\bc\td\re\\f\x01"
