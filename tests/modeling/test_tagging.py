import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.spans import Span
from modeling.tagging import (
    BARE_LABEL,
    SCHEMES,
    Misalignment,
    allowed_start,
    allowed_transitions,
    chunks,
    convert,
    decode,
    detect_scheme,
    encode,
    tag_names,
)

LABELS = ["PER", "Multi-tissue_structure", "a.b", "人名", "B-I", "O"]
TOKENS = [(0, 3), (4, 6), (6, 9), (10, 11), (12, 20)]


@st.composite
def tagged_texts(draw):
    """Draw tokens and flat spans of whole tokens."""
    tokens, spans, position = [], [], 0
    for length in draw(st.lists(st.integers(1, 4), max_size=12)):
        position += draw(st.integers(0, 2))
        tokens.append((position, position + length))
        position += length
    index = 0
    while index < len(tokens):
        size = draw(st.integers(0, 3))
        stop = min(index + max(size, 1), len(tokens))
        if size:
            label = draw(st.sampled_from(LABELS))
            spans.append(Span(tokens[index][0], tokens[stop - 1][1], label))
        index = stop
    return tokens, spans


@pytest.mark.parametrize("scheme", SCHEMES)
@given(text=tagged_texts())
def test_spans_survive_every_scheme(scheme, text):
    tokens, spans = text
    encoding = encode(spans, tokens, scheme)
    assert encoding.misaligned == []
    assert decode(encoding.tags, tokens) == spans
    for other in SCHEMES:
        converted = convert(encoding.tags, other)
        assert converted == encode(spans, tokens, other).tags
        assert decode(converted, tokens) == spans


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("iob1", "I-X I-X B-X I-Y O"),
        ("iob2", "B-X I-X B-X B-Y O"),
        ("bioes", "B-X E-X S-X S-Y O"),
        ("bilou", "B-X L-X U-X U-Y O"),
        ("bmes", "B-X E-X S-X S-Y O"),
    ],
)
def test_spelling(scheme, expected):
    spans = [Span(0, 6, "X"), Span(6, 9, "X"), Span(10, 11, "Y")]
    assert encode(spans, TOKENS, scheme).tags == expected.split()


def test_the_inner_tokens_of_long_spans():
    span = [Span(0, 11, "X")]
    assert encode(span, TOKENS, "bioes").tags == ["B-X", "I-X", "I-X", "E-X", "O"]
    assert encode(span, TOKENS, "bmes").tags == ["B-X", "M-X", "M-X", "E-X", "O"]


def test_a_span_that_cuts_tokens_is_moved_to_whole_ones():
    span = Span(5, 8, "X")
    encoding = encode([span], TOKENS)
    assert encoding.tags == ["O", "B-X", "I-X", "O", "O"]
    assert encoding.misaligned == [Misalignment(span, "moved", (4, 9))]


def test_a_span_with_white_space_at_its_edges_is_moved():
    span = Span(3, 10, "X")
    assert encode([span], TOKENS).misaligned == [Misalignment(span, "moved", (4, 9))]


@pytest.mark.parametrize("span", [Span(3, 4, "X"), Span(20, 30, "X"), Span(9, 10, "X")])
def test_a_span_between_tokens_is_dropped(span):
    encoding = encode([span], TOKENS)
    assert encoding.tags == ["O"] * 5
    assert encoding.misaligned == [Misalignment(span, "dropped", None)]
    assert encode([span], []).misaligned == [Misalignment(span, "dropped", None)]


def test_a_moved_span_gives_way_to_an_exact_one():
    exact, moved = Span(6, 9, "X"), Span(0, 7, "Y")
    encoding = encode([moved, exact], TOKENS)
    assert encoding.tags == ["O", "O", "B-X", "O", "O"]
    assert encoding.misaligned == [Misalignment(moved, "dropped", None)]


def test_two_halves_of_a_token_cannot_both_have_it():
    longer, shorter = Span(13, 20, "X"), Span(12, 13, "Y")
    encoding = encode([shorter, longer], TOKENS)
    assert encoding.tags == ["O", "O", "O", "O", "B-X"]
    assert encoding.misaligned == [
        Misalignment(shorter, "dropped", None),
        Misalignment(longer, "moved", (12, 20)),
    ]


