"""A fault of a process fires once all that it means has happened; what was half done did not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.faults.carried_out import carried_out
from harness.faults.enabled import NO_OTHER_NODE, EnabledFaults
from harness.history import (
    ExecutorBegan,
    ExecutorEnded,
    ExecutorStruck,
    ExecutorWoken,
    FaultFired,
    FaultUnconfirmed,
    History,
    RunBegan,
)
from harness.history.events import AnyEvent
from harness.process_faults import Boundary, ProcessFault
from harness.saga import Claim
from tests.wire.orders import CHARGE, probe
from tests.wire.orders import scenario as of_a_callable

SAGA = "saga-1"
ORDER = of_a_callable(probe)
KINDS = {
    ProcessFault.CRASH: "crash",
    ProcessFault.MOVE: "move",
    ProcessFault.RACE: "race",
    ProcessFault.FREEZE: "pause",
    ProcessFault.START_AGAIN: "start_twice",
}


def began(executor: int, *, resumed: bool = True, node: int = 1) -> ExecutorBegan:
    return ExecutorBegan(t_s=0, executor=executor, saga_id=SAGA, resumed=resumed, node=node)


def ended(executor: int) -> ExecutorEnded:
    return ExecutorEnded(t_s=0, executor=executor, saga_id=SAGA, status="completed")


def woken(executor: int) -> ExecutorWoken:
    return ExecutorWoken(t_s=0, executor=executor, saga_id=SAGA)


def history(process_fault: ProcessFault, *after: AnyEvent) -> History:
    struck = ExecutorStruck(
        t_s=0, executor=1, saga_id=SAGA, call=3, process_fault=process_fault, boundary=Boundary.APPLIED
    )
    first = RunBegan(t_s=0, scenario="s", world="wire", saga_ids=(SAGA,), input={})
    fired = FaultFired(t_s=0, call=3, fault=0, kind=KINDS[process_fault])
    return History((first, began(1, resumed=False), struck, fired, *after))


WHOLE: dict[str, tuple[ProcessFault, tuple[AnyEvent, ...]]] = {
    "crash": (ProcessFault.CRASH, (began(2),)),
    "move": (ProcessFault.MOVE, (began(2, node=2),)),
    "race": (ProcessFault.RACE, (began(2), began(3), ended(2), ended(3))),
    "pause": (ProcessFault.FREEZE, (began(2), ended(2), woken(1), ended(1))),
    "start_twice": (ProcessFault.START_AGAIN, (began(2, resumed=False),)),
}
HALF: dict[str, tuple[ProcessFault, tuple[AnyEvent, ...]]] = {
    "nobody resumed": (ProcessFault.CRASH, ()),
    "resumed where it was": (ProcessFault.MOVE, (began(2),)),
    "the second never began": (ProcessFault.RACE, (began(2), ended(2))),
    "the second began once the first had ended": (ProcessFault.RACE, (began(2), ended(2), began(3))),
    "nobody took over": (ProcessFault.FREEZE, (woken(1), ended(1))),
    "it never woke": (ProcessFault.FREEZE, (began(2), ended(2))),
    "it woke before another began": (ProcessFault.FREEZE, (woken(1), began(2))),
    "it was never started": (ProcessFault.START_AGAIN, (ended(1),)),
    "it was resumed, not started": (ProcessFault.START_AGAIN, (began(2),)),
}


@pytest.mark.parametrize("name", WHOLE)
def test_what_was_carried_out_fired(name: str) -> None:
    process_fault, after = WHOLE[name]
    of = history(process_fault, *after)
    assert carried_out(of) == of
    assert of.fired() == {0}


@pytest.mark.parametrize("name", HALF)
def test_what_was_half_done_did_not_fire(name: str) -> None:
    process_fault, after = HALF[name]
    before = history(process_fault, *after)
    done = carried_out(before)
    assert done.fired() == frozenset()
    [told] = done.unconfirmed()
    assert (told.call, told.fault, told.kind, told.void) == (3, 0, KINDS[process_fault], False)
    assert "expected" in told.reason
    assert len(done.events) == len(before.events)  # evidence is given by index
    assert not done.void


def test_of_two_deaths_each_has_its_own_successor() -> None:
    once = history(ProcessFault.CRASH, began(2))
    again = ExecutorStruck(
        t_s=0, executor=2, saga_id=SAGA, call=5, process_fault=ProcessFault.CRASH, boundary=Boundary.APPLIED
    )
    receipt = FaultFired(t_s=0, call=5, fault=1, kind="crash")
    done = carried_out(History((*once.events, again, receipt)))
    assert done.fired() == {0}
    assert [one.fault for one in done.unconfirmed()] == [1]
    assert carried_out(History((*once.events, again, receipt, began(3)))).fired() == {0, 1}


def test_another_node_by_its_variable_alone_is_none() -> None:
    whole = history(ProcessFault.MOVE, began(2, node=2))
    done = carried_out(whole, own_hosts=False)
    assert done.fired() == frozenset()
    [told] = done.unconfirmed()
    assert isinstance(told, FaultUnconfirmed)
    assert "HOSTNAME" in told.reason
    assert carried_out(whole, own_hosts=True).fired() == {0}


def test_other_faults_are_left_alone() -> None:
    of = History(
        (*history(ProcessFault.CRASH, began(2)).events, FaultFired(t_s=0, call=4, fault=1, kind="reject"))
    )
    assert carried_out(of) == of


def test_where_no_process_has_a_host_name_of_its_own_no_other_node_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of = replace(ORDER, spec=replace(ORDER.spec, claims=frozenset(Claim)))
    monkeypatch.setattr("harness.processes.hosts.permitted", lambda: False)
    told = {one.kind: one.reason for one in EnabledFaults(of, "wire").impossible(CHARGE)}
    assert told["move"] == NO_OTHER_NODE
    assert "move" in {one.kind.name for one in EnabledFaults(of, "sim").possible[CHARGE]}
    monkeypatch.setattr("harness.processes.hosts.permitted", lambda: True)
    assert "move" in {one.kind.name for one in EnabledFaults(of, "wire").possible[CHARGE]}
