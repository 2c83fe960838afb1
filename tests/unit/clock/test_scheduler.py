"""Virtual time: order, cancellation, bounds, and what it refuses."""

from __future__ import annotations

import math
import threading
from functools import partial

import pytest

from harness.clock import Scheduler, SimThreadRefused, WorldOver, never


def test_equal_times_are_served_first_come_first_served() -> None:
    scheduler, seen = Scheduler(), list[int]()
    for number in range(50):
        scheduler.call_at(1.0, partial(seen.append, number))
    scheduler.run_due(1.0, never)
    assert seen == list(range(50))


def test_time_is_the_events_while_it_fires_and_the_bound_afterwards() -> None:
    scheduler, seen = Scheduler(), list[float]()
    scheduler.call_later(2.5, lambda: seen.append(scheduler.now_s))
    scheduler.call_later(9.0, lambda: seen.append(scheduler.now_s))
    scheduler.run_due(5.0, never)
    assert (seen, scheduler.now_s, scheduler.next_event_s()) == ([2.5], 5.0, 9.0)


def test_stop_is_asked_after_each_event() -> None:
    scheduler, seen = Scheduler(), list[int]()
    for number in range(3):
        scheduler.call_at(number, partial(seen.append, number))
    scheduler.run_due(math.inf, lambda: len(seen) == 2)
    assert (seen, scheduler.now_s) == ([0, 1], 1)


def test_a_cancelled_event_neither_fires_nor_moves_time() -> None:
    scheduler, seen = Scheduler(), list[int]()
    timer = scheduler.call_at(3.0, lambda: seen.append(3))
    timer.cancel()
    assert scheduler.next_event_s() is None
    scheduler.run_due(math.inf, never)
    assert (seen, scheduler.now_s) == ([], 0.0)


@pytest.mark.parametrize("when_s", [-1.0, math.nan])
def test_a_time_that_is_past_or_none_means_now(when_s: float) -> None:
    scheduler, seen = Scheduler(), list[str]()
    scheduler.advance(5.0)
    scheduler.call_at(6.0, lambda: seen.append("later"))
    scheduler.call_at(when_s, lambda: seen.append("now"))
    scheduler.run_due(math.inf, never)
    assert seen == ["now", "later"]


def test_an_event_at_infinity_never_fires() -> None:
    scheduler = Scheduler()
    scheduler.call_at(math.inf, lambda: None)
    assert scheduler.next_event_s() is None


def test_an_inner_run_moves_time_on_and_the_outer_never_back() -> None:
    scheduler = Scheduler()
    scheduler.call_at(1.0, lambda: scheduler.advance(10.0))
    scheduler.run_due(2.0, never)
    assert scheduler.now_s == 11.0


def test_an_exception_in_a_callback_leaves_run_due() -> None:
    scheduler = Scheduler()
    scheduler.call_at(1.0, lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        scheduler.advance(2.0)


def test_a_foreign_thread_is_refused() -> None:
    scheduler, refused = Scheduler(), list[BaseException]()

    def meddle() -> None:
        for call in (lambda: scheduler.call_at(1.0, lambda: None), lambda: scheduler.advance(1.0)):
            try:
                call()
            except SimThreadRefused as error:
                refused.append(error)

    thread = threading.Thread(target=meddle)
    thread.start()
    thread.join()
    assert len(refused) == 2
    assert "test_scheduler.py" in str(refused[0])


def test_a_closed_world_takes_no_more_events() -> None:
    scheduler = Scheduler()
    scheduler.close()
    with pytest.raises(WorldOver):
        scheduler.call_later(1.0, lambda: None)
