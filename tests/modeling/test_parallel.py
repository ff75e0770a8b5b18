import threading
import time

import pytest
import torch

from modeling.parallel import side_by_side


@pytest.fixture(autouse=True)
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_results_come_in_order_from_threads_with_one_torch_thread_each():
    seen = set()

    def run(number):
        time.sleep(0.01 * (number % 3))
        seen.add((threading.current_thread().name, torch.get_num_threads()))
        return number * number

    assert list(side_by_side(run, range(20))) == [n * n for n in range(20)]
    assert len(seen) == 3
    assert {count for _, count in seen} == {1}


def test_threads_started_later_are_as_before():
    list(side_by_side(lambda number: number, range(5)))
    counts = [torch.get_num_threads()]
    thread = threading.Thread(target=lambda: counts.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert counts == [3, 3]


def test_only_a_few_results_are_computed_ahead():
    started = []
    results = side_by_side(started.append, range(1000))
    next(results)
    results.close()
    assert len(started) < 20
    assert torch.get_num_threads() == 3


def test_a_failure_reaches_the_caller():
    def fail(number):
        raise MemoryError(f"batch {number}")

    with pytest.raises(MemoryError, match="batch 0"):
        list(side_by_side(fail, range(3)))


def test_no_batches_are_no_results():
    assert list(side_by_side(lambda batch: batch, [])) == []
