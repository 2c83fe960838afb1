"""A lock on a file dies with the process that holds it, in sim as under an operating system."""

from __future__ import annotations

import fcntl
import os
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.adapter import CallableSaga, SagaContext
from harness.clock import Scheduler, virtual_time
from harness.clock.active import FIRST_PROCESS, Process, current
from harness.clock.locks import unlock_files_of
from harness.history import ExecutorEnded
from harness.plan import Fault, FaultPlan
from harness.saga import Json, SagaStart, Status
from harness.worlds.sim import SimWorld
from tests.unit.sim.journal import plan_of, scenario_of

HOLD = "stock.hold.create"
TWICE = Fault(kind="start_twice", operation=HOLD, variant="later")
"""As the first is about to make its second call."""


def locking(lock: Any) -> CallableSaga:
    """Who does not get the lock says running; who gets it makes two calls, and keeps it meanwhile."""

    async def saga(ctx: SagaContext, input_: Json) -> Json:
        assert isinstance(ctx.client, httpx.AsyncClient)
        with (ctx.store_dir / "lock").open("w") as file:
            try:
                lock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return {"status": "running"}
            for at, what in (("stock", "holds"), ("bank", "charges"), ("post", "parcels")):
                key = {"Idempotency-Key": f"{ctx.saga_id}:{what}"}
                await ctx.client.post(f"{ctx.urls[at]}/{what}", json={}, headers=key, timeout=0.5)
            return {"status": "completed"}

    return CallableSaga(saga, "locking", durable=True)


def words(sim: SimWorld, plan: FaultPlan) -> list[str | None]:
    history = sim.run(scenario_of(locking(fcntl.flock)), [SagaStart(id="saga-1", input={})], plan)
    return [event.status for event in history.events if isinstance(event, ExecutorEnded)]


@pytest.mark.parametrize(("kind", "variant"), [("crash", "on_arrival"), ("move", "")])
def test_it_is_free_once_its_holder_is_dead_though_another_shares_the_store(
    sim: SimWorld, kind: str, variant: str
) -> None:
    death = Fault(kind=kind, operation="bank.charge.create", variant=variant)
    said = words(sim, plan_of(TWICE, death))
    assert set(said) == {Status.COMPLETED}


def test_it_is_held_while_its_holder_lives_or_stands_still(sim: SimWorld) -> None:
    assert words(sim, plan_of(TWICE)) == [Status.RUNNING, Status.COMPLETED]
    freeze = Fault(kind="pause", operation="post.parcel.create", variant="on_arrival")
    assert words(sim, plan_of(freeze))[:31] == [Status.RUNNING] * 31


def test_a_descriptor_that_another_process_locks_by_now_stays_locked(tmp_path: Path) -> None:
    with closing(Scheduler()) as scheduler, virtual_time.active(scheduler, seed="locks"):
        run = current()
        assert run is not None
        first = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(first, fcntl.LOCK_EX)
        os.close(first)
        run.process = Process(pid=2, host="node1")
        with (tmp_path / "lock").open() as second, (tmp_path / "lock").open() as third:
            assert second.fileno() == first
            fcntl.flock(second, fcntl.LOCK_EX)
            unlock_files_of(run, FIRST_PROCESS.pid)
            with pytest.raises(BlockingIOError):
                fcntl.flock(third, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unlock_files_of(run, 2)
            fcntl.flock(third, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(third, fcntl.LOCK_UN)
            assert run.locked == {}
