"""Locks of `threading` in virtual time: sagas of one process share them, and the dead hold none."""

from __future__ import annotations

import _thread
import threading
from pathlib import Path
from typing import Any

import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.clock import DeadLock, Scheduler
from harness.clock.active import Process, current
from harness.clock.replacements import HARNESS
from harness.clock.thread_locks import SimLock, of_module, release_locks_of
from harness.clock.virtual import virtual_time
from harness.loader.modules import import_file
from harness.plan import Fault, FaultPlan, Preemption
from harness.runner import run_once
from harness.saga import Claim, Json, SagaSpec, Status, Step
from harness.scenario import Scenario
from harness.worlds.sim import SimWorld
from tests.planted.kit import SHOP

LOCK = threading.Lock()


class Keeps:
    lock = threading.RLock()


def book(ctx: SagaContext, input_: Json) -> Json:
    """Takes both locks of the module, and one twice."""
    del input_
    with LOCK, Keeps.lock, Keeps.lock:
        for step, where in (("hold", "stock/holds"), ("charge", "bank/charges")):
            participant, _, path = where.partition("/")
            ctx.client.post(
                f"{ctx.urls[participant]}/{path}",
                json={"saga_id": ctx.saga_id},
                headers={"Idempotency-Key": f"{ctx.saga_id}:{step}"},
                timeout=1.0,
            )
    return {"status": "completed"}


SCENARIO = Scenario(
    name="locked",
    spec=SagaSpec(
        name="locked",
        steps=(
            Step(name="hold", action="stock.hold.create", compensation="stock.hold.delete_by_saga"),
            Step(name="charge", action="bank.charge.create", compensation="bank.charge.delete_by_saga"),
        ),
        claims=frozenset({Claim.LOST_REPLY, Claim.PROCESS_DEATH}),
    ),
    participants=SHOP[:2],
    saga=CallableSaga(book, "locked", durable=True),
    inputs=({},),
)


def statuses(plan: FaultPlan) -> list[Status | None]:
    with SimWorld() as world:
        run = run_once(SCENARIO, {}, plan, world)
    assert [one.message for one in run.judgements if one.message] == []
    return [one.status for one in run.view.sagas]


def test_a_lock_of_the_module_is_waited_for_by_another_saga() -> None:
    held = Preemption(saga=1, operation="bank.charge.create", run=2)
    assert statuses(FaultPlan((), (held,), 2)) == [Status.COMPLETED] * 2


@pytest.mark.parametrize("where", ["on_arrival", "applied", "answered"])
def test_who_dies_holds_it_no_longer(where: str) -> None:
    crash = Fault(kind="crash", operation="bank.charge.create", variant=where)
    assert statuses(FaultPlan((crash,))) == [Status.COMPLETED]


def in_a_run(do: Any) -> None:
    virtual_time.install()
    with virtual_time.active(Scheduler(), seed="locks"):
        do()


def test_one_that_is_never_freed_is_a_deadlock() -> None:
    def do() -> None:
        lock = threading.Lock()
        with lock, pytest.raises(DeadLock):
            lock.acquire()
        assert lock.acquire(timeout=1.0)
        assert not lock.acquire(timeout=1.0)
        assert not lock.acquire(blocking=False)
        assert lock.locked()

    in_a_run(do)


def test_a_condition_waits_by_them() -> None:
    def do() -> None:
        condition = threading.Condition()
        with condition, condition:
            assert not condition.wait(timeout=2.0)
        run = current()
        assert run is not None
        assert run.scheduler.now_s == 2.0
        with pytest.raises(RuntimeError):
            condition.notify()

    in_a_run(do)


def test_processes_of_one_saga_keep_nobody_out_and_the_dead_hold_nothing() -> None:
    def do() -> None:
        run = current()
        assert run is not None
        lock = threading.Lock()
        first, elsewhere, another = (
            Process(pid=1, host="node1", saga="a"),
            Process(pid=2, host="node2", saga="a"),
            Process(pid=3, host="node1", saga="b"),
        )
        run.process = first
        assert lock.acquire()
        run.process = elsewhere
        assert lock.acquire(blocking=False)
        run.process = another
        assert not lock.acquire(blocking=False)
        release_locks_of(run, 1)
        release_locks_of(run, 2)
        assert lock.acquire(blocking=False)

    in_a_run(do)


def test_outside_of_a_run_they_are_the_real_ones() -> None:
    real = _thread.allocate_lock()
    lock = of_module(real)
    assert isinstance(lock, SimLock)
    with lock:
        assert real.locked()
        assert lock.locked()
    assert not real.locked()
    assert of_module("no lock") is None


def test_locks_of_user_code_that_is_loaded_are_replaced_wherever_it_keeps_them(tmp_path: Path) -> None:
    virtual_time.install_locks()
    (tmp_path / "keeps.py").write_text(
        "import queue, threading\nLOCKS = {'a': threading.Lock()}\nHELD = queue.Queue()\n"
    )
    module = import_file(tmp_path / "keeps.py", "here")
    assert isinstance(module.LOCKS["a"], SimLock)
    assert isinstance(module.HELD.mutex, SimLock)
    with module.LOCKS["a"]:
        assert module.LOCKS["a"].locked(), "a real one outside of a run"


def test_what_the_harness_makes_stays_real() -> None:
    made: dict[str, Any] = {"threading": threading}
    exec(compile("lock = threading.Lock()", str(HARNESS) + "made.py", "exec"), made)
    assert not isinstance(made["lock"], SimLock)
