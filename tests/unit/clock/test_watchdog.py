"""Code that never yields is struck, and real time is left alone otherwise."""

from __future__ import annotations

import asyncio
import signal
import threading

import pytest

from harness.clock import Hang, SagaHung, Scheduler, Watchdog, real, virtual_time


def spin(for_s: float) -> None:
    until_s = real.monotonic_s() + for_s
    while real.monotonic_s() < until_s:
        pass


def for_ever() -> None:
    while True:
        pass


def test_an_endless_loop_is_interrupted_where_it_is() -> None:
    with Watchdog(0.1) as watchdog:
        watchdog.begin()
        with pytest.raises(SagaHung, match=r"test_watchdog\.py:\d+"):
            for_ever()
        hung = watchdog.hung
        watchdog.end()
    assert hung is not None
    assert "in for_ever" in hung.where


def test_an_endless_loop_in_a_task_is_interrupted() -> None:
    async def saga() -> None:
        while True:
            pass

    with Watchdog(0.1) as watchdog, virtual_time.active(Scheduler(), seed="s") as scheduler:
        watchdog.begin()
        with pytest.raises(SagaHung):
            asyncio.run(saga())
        watchdog.end()
    scheduler.close()


def test_code_that_swallows_everything_is_given_up() -> None:
    class GaveUp(BaseException):
        pass

    stuck: list[Hang] = []

    def give_up(hang: Hang) -> None:
        stuck.append(hang)
        raise GaveUp

    def swallows(rounds: int) -> None:
        for _ in range(rounds):
            try:
                while True:
                    pass
            except SagaHung:
                continue

    with Watchdog(0.1, on_stuck=give_up) as watchdog:
        watchdog.begin()
        before_s = real.monotonic_s()
        with pytest.raises(GaveUp):
            swallows(100)
        assert real.monotonic_s() - before_s > 5 * 0.2
        watchdog.end()
    assert [hang.rounds for hang in stuck] == [5]


def test_each_run_has_its_own_time() -> None:
    with Watchdog(0.2) as watchdog:
        for _ in range(8):
            watchdog.begin()
            spin(0.06)
            watchdog.end()
        spin(0.5)
    assert watchdog.hangs == []


def test_a_second_run_is_watched_after_a_hang() -> None:
    with Watchdog(0.1) as watchdog:
        for _ in range(2):
            watchdog.begin()
            with pytest.raises(SagaHung):
                spin(5)
            watchdog.end()
        watchdog.begin()
        assert watchdog.hung is None
    assert [hang.generation for hang in watchdog.hangs] == [1, 2]


def test_the_earlier_handler_and_timer_come_back() -> None:
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _: rung.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.15)
        with Watchdog(5.0):
            spin(0.02)
        spin(0.3)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert rung == [signal.SIGALRM]


def test_outside_of_the_main_thread_it_does_nothing() -> None:
    armed: list[bool] = []

    def elsewhere() -> None:
        with Watchdog(0.1) as watchdog:
            armed.append(watchdog.armed)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert armed == [False]
