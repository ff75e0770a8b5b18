from dataclasses import replace

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modeling import examples
from modeling.examples import Example, stack_allowed, stack_tags, training_units
from modeling.reports import TrainingError
from modeling.spans import Span
from modeling.tokens import tokenize


def tags_of(unit, tagger):
    return [tagger.tag_names[index] for index in unit.tags]


def test_a_document_becomes_one_unit_with_its_tags(small_tagger, annotated):
    (unit,), misaligned = training_units(
        small_tagger, [annotated("[Ada King|PER] left [Kew|LOC].")]
    )

    assert tags_of(unit, small_tagger) == ["B-PER", "I-PER", "O", "B-LOC", "O"]
    assert unit.document.tokens == 5
    assert misaligned == 0


def test_documents_without_spans_teach_and_without_tokens_do_not(small_tagger):
    units, _ = training_units(
        small_tagger, [Example("Rain.", ((0, 4), (4, 5)), ()), Example("  ", (), ())]
    )
    assert [unit.tags for unit in units] == [(0, 0)]


def test_spans_that_cut_tokens_are_counted(small_tagger):
    example = Example("Adaline", ((0, 7),), (Span(0, 3, "PER"),))
    (unit,), misaligned = training_units(small_tagger, [example])

    assert tags_of(unit, small_tagger) == ["B-PER"]
    assert misaligned == 1


@pytest.fixture
def short_runs(monkeypatch):
    monkeypatch.setattr(examples, "MAX_TRAINING_TOKENS", 20)


@given(st.lists(st.sampled_from(["a", "b.", "C", "[d e f]"]), min_size=1, max_size=90))
@settings(max_examples=60, deadline=None)
def test_runs_cover_every_token_once_and_cut_no_span(words):
    text = " ".join(words)
    spans = []
    while "[" in text:
        start = text.index("[")
        text = text.replace("[", "", 1).replace("]", "", 1)
        spans.append(Span(start, start + 5, "PER"))
    tokens = tuple(tokenize(text))
    tags = examples.encode(spans, tokens).tags
    limit = 20
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examples, "MAX_TRAINING_TOKENS", limit)
        runs = list(examples._runs(Example(text, tokens, tuple(spans)), tags))

    assert runs[0][0] == 0
    assert runs[-1][1] == len(tokens)
    for (_, end), (start, _) in zip(runs, runs[1:], strict=False):
        assert start == end
        assert not tags[start].startswith("I-")
    assert all(0 < end - start <= limit + 2 for start, end in runs)


def test_a_cut_falls_on_a_sentence_if_it_can(small_tagger, annotated, short_runs):
    example = annotated("Rain fell. " * 4 + "The [Kew|LOC] gardens closed. " * 4)
    units, _ = training_units(small_tagger, [example])

    assert len(units) > 1
    starts = [sum(len(u.tags) for u in units[:i]) for i in range(len(units))]
    assert all(
        example.text[example.tokens[i][0] :].startswith(("Rain", "The")) for i in starts
    )


def test_a_run_still_sees_the_text_before_it(small_tagger, annotated, short_runs):
    example = annotated("Rain fell. " * 40)
    whole = small_tagger.align([(example.text, example.tokens)])[0]
    units, _ = training_units(small_tagger, [example])

    second = units[1]
    start = len(units[0].tags)
    window = second.document.windows[second.document.token_windows[0]]
    assert (window == whole.windows[whole.token_windows[start]]).all()
    assert second.document.token_positions[0] > 1


# What is not known


def named_sets(unit, tagger):
    """The tags each token may have, by name; None for a unit that is wholly known."""
    if unit.allowed is None:
        return None
    return [
        {name for name, may in zip(tagger.tag_names, row, strict=True) if may}
        for row in unit.allowed.tolist()
    ]


ANYTHING = {"O", "B-PER", "I-PER", "B-LOC", "I-LOC"}


def test_outside_of_known_regions_only_spans_are_known(small_tagger, annotated):
    example = replace(annotated("[Ada King|PER] left Kew."), known=())
    (unit,), _ = training_units(small_tagger, [example])

    assert named_sets(unit, small_tagger) == [
        {"B-PER"},
        {"I-PER"},
        ANYTHING - {"I-PER"},  # the span ends here
        ANYTHING,
        ANYTHING,
    ]


def test_inside_known_regions_what_has_no_span_is_outside(small_tagger, annotated):
    example = replace(annotated("Ada left [Kew|LOC] in May."), known=((4, 15),))
    (unit,), _ = training_units(small_tagger, [example])

    sets = named_sets(unit, small_tagger)
    assert sets == [ANYTHING, {"O"}, {"B-LOC"}, {"O"}, ANYTHING, ANYTHING]


def test_a_token_that_is_known_in_part_is_unknown(small_tagger, annotated):
    example = replace(annotated("Ada left"), known=((0, 5),))
    (unit,), _ = training_units(small_tagger, [example])
    assert named_sets(unit, small_tagger) == [{"O"}, ANYTHING]


def test_known_regions_may_overlap_and_come_in_any_order(small_tagger, annotated):
    example = replace(annotated("Ada left Kew"), known=((4, 5), (0, 8)))
    (unit,), _ = training_units(small_tagger, [example])
    assert named_sets(unit, small_tagger) == [{"O"}, {"O"}, ANYTHING]


