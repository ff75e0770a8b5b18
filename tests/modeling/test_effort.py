import pytest

from modeling.effort import Actions, answer, minutes
from modeling.spans import Span


def per(start, end):
    return Span(start, end, "PER")


@pytest.mark.parametrize(
    ("gold", "suggested", "actions"),
    [
        ([], [], Actions()),
        ([per(0, 3)], [per(0, 3)], Actions(accepted=1)),
        ([], [per(0, 3)], Actions(rejected=1)),
        ([per(0, 3)], [], Actions(added=1)),
        ([per(0, 3)], [Span(0, 3, "LOC")], Actions(fixed=1)),
        ([per(0, 3)], [per(0, 5)], Actions(fixed=1)),
        # Spans that only touch do not overlap.
        ([per(0, 3)], [per(3, 5)], Actions(rejected=1, added=1)),
        # One suggestion over two spans becomes one of them; the other is added.
        ([per(0, 3), per(4, 9)], [per(0, 9)], Actions(fixed=1, added=1)),
        # Two suggestions inside one span: one is fixed, the other goes.
        ([per(0, 9)], [per(0, 3), per(4, 9)], Actions(fixed=1, rejected=1)),
        # What is right is accepted before anything is fixed.
        ([per(0, 3), per(4, 9)], [per(0, 3), per(2, 9)], Actions(accepted=1, fixed=1)),
    ],
)
def test_a_person_treats_suggestions_as_the_right_answer_asks(gold, suggested, actions):
    assert answer(gold, suggested) == actions


def test_the_longest_overlap_is_fixed_first():
    """The long suggestion becomes the long span, so the short one fits as well."""
    gold = [per(0, 4), per(5, 20)]
    suggested = [per(0, 5), per(3, 21)]
    assert answer(gold, suggested) == Actions(fixed=2)


def test_a_document_read_by_hand_costs_what_the_prices_say():
    """5 s + 10 tokens of 0.15 s + 1 accepted of 1 s + 3 corrections of 2 s = 13.5 s."""
    actions = Actions(accepted=1, rejected=1, fixed=1, added=1)
    assert minutes(1, 10, actions) == pytest.approx(13.5 / 60)
    assert (actions.corrections, actions.total) == (3, 4)


def test_actions_add_up_by_kind():
    assert Actions(1, 2, 3, 4) + Actions(5, 6, 7, 8) == Actions(6, 8, 10, 12)
