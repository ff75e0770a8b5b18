import random

from hypothesis import given
from hypothesis import strategies as st

from modeling.batching import budget_batches, shuffled_batches

LENGTHS = st.lists(st.integers(1, 60), max_size=50)


@given(LENGTHS, st.integers(1, 200))
def test_batches_keep_the_order_and_the_budget(lengths, budget):
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    batches = list(budget_batches(order, lengths, budget))

    assert [index for batch in batches for index in batch] == order
    for batch in batches:
        padded = len(batch) * max(lengths[index] for index in batch)
        assert padded <= budget or len(batch) == 1


@given(LENGTHS, st.integers(1, 200))
def test_no_batch_could_have_taken_the_next_document(lengths, budget):
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    batches = list(budget_batches(order, lengths, budget))

    for batch, following in zip(batches, batches[1:], strict=False):
        longest = max(lengths[index] for index in (*batch, following[0]))
        assert longest * (len(batch) + 1) > budget


@given(LENGTHS, st.integers())
def test_an_epoch_holds_every_document_once_and_depends_on_the_seed(lengths, seed):
    batches = shuffled_batches(lengths, 100, random.Random(seed))

    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert batches == shuffled_batches(lengths, 100, random.Random(seed))


def test_epochs_mix_their_batches_anew():
    generator = random.Random(0)
    lengths = [10 + index % 7 for index in range(60)]
    first, second = (shuffled_batches(lengths, 100, generator) for _ in range(2))

    assert {frozenset(batch) for batch in first} != {frozenset(b) for b in second}
