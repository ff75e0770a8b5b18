"""What spans teach: surfaces worth learning, and how well rules agree with people."""

from modeling.lexicon import Agreement, Lexicon, Reading, agreements
from modeling.rules import Matcher, Rule
from modeling.spans import Span


def reading(text: str, *surfaces: tuple[str, str]) -> Reading:
    spans = set()
    for surface, label in surfaces:
        start = text.index(surface)
        spans.add(Span(start, start + len(surface), label))
    return Reading(text, frozenset(spans))


def learned(*readings: Reading) -> list[tuple[str, str]]:
    lexicon = Lexicon()
    for one in readings:
        lexicon.read(one)
    return lexicon.worth_learning()


def test_one_word_is_learned_when_seen_twice_and_several_words_at_once() -> None:
    first = reading("Ada met Karl Marx", ("Ada", "PER"), ("Karl Marx", "PER"))
    assert learned(first) == [("PER", "Karl Marx")]
    assert learned(first, reading("Ada left", ("Ada", "PER"))) == [
        ("PER", "Ada"),
        ("PER", "Karl Marx"),
    ]


def test_the_same_surface_counts_for_each_label_alone() -> None:
    as_town = reading("Paris won", ("Paris", "LOC"))
    as_person = reading("Paris sang", ("Paris", "PER"))
    assert learned(as_town, as_person) == []
    assert learned(as_town, as_person, as_town) == [("LOC", "Paris")]


def test_what_spans_lines_or_is_very_long_is_not_learned() -> None:
    long = "so many words " * 10 + "end"
    assert learned(reading("New\nYork", ("New\nYork", "LOC"))) == []
    assert learned(reading(long, (long, "WORK"))) == []


def test_agreement_counts_each_occurrence_by_what_people_marked() -> None:
    matcher = Matcher([Rule(1, "LOC", "Paris"), Rule(2, "LOC", "Oslo")])
    readings = [
        reading("Paris and paris", ("Paris", "LOC")),
        reading("Paris Hilton", ("Paris Hilton", "PER")),
    ]
    assert agreements(matcher, readings) == {1: Agreement(right=1, wrong=2)}