@given(
    st.lists(
        st.builds(
            lambda start, size, label: Span(start, start + size, label),
            st.integers(0, 24),
            st.integers(1, 8),
            st.sampled_from(LABELS),
        )
    )
)
def test_every_span_is_either_tagged_or_reported(spans):
    encoding = encode(spans, TOKENS)
    reports = {id(entry.span): entry for entry in encoding.misaligned}
    tagged = decode(encoding.tags, TOKENS)
    expected = []
    for span in spans:
        report = reports.get(id(span))
        if report is None:
            expected.append(span)
        elif report.tokens:
            expected.append(Span(*report.tokens, span.label))
    assert sorted(expected) == tagged


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("I-X I-X O", [(0, 2, "X")]),
        ("O I-X I-Y", [(1, 2, "X"), (2, 3, "Y")]),
        ("B-X I-Y I-Y", [(0, 1, "X"), (1, 3, "Y")]),
        ("B-X B-X I-X", [(0, 1, "X"), (1, 3, "X")]),
        ("I-X B-X I-X", [(0, 1, "X"), (1, 3, "X")]),
        ("E-X E-X", [(0, 1, "X"), (1, 2, "X")]),
        ("B-X E-X I-X", [(0, 2, "X"), (2, 3, "X")]),
        ("B-X S-X I-X", [(0, 1, "X"), (1, 2, "X"), (2, 3, "X")]),
        ("L-X M-X U-X", [(0, 1, "X"), (1, 2, "X"), (2, 3, "X")]),
        ("B-a-b I-a-b I-a", [(0, 2, "a-b"), (2, 3, "a")]),
        ("B-O O I-B-I", [(0, 1, "O"), (2, 3, "B-I")]),
        ("B I O", [(0, 2, BARE_LABEL)]),
        ("", []),
    ],
)
def test_lenient_chunks(tags, expected):
    assert chunks(tags.split()) == expected


@pytest.mark.parametrize("tag", ["PER", "o", "X-PER", "", "-", "BPER-x"])
def test_an_unknown_tag_is_named(tag):
    with pytest.raises(ValueError, match=repr(tag)):
        decode([tag], [(0, 1)])


def test_tags_and_tokens_must_match():
    with pytest.raises(ValueError, match="2 tags do not fit 1 tokens"):
        decode(["O", "O"], [(0, 1)])


@pytest.mark.parametrize(
    ("sequences", "expected"),
    [
        ([], "iob2"),
        (["O O"], "iob2"),
        (["B-X O B-Y"], "iob2"),
        (["I-X I-X O", "O I-Y"], "iob1"),
        (["I-X B-X O I-Y"], "iob1"),
        (["B-X I-X O B-Y", "B-X O I-Y"], "iob2"),
        (["B-X E-X O"], "bioes"),
        (["B-X L-X O"], "bilou"),
        (["O U-X"], "bilou"),
        (["B-X M-X E-X S-Y"], "bmes"),
    ],
)
def test_detect_scheme(sequences, expected):
    assert detect_scheme([tags.split() for tags in sequences]) == expected


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_scheme_detects_itself(scheme):
    spans = [Span(0, 9, "X"), Span(10, 11, "X"), Span(12, 20, "Y")]
    assert detect_scheme([encode(spans, TOKENS, scheme).tags]) == scheme


def test_an_unknown_scheme_is_named():
    with pytest.raises(ValueError, match="'iobes'"):
        encode([], [], "iobes")
    with pytest.raises(ValueError, match="'iobes'"):
        convert(["O"], "iobes")


def test_the_inventory_keeps_the_order_of_labels():
    assert tag_names(["PER", "LOC"]) == ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
    assert tag_names([]) == ["O"]


@pytest.mark.parametrize("labels", [["A", "B", "A"], [""]])
def test_labels_must_be_unique_and_not_empty(labels):
    with pytest.raises(ValueError, match="unique"):
        tag_names(labels)


def test_the_allowed_moves_are_those_of_well_formed_tags():
    names = tag_names(["X", "X-Y"])
    moves = allowed_transitions(names)
    for source, before in enumerate(names):
        for target, tag in enumerate(names):
            is_well_formed = convert([before, tag], "iob2")[1] == tag
            assert ((source, target) in moves) == is_well_formed
    well_formed = [convert([name], "iob2") == [name] for name in names]
    assert allowed_start(names) == well_formed


def test_moves_are_those_of_iob2_only():
    with pytest.raises(ValueError, match="'E-X' is not IOB2"):
        allowed_transitions(["O", "B-X", "E-X"])


@pytest.mark.parametrize(
    ("scheme", "prefixes"),
    [("iob1", "IB"), ("iob2", "BI"), ("bioes", "BIES"), ("bilou", "BILU")],
)
def test_every_scheme_names_its_tags(scheme: str, prefixes: str) -> None:
    names = tag_names(["PER", "LOC"], scheme)
    assert names == [
        "O",
        *(f"{p}-{label}" for label in ("PER", "LOC") for p in prefixes),
    ]
    with pytest.raises(ValueError, match="unknown tag scheme"):
        tag_names(["PER"], "io")
