"""The event loop on virtual time."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from harness.clock import (
    DeadLock,
    Scheduler,
    SimSocketRefused,
    SimTask,
    SimThreadRefused,
    VirtualLoop,
    WorldOver,
    real,
    virtual_time,
)


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    scheduler = Scheduler()
    yield scheduler
    scheduler.close()
    gc.collect()  # whatever would warn when collected does so inside the test


@pytest.fixture
def loop(scheduler: Scheduler) -> VirtualLoop:
    return VirtualLoop(scheduler)


def test_sleeping_costs_virtual_time_only(loop: VirtualLoop) -> None:
    before_s = real.monotonic_s()
    loop.run_until_complete(asyncio.sleep(86_400))
    assert loop.time() == 86_400
    assert real.monotonic_s() - before_s < 1.0


def test_timers_of_equal_time_fire_in_order(loop: VirtualLoop) -> None:
    seen: list[int] = []

    async def main() -> None:
        for number in range(40):
            loop.call_at(5.0, seen.append, number)
        await asyncio.sleep(6)

    loop.run_until_complete(main())
    assert seen == list(range(40))


def test_timeout_and_wait_for_are_honoured(loop: VirtualLoop) -> None:
    async def main() -> tuple[float, float]:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await asyncio.sleep(100)
        first_s = loop.time()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(100), 4)
        return first_s, loop.time()

    assert loop.run_until_complete(main()) == (3, 7)


def test_world_events_wake_tasks(loop: VirtualLoop, scheduler: Scheduler) -> None:
    async def main() -> tuple[str, float]:
        reply: asyncio.Future[str] = loop.create_future()
        scheduler.call_later(0.25, lambda: reply.set_result("delivered"))
        return await reply, loop.time()

    assert loop.run_until_complete(main()) == ("delivered", 0.25)


def test_a_task_that_spins_does_not_hold_up_what_is_due(loop: VirtualLoop, scheduler: Scheduler) -> None:
    seen: list[str] = []

    async def main() -> None:
        scheduler.call_later(0, lambda: seen.append("due"))
        while not seen:  # noqa: ASYNC110 - spinning is what is tested
            await asyncio.sleep(0)

    loop.run_until_complete(main())
    assert seen == ["due"]


def test_two_loops_share_one_time(loop: VirtualLoop, scheduler: Scheduler) -> None:
    seen: list[tuple[str, float]] = []

    def plain_saga() -> None:
        inner = VirtualLoop(scheduler)
        inner.run_until_complete(asyncio.sleep(5))
        seen.append(("inner", inner.time()))

    async def main() -> None:
        scheduler.call_later(1, plain_saga)
        await asyncio.sleep(2)
        seen.append(("outer", loop.time()))

    loop.run_until_complete(main())
    assert seen == [("inner", 6), ("outer", 6)]


def test_a_dead_lock_names_who_waits(loop: VirtualLoop) -> None:
    async def waits_for_nobody() -> None:
        await loop.create_future()

    async def main() -> None:
        loop.create_task(waits_for_nobody(), name="forgotten")
        await asyncio.Event().wait()

    with pytest.raises(DeadLock) as caught:
        loop.run_until_complete(main())
    first, second = caught.value.waiting
    assert first.startswith("saga-task-1 ")
    assert "main at " in first
    assert "test_loop.py" in first
    assert second.startswith("forgotten ")
    assert "waits_for_nobody" in second


def test_sleeping_for_ever_is_a_dead_lock(loop: VirtualLoop) -> None:
    with pytest.raises(DeadLock):
        loop.run_until_complete(asyncio.sleep(float("inf")))


@pytest.mark.parametrize("name", ["sock_connect", "create_server", "add_reader", "subprocess_exec"])
def test_real_io_is_refused(loop: VirtualLoop, name: str) -> None:
    with pytest.raises(SimSocketRefused, match=rf"loop\.{name}.*--world wire"):
        getattr(loop, name)("somewhere", 80)


def test_open_connection_is_refused(loop: VirtualLoop) -> None:
    with pytest.raises(SimSocketRefused, match=r"127\.0\.0\.1"):
        loop.run_until_complete(asyncio.open_connection("127.0.0.1", 9))


def test_threadsafe_calls_work_from_the_own_thread_alone(loop: VirtualLoop) -> None:
    seen: list[object] = []

    def meddle() -> None:
        try:
            loop.call_soon_threadsafe(seen.append, "foreign")
        except SimThreadRefused as error:
            seen.append(error)

    async def main() -> None:
        loop.call_soon_threadsafe(seen.append, "own")
        await asyncio.sleep(1)

    thread = threading.Thread(target=meddle)
    thread.start()
    thread.join()
    loop.run_until_complete(main())
    assert isinstance(seen[0], SimThreadRefused)
    assert seen[1:] == ["own"]


def test_to_thread_runs_in_line_and_outside_of_the_loop(loop: VirtualLoop, scheduler: Scheduler) -> None:
    def blocking() -> tuple[int, float]:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        scheduler.advance(7)
        return threading.get_ident(), scheduler.now_s

    answer = loop.run_until_complete(asyncio.to_thread(blocking))
    assert answer == (threading.get_ident(), 7)


@pytest.mark.parametrize("raised", [KeyError("k"), StopIteration(1)])
def test_to_thread_hands_errors_to_the_awaiter(loop: VirtualLoop, raised: Exception) -> None:
    def blocking() -> None:
        raise raised

    expected = RuntimeError if isinstance(raised, StopIteration) else KeyError
    with pytest.raises(expected):
        loop.run_until_complete(asyncio.to_thread(blocking))


def test_tasks_and_futures_hash_by_number(loop: VirtualLoop) -> None:
    async def nothing() -> None:
        return

    async def main() -> list[int]:
        tasks = [asyncio.create_task(nothing()) for _ in range(3)]
        assert [task.get_name() for task in tasks] == ["saga-task-2", "saga-task-3", "saga-task-4"]
        assert isinstance(tasks[0], SimTask)
        await asyncio.gather(*tasks)
        return [hash(task) for task in tasks]

    assert loop.run_until_complete(main()) == [2, 3, 4]
    assert hash(loop.create_future()) < 100


def test_a_lost_task_is_not_collected(loop: VirtualLoop) -> None:
    done: list[str] = []

    async def lost() -> None:
        await loop_free_future()
        done.append("ran on")

    async def loop_free_future() -> None:
        future = loop.create_future()
        loop.call_later(1, future.set_result, None)
        await future

    async def main() -> None:
        asyncio.create_task(lost())  # noqa: RUF006 - losing it is the point
        gc.collect()
        await asyncio.sleep(2)

    loop.run_until_complete(main())
    assert done == ["ran on"]


def test_abandoned_tasks_run_no_line_until_they_are_discarded(
    loop: VirtualLoop, scheduler: Scheduler
) -> None:
    lines: list[str] = []

    async def saga() -> None:
        try:
            await asyncio.sleep(10)
            lines.append("went on")
        finally:
            lines.append("finally")

    async def streams() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.sleep(10)
        finally:
            lines.append("generator")

    async def reads() -> None:
        async for _ in streams():
            await asyncio.sleep(10)

    task = loop.create_task(saga())
    loop.create_task(reads())
    loop.create_task(saga())
    scheduler.call_at(5, loop.abandon)
    assert not loop.drive(task)
    loop.close()
    gc.collect()
    scheduler.advance(100)
    assert (lines, scheduler.next_event_s(), loop.is_closed()) == ([], None, True)
    with pytest.raises(WorldOver):
        loop.run_forever()
    loop.discard()
    assert lines == ["finally", "finally"]


def test_a_task_may_abandon_its_own_loop(loop: VirtualLoop) -> None:
    lines: list[str] = []

    async def dies() -> None:
        loop.abandon()
        try:
            await loop.create_future()
        finally:
            lines.append("finally")

    async def other() -> None:
        lines.append("other")

    task = loop.create_task(dies())
    loop.create_task(other())
    assert not loop.drive(task)
    assert lines == []


def test_a_result_for_an_abandoned_loop_wakes_nobody(loop: VirtualLoop, scheduler: Scheduler) -> None:
    reply: asyncio.Future[None] = loop.create_future()

    async def saga() -> None:
        await reply
        raise AssertionError("ran on")

    scheduler.call_at(1, loop.abandon)
    assert not loop.drive(loop.create_task(saga()))
    reply.set_result(None)
    scheduler.advance(1)


def test_what_abandoned_callbacks_hold_is_not_collected(loop: VirtualLoop, scheduler: Scheduler) -> None:
    collected: list[str] = []

    class Witness:
        def __del__(self) -> None:
            collected.append("collected")

        def testify(self) -> None:
            raise AssertionError("called")

    loop.call_later(10, Witness().testify)
    loop.call_soon(Witness().testify)
    loop.abandon()
    scheduler.advance(100)
    gc.collect()
    assert collected == []
    loop.discard()
    assert len(collected) == 2


def test_a_coroutine_that_was_never_awaited_is_discarded_in_silence(loop: VirtualLoop) -> None:
    async def nothing() -> None:
        return

    async def holds_another() -> None:
        other = nothing()
        await loop.create_future()
        await other

    async def main() -> None:
        asyncio.create_task(holds_another())  # noqa: RUF006 - the loop keeps it
        await asyncio.sleep(1)

    loop.run_until_complete(main())
    loop.close()
    gc.collect()
    assert loop.complaints == []


def test_gathered_futures_hash_by_number(loop: VirtualLoop) -> None:
    virtual_time.install()

    async def main() -> list[int]:
        gathered = [asyncio.gather(asyncio.sleep(0)) for _ in range(5)]
        hashes = [hash(each) for each in gathered]
        await asyncio.gather(*gathered)
        return [each - hashes[0] for each in hashes]

    assert loop.run_until_complete(main()) == [0, 1, 2, 3, 4]


def test_all_tasks_are_in_order_whatever_other_loops_hold(loop: VirtualLoop, scheduler: Scheduler) -> None:
    virtual_time.install()

    def walked(loop: VirtualLoop) -> list[str]:
        for number in (40, 8, 16, 200, 3):
            loop._tasks_made = number - 1
            loop.create_task(asyncio.sleep(1))
        return [task.get_name() for task in asyncio.all_tasks(loop)]

    alone = walked(loop)
    crowd = VirtualLoop(scheduler)
    for _ in range(500):
        crowd.create_task(asyncio.sleep(1))
    assert walked(VirtualLoop(scheduler)) == alone


def test_last_lines_are_refused_io_and_their_complaints_kept(loop: VirtualLoop) -> None:
    async def awaits_again() -> None:
        try:
            await loop.create_future()
        finally:
            await asyncio.sleep(1)

    async def never_started() -> None:
        """Not awaited: closing must not warn."""

    async def main() -> None:
        loop.create_task(awaits_again())
        await asyncio.sleep(1)
        loop.create_task(never_started())
        loop.stop()

    loop.run_until_complete(main())
    loop.close()
    assert any("saga-task-2 was discarded" in each for each in loop.complaints)


def test_failures_that_nobody_retrieved_are_kept_not_logged(
    loop: VirtualLoop, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails() -> None:
        raise KeyError("unseen")

    async def main() -> None:
        loop.create_task(fails())
        await asyncio.sleep(1)

    loop.run_until_complete(main())
    loop.close()
    gc.collect()
    assert loop.complaints == ["saga-task-2 failed unseen: KeyError('unseen')"]
    assert not caplog.records


def test_what_ends_a_world_is_not_swallowed_in_a_callback(loop: VirtualLoop) -> None:
    class Ended(BaseException):
        pass

    def end() -> None:
        raise Ended

    async def main() -> None:
        loop.call_soon(end)
        await asyncio.sleep(1)

    with pytest.raises(Ended):
        loop.run_until_complete(main())


def test_a_long_campaign_in_one_loop_does_not_pile_up_tasks(loop: VirtualLoop) -> None:
    async def nothing() -> None:
        return

    async def main() -> None:
        for _ in range(5_000):
            await asyncio.create_task(nothing())

    loop.run_until_complete(main())
    assert len(loop._tasks) < 1_000


@pytest.mark.skipif(not hasattr(asyncio, "eager_task_factory"), reason="Python 3.11 has no eager tasks")
def test_eager_tasks_are_numbered_too(loop: VirtualLoop) -> None:
    async def main() -> str:
        loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
        task = asyncio.create_task(asyncio.sleep(1))
        assert isinstance(task, SimTask)
        await task
        return task.get_name()

    assert loop.run_until_complete(main()) == "saga-task-2"
