"""Fair timings: candidates take turns, so that a busy machine slows all of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import geometric_mean, median
from time import perf_counter, process_time

__all__ = ["Times", "geometric_mean", "interleave", "median", "ratio", "take_turns"]


@dataclass(slots=True)
class Times:
    """Seconds of each round.

    Attributes:
        wall: By the clock; work of others on the same processors counts.
        cpu: Of all threads of this process on a processor; waiting does not count, so
            it holds on a busy machine, but says nothing about idle threads.
    """

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def take_turns(
    candidates: Mapping[str, Callable[[], object]],
    rounds: int,
    warm_up: int = 1,
    before_each: Callable[[], object] | None = None,
) -> dict[str, Times]:
    """Time each candidate once a round, in turn; every other round backwards.

    Args:
        candidates: Calls without arguments, by name.
        rounds: Number of timed rounds.
        warm_up: Rounds before them that are not timed.
        before_each: What is done before each call and not timed.
    """
    times = {name: Times() for name in candidates}
    for round_number in range(-warm_up, rounds):
        names = list(candidates)
        for name in names if round_number % 2 else reversed(names):
            if before_each is not None:
                before_each()
            wall, cpu = perf_counter(), process_time()
            candidates[name]()
            cpu, wall = process_time() - cpu, perf_counter() - wall
            if round_number >= 0:
                times[name].wall.append(wall)
                times[name].cpu.append(cpu)
    return times


def interleave(
    candidates: Mapping[str, Callable[[], object]], rounds: int, warm_up: int = 1
) -> dict[str, list[float]]:
    """Give the seconds by the clock of `take_turns`, by name."""
    times = take_turns(candidates, rounds, warm_up)
    return {name: entry.wall for name, entry in times.items()}


def ratio(slower: Sequence[float], faster: Sequence[float]) -> float:
    """Give the median over rounds of how many times faster the second one was.

    Args:
        slower: Seconds of each round.
        faster: Seconds of the same rounds.

    Raises:
        ValueError: The numbers of rounds differ.
    """
    return median(a / b for a, b in zip(slower, faster, strict=True))
