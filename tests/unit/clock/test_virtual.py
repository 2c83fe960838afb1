# ruff: noqa: ASYNC251 - a saga that blocks inside a coroutine is part of what is tested
"""The process's clocks, randomness and asyncio inside a run, and outside of it."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import random
import secrets
import sys
import textwrap
import threading
import time
import types
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from harness.clock import (
    DeadLock,
    Scheduler,
    SimSocketRefused,
    SimThreadRefused,
    VirtualLoop,
    WorldOver,
    real,
    virtual_time,
)
from harness.errors import UsageError


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    with virtual_time.active(Scheduler(), seed="test") as scheduler:
        yield scheduler
    scheduler.close()


def drawn(seed: str) -> tuple[object, ...]:
    with virtual_time.active(Scheduler(), seed=seed):
        return (
            *(uuid.uuid4(), uuid.uuid1(), os.urandom(8), secrets.token_hex(8), random.random()),
            *(random.Random().random(), random.SystemRandom().random(), uuid.getnode()),
        )


def test_clocks_follow_the_scheduler(scheduler: Scheduler) -> None:
    scheduler.advance(1.5)
    assert time.monotonic() == time.perf_counter() == time.clock_gettime(time.CLOCK_MONOTONIC) == 1.5
    assert time.monotonic_ns() == time.perf_counter_ns() == 1_500_000_000
    assert time.time() == 1_704_067_201.5
    assert time.time_ns() == 1_704_067_201_500_000_000


def test_datetime_follows_the_scheduler(scheduler: Scheduler) -> None:
    scheduler.advance(86_400.25)
    assert dt.datetime.now(dt.UTC) == dt.datetime(2024, 1, 2, 0, 0, 0, 250_000, tzinfo=dt.UTC)
    assert dt.datetime.now() == dt.datetime(2024, 1, 2, 0, 0, 0, 250_000)  # noqa: DTZ001, DTZ005
    assert dt.date.today() == dt.date(2024, 1, 2)  # noqa: DTZ011
    assert time.gmtime()[:3] == time.localtime()[:3] == (2024, 1, 2)


def test_sleep_lets_the_world_go_on(scheduler: Scheduler) -> None:
    seen: list[float] = []
    scheduler.call_at(2, lambda: seen.append(time.monotonic()))
    before_s = real.monotonic_s()
    time.sleep(3600)
    assert (seen, time.monotonic()) == ([2], 3600)
    assert real.monotonic_s() - before_s < 1


@pytest.mark.parametrize(("seconds", "error"), [(-1, ValueError), (float("inf"), OverflowError)])
def test_sleep_refuses_what_the_real_one_refuses(
    scheduler: Scheduler, seconds: float, error: type[Exception]
) -> None:
    with pytest.raises(error):
        time.sleep(seconds)


def test_a_plain_function_may_run_asyncio(scheduler: Scheduler) -> None:
    async def inside() -> float:
        assert isinstance(asyncio.get_running_loop(), VirtualLoop)
        await asyncio.sleep(5)
        return time.monotonic()

    time.sleep(1)
    assert asyncio.run(inside()) == 6
    with asyncio.Runner() as runner:
        assert runner.run(inside()) == 11
    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(inside()) == 16
    loop.close()
    assert scheduler.now_s == 16


def test_a_plain_function_in_a_callback_may_run_asyncio_and_sleep(scheduler: Scheduler) -> None:
    def saga() -> None:
        asyncio.run(asyncio.sleep(2))
        time.sleep(1)

    async def main() -> float:
        time.sleep(1)
        scheduler.call_later(1, saga)
        time.sleep(10)
        await asyncio.to_thread(saga)
        assert asyncio.current_task() is not None
        return time.monotonic()

    assert asyncio.run(main()) == 14


def test_sleep_in_a_task_lets_other_plain_code_run_loops(scheduler: Scheduler) -> None:
    async def main() -> str:
        scheduler.call_later(1, lambda: asyncio.run(asyncio.sleep(1)))
        time.sleep(5)
        task = asyncio.current_task()
        assert task is not None
        return task.get_name()

    assert asyncio.run(main()) == "saga-task-1"


def test_the_current_loop_of_a_run_is_forgotten(scheduler: Scheduler) -> None:
    asyncio.set_event_loop(VirtualLoop(scheduler))
    assert isinstance(asyncio.get_event_loop(), VirtualLoop)


def test_no_current_loop_is_left_behind() -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    with virtual_time.active(Scheduler(), seed="s") as scheduler:
        asyncio.run(asyncio.sleep(1))
    assert asyncio.get_event_loop() is loop
    asyncio.set_event_loop(None)
    loop.close()
    scheduler.close()


def test_event_wait_is_a_virtual_sleep(scheduler: Scheduler) -> None:
    event = threading.Event()
    assert not event.wait(5)
    scheduler.call_later(1, event.set)
    assert event.wait(5)
    assert scheduler.now_s == 6


def test_event_wait_for_ever_is_a_dead_lock(scheduler: Scheduler) -> None:
    with pytest.raises(DeadLock, match=r"test_virtual\.py"):
        threading.Event().wait()


def test_names_that_were_copied_before_are_virtual_too() -> None:
    source = """
        from time import monotonic, sleep
        from random import seed
        def retry(sleep=sleep, *, clock=monotonic):
            before = clock(); sleep(2); return clock() - before
        class Limiter:
            clock = monotonic
            def elapsed(self, nap=sleep):
                before = self.clock(); nap(3); return self.clock() - before
    """
    module = types.ModuleType("a_user_module")
    patched = time.sleep, time.monotonic
    time.sleep, time.monotonic = real.sleep_s, real.monotonic_s
    sys.modules["a_user_module"] = module
    try:
        exec(textwrap.dedent(source), vars(module))
    finally:
        time.sleep, time.monotonic = patched
    assert module.sleep is real.sleep_s
    with virtual_time.active(Scheduler(), seed="s"):
        assert module.retry() == 2
        assert module.Limiter().elapsed() == 3
        module.sleep(5)
        assert module.monotonic() == 10
    del sys.modules["a_user_module"]


def test_randomness_is_a_function_of_the_seed() -> None:
    assert drawn("one") == drawn("one")
    assert not set(drawn("one")) & set(drawn("two"))


def test_uuids_keep_their_versions(scheduler: Scheduler) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    assert first != second
    assert (first.version, uuid.uuid1().version) == (4, 1)


def test_everything_is_real_again_afterwards() -> None:
    random.seed(42)
    expected = random.Random(42).random()
    before_s = real.monotonic_s()
    drawn("noise")
    assert random.random() == expected
    assert time.monotonic() - before_s < 5
    assert abs(time.time() - 1_704_067_200) > 86_400
    assert dt.datetime.now(dt.UTC).year > 2024
    assert os.urandom(16) != os.urandom(16)
    assert uuid.uuid4() != uuid.uuid4()
    loop = asyncio.new_event_loop()
    assert not isinstance(loop, VirtualLoop)
    loop.close()


def test_the_zone_of_the_machine_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    before = virtual_time.wall
    virtual_time.wall = type(virtual_time.install())()
    try:
        with virtual_time.active(Scheduler(), seed="s"):
            assert time.localtime().tm_hour == 0
        assert time.localtime(0).tm_hour == 9
    finally:
        virtual_time.wall = before
        monkeypatch.undo()
        time.tzset()


def test_a_run_inside_a_run_is_refused_and_harmless(scheduler: Scheduler) -> None:
    with pytest.raises(UsageError), virtual_time.active(Scheduler(), seed="other"):
        pass
    scheduler.advance(1)
    assert time.monotonic() == 1


def test_clocks_are_given_back_when_a_run_fails() -> None:
    with pytest.raises(KeyError), virtual_time.active(Scheduler(), seed="s"):
        raise KeyError
    assert time.time() > 1_750_000_000


def test_a_foreign_thread_keeps_the_real_clocks() -> None:
    seen: list[Any] = []
    ready, go = threading.Event(), threading.Event()

    def foreign() -> None:
        ready.set()
        go.wait(10)
        seen.extend([time.monotonic(), time.time(), isinstance(uuid.uuid4(), uuid.UUID)])

    thread = threading.Thread(target=foreign)
    thread.start()
    ready.wait(10)
    before_s = real.monotonic_s()
    with virtual_time.active(Scheduler(), seed="s"):
        go.set()
        thread.join()
    assert seen[0] >= before_s
    assert seen[1] > 1_750_000_000


def test_a_scheduler_of_another_thread_is_refused() -> None:
    made: list[Scheduler] = []
    thread = threading.Thread(target=lambda: made.append(Scheduler()))
    thread.start()
    thread.join()
    with pytest.raises(SimThreadRefused), virtual_time.active(made[0], seed="s"):
        pass


def test_last_lines_can_neither_sleep_nor_connect() -> None:
    words: list[BaseException] = []

    async def saga() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            attempts: tuple[Callable[[], object], ...] = (
                lambda: time.sleep(1),
                lambda: __import__("socket").create_connection(("127.0.0.1", 9)),
            )
            for attempt in attempts:
                try:
                    attempt()
                except (WorldOver, SimSocketRefused) as error:
                    words.append(error)

    scheduler = Scheduler()
    with virtual_time.active(scheduler, seed="s"):
        loop = VirtualLoop(scheduler)
        scheduler.call_at(1, loop.abandon)
        loop.drive(loop.create_task(saga()))
    assert words == []
    scheduler.close()
    assert [type(word) for word in words] == [WorldOver, SimSocketRefused]
