"""Sparing the garbage collector."""

import gc
import weakref

from annotator.collecting import RARELY, sparing_the_collector


class Ring:
    """What only the collector can take away."""

    def __init__(self) -> None:
        self.itself = self


def test_it_looks_seldom_and_afterwards_as_before() -> None:
    before = gc.get_threshold()
    with sparing_the_collector():
        assert gc.get_threshold() == RARELY
        with sparing_the_collector():
            pass
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


def test_rings_still_go_so_that_memory_stays_flat() -> None:
    with sparing_the_collector():
        first = weakref.ref(Ring())
        kept: list[list[int]] = [[] for _ in range(2 * RARELY[0])]
        assert first() is None, len(kept)
