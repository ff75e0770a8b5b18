"""Running batches side by side on a CPU."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

Work = TypeVar("Work")
Result = TypeVar("Result")


def side_by_side(
    run: Callable[[Work], Result], batches: Sequence[Work]
) -> Iterator[Result]:
    """Run batches on as many threads as torch has, one torch thread each.

    Threads that share the operations of one batch wait for each other after every one
    of them; whole batches need no waiting.

    Args:
        run: What to do with a batch; torch lets other threads run meanwhile.
        batches: Work.

    Yields:
        The results in the order of the batches; only a few are computed ahead.
    """
    threads = torch.get_num_threads()
    workers = min(threads, len(batches)) or 1
    pool = ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,))
    waiting: deque[Future[Result]] = deque()
    try:
        for batch in batches:
            waiting.append(pool.submit(run, batch))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
        # A worker's setting is what threads started later would begin with.
        torch.set_num_threads(threads)