def test_a_document_known_all_over_has_no_sets(small_tagger, annotated):
    example = annotated("[Ada|PER] left.")
    units, _ = training_units(small_tagger, [example])
    assert named_sets(units[0], small_tagger) is None
    assert stack_allowed(units, 3, 5) is None

    everywhere = replace(example, known=((0, len(example.text)),))
    (unit,), _ = training_units(small_tagger, [everywhere])
    assert named_sets(unit, small_tagger) == [{"B-PER"}, {"O"}, {"O"}]


def test_a_rejected_token_does_not_begin_its_label(small_tagger, annotated):
    example = replace(
        annotated("Ada King left [Kew|LOC] ."),
        known=(),
        excluded=(
            Span(0, 3, "LOC"),
            Span(4, 13, "PER"),  # two tokens: sets cannot say it
            Span(14, 17, "PER"),  # known to be something else
            Span(18, 19, "GONE"),  # a label the model does not have
        ),
    )
    (unit,), _ = training_units(small_tagger, [example])
    assert named_sets(unit, small_tagger) == [
        ANYTHING - {"B-LOC"},
        ANYTHING,
        ANYTHING,
        {"B-LOC"},
        ANYTHING - {"I-LOC"},
    ]


def test_the_runs_of_a_long_document_keep_their_sets(
    small_tagger, annotated, short_runs
):
    example = replace(
        annotated("The [Kew|LOC] gardens closed. " * 12), known=((0, 60),)
    )
    units, _ = training_units(small_tagger, [example])

    assert len(units) > 1
    sets = [tags for unit in units for tags in named_sets(unit, small_tagger)]
    assert len(sets) == len(example.tokens)
    for token, tags in zip(example.tokens, sets, strict=True):
        is_known = len(tags) == 1
        word = example.text[slice(*token)]
        assert is_known == (token[1] <= 60 or word == "Kew")


def test_runs_of_which_nothing_is_known_are_left_out(
    small_tagger, annotated, short_runs
):
    """A novel of which somebody marked one name costs the steps of one run."""
    rain, name = "It rained again. " * 12, "They left [Kew|LOC]. "
    novel = replace(annotated(rain + name + rain), known=())
    units, _ = training_units(small_tagger, [novel])

    (unit,) = units
    assert tags_of(unit, small_tagger).count("B-LOC") == 1


def test_without_anything_known_there_is_no_training(small_tagger, annotated):
    blank = replace(annotated("It rained."), known=())
    with pytest.raises(TrainingError, match="nothing known"):
        training_units(small_tagger, [blank])


def test_a_batch_marks_what_is_unknown_and_what_may_be(small_tagger, annotated):
    whole = annotated("[Ada|PER] left.")
    part = replace(annotated("In [Kew|LOC]"), known=())
    units, _ = training_units(small_tagger, [whole, part])

    tags = stack_tags(units, 4)
    allowed = stack_allowed(units, 4, 5)
    assert tags.tolist() == [[1, 0, 0, 0], [-1, 3, 0, 0]]
    assert allowed.sum(2).tolist() == [[1, 1, 1, 1], [5, 1, 1, 1]]
    assert allowed[0].long().argmax(1).tolist() == [1, 0, 0, 0]


names = st.lists(st.sampled_from(["[Ada|PER]", "[Kew|LOC]", "rain", "of"]), max_size=9)
regions = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30)).map(
        lambda pair: tuple(sorted(pair))
    ),
    max_size=3,
)


@given(words=names.filter(bool), known=regions)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_the_right_answer_is_always_possible(small_tagger, annotated, words, known):
    """Whatever is left open, the tags of all spans are among the allowed ones."""
    complete = annotated(" ".join(words))
    (truth,), _ = training_units(small_tagger, [complete])
    few = replace(complete, spans=complete.spans[::2], known=())
    inside = tuple(
        (start, end)
        for start, end in known
        if all(
            s in few.spans or s.end <= start or s.start >= end for s in complete.spans
        )
    )
    partial = replace(few, known=inside)
    units, _ = training_units(small_tagger, [complete, partial])
    places = torch.arange(len(truth.tags))
    for unit in units[1:]:  # none where nothing is known
        assert unit.allowed[places, torch.tensor(truth.tags)].all()


@given(
    st.lists(st.sampled_from(["PER", "LOC", "NEW", None]), min_size=1, max_size=12),
    st.sampled_from([None, (), ((0, 6),), ((2, 6), (10, 14))]),
)
@settings(max_examples=50, deadline=None)
def test_a_label_without_a_name_leaves_its_tokens_open_and_nothing_else(labels, known):
    places = [(2 * n, 2 * n + 1) for n in range(len(labels))]
    text = " ".join("x" * len(labels))
    spans = tuple(
        Span(*place, label)
        for place, label in zip(places, labels, strict=True)
        if label
    )
    example = Example(text, tuple(places), spans, known, excluded=(spans or ())[:1])
    found = examples.relabelled(example, {"PER": "PERSON", "LOC": "LOC"})

    index_of = {t: n for n, t in enumerate(["O", "B-PERSON", "I-PERSON", "B-LOC"])}
    index_of |= {"I-LOC": 4, "B-PER": 5, "I-PER": 6}
    tags = examples.encode(found.spans, found.tokens).tags
    allowed = examples._allowed(found, tags, index_of)
    was_known = [
        known is None or any(a <= start and end <= b for a, b in known)
        for start, end in places
    ]
    for n, label in enumerate(labels):
        is_open = allowed is not None and allowed[n].sum() > 1
        assert is_open == (label == "NEW" or (label is None and not was_known[n]))
        assert (tags[n] == "O") == (label in (None, "NEW"))
    assert {s.label for s in found.spans + found.excluded} <= {"PERSON", "LOC"}
