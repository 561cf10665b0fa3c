"""Work that tells how far it is from a thread of its own."""

import pytest
from deepmse.plugin.threads import telling


def test_what_is_told_comes_in_order_and_what_is_returned_last():
    def work(tell):
        for number in range(3):
            tell(number)
        return "done"

    steps, found = telling(work), []
    with pytest.raises(StopIteration) as end:
        while True:
            found.append(next(steps))
    assert (found, end.value.value) == ([0, 1, 2], "done")


def test_a_failure_is_raised_after_what_was_told_before():
    def work(tell):
        tell(1)
        raise ValueError("broken")

    steps = telling(work)
    assert next(steps) == 1
    with pytest.raises(ValueError, match="broken"):
        next(steps)


def test_work_that_nobody_asks_for_any_further_ends():
    told = []

    def work(tell):
        for number in range(10**9):
            tell(number)
            told.append(number)

    steps = telling(work)
    assert next(steps) == 0
    # Returns only once the thread has ended.
    steps.close()
    assert len(told) < 10**9
