"""Timers of the servers' loop may be set and cancelled by any thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from harness.worlds.wire.background import Background


@pytest.fixture
def background() -> Iterator[Background]:
    one = Background()
    one.start()
    time.sleep(0.05)  # its loop has nothing to do, and sleeps
    yield one
    one.stop()


def test_a_timer_of_another_thread_wakes_the_loop(background: Background) -> None:
    called: list[str] = []
    due = threading.Event()

    def callback() -> None:
        called.append(threading.current_thread().name)
        due.set()

    background.call_later(0.05, callback)
    assert due.wait(2.0)
    assert called == ["saga-chaos-wire-server"]


def test_it_is_cancelled_by_another_thread(background: Background) -> None:
    called: list[int] = []
    background.call_later(0.05, lambda: called.append(1)).cancel()
    later = background.call_later(0.1, lambda: called.append(2))
    time.sleep(0.05)
    later.cancel()
    time.sleep(0.1)
    assert called == []


def test_so_is_one_of_the_loop_itself(background: Background) -> None:
    called: list[int] = []

    async def work() -> None:
        background.call_later(0.05, lambda: called.append(1)).cancel()
        background.call_later(0.0, lambda: called.append(2))

    background.call(work())
    time.sleep(0.15)
    assert called == [2]


def test_many_threads_set_timers_at_once(background: Background) -> None:
    """A timer that is set in the middle of another one would be lost, or end the loop."""
    called: list[int] = []
    done = threading.Event()

    def callback() -> None:
        called.append(1)
        if len(called) == 4000:
            done.set()

    def work() -> None:
        for number in range(1000):
            background.call_later(0.001 * (number % 7), callback)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert done.wait(10.0)
