"""Whose call it is, by the endpoint set that it came through, and who injects a process fault."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from harness.lifecycle import Struck
from harness.process_faults import Boundary, ProcessFault
from harness.worlds.wire.due import DueFault
from harness.worlds.wire.executor_registry import ExecutorRegistry
from harness.worlds.wire.run_signals import RunSignals

SHARED = 0


def registry(*, separate: bool = True) -> tuple[ExecutorRegistry, RunSignals]:
    lock = threading.RLock()
    signals = RunSignals(lock, Future)
    one = ExecutorRegistry(lock, signals)
    if separate:
        one.separate()
    return one, signals


def begin(one: ExecutorRegistry, executor: int, endpoint_set: int) -> None:
    one.began(executor)
    one.settled_in(executor, endpoint_set)


def test_where_one_runs_after_the_other_a_call_is_the_latest_ones() -> None:
    one, _ = registry(separate=False)
    one.began(1)
    one.began(2)
    assert (one.latest, one.may_call(7), one.caller_at(7)) == (2, True, 2)


def test_side_by_side_the_endpoint_set_tells() -> None:
    one, _ = registry()
    begin(one, 1, 1)
    begin(one, 2, 2)
    assert [one.caller_at(endpoint_set) for endpoint_set in (1, 2, SHARED)] == [1, 2, 2]
    assert (one.may_call(2), one.may_call(SHARED), one.may_call(3)) == (True, True, False)


def test_who_ended_keeps_its_endpoint_set_until_another_settles_there() -> None:
    one, _ = registry()
    begin(one, 1, 1)
    one.ended(1)
    assert (one.may_call(1), one.caller_at(1)) == (True, 1)
    begin(one, 2, 1)
    assert one.caller_at(1) == 2


def test_nothing_comes_from_the_dead() -> None:
    one, _ = registry()
    begin(one, 1, 1)
    one.killed(1)
    assert (one.may_call(1), one.may_call(SHARED)) == (False, False)


def test_a_process_that_serves_two_executors_is_taken_for_the_first() -> None:
    one, _ = registry()
    begin(one, 1, 1)
    begin(one, 2, 1)
    assert one.caller_at(1) == 1
    one.killed(2)
    assert one.caller_at(1) == 1


def test_a_free_endpoint_set_is_used_by_nobody_alive_nor_by_whom_one_moves_away_from() -> None:
    one, _ = registry()
    assert one.free_endpoint_set(None) == 1
    begin(one, 1, 1)
    assert one.free_endpoint_set(None) == 2
    one.killed(1)
    assert (one.free_endpoint_set(None), one.free_endpoint_set(1)) == (1, 2)


def test_a_process_fault_goes_to_who_injects_until_everything_heals() -> None:
    one, signals = registry()
    struck = Struck(call=1, fault=ProcessFault.CRASH, boundary=Boundary.APPLIED)
    due = DueFault(executor=1, struck=struck, record=lambda: None)
    seen: list[DueFault] = []
    assert not one.inject(due)
    one.inject_with(lambda fault: not seen.append(fault))  # type: ignore[func-returns-value]
    assert one.inject(due)
    signals.settle()
    assert not one.inject(due)
    assert seen == [due]


def test_who_listens_hears_who_ended_and_who_comes_back() -> None:
    one, _ = registry()
    told: list[object] = []
    one.when_ended(lambda: told.append("ended"))
    one.when_restarted(told.append)
    one.tell_ended()
    one.tell_restarted(7)
    assert told == ["ended", 7]
