"""What the wire does with the lifecycle's commands, and what it tells it of processes."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.adapter import Returned
from harness.lifecycle import Struck
from harness.process_faults import Boundary, ProcessFault
from harness.saga import Status
from harness.worlds.wire.due import DueFault
from harness.worlds.wire.executor_registry import ExecutorRegistry
from harness.worlds.wire.executors.running import Place
from harness.worlds.wire.executors.stage import Stage
from harness.worlds.wire.executors.supervisor import Supervisor
from harness.worlds.wire.run_signals import RunSignals


class Process:
    """An executor that takes note of what it is sent."""

    cancelled = False

    def __init__(self, *, over: bool, cancellable: bool = True) -> None:
        self._over = over
        self.cancellable = cancellable
        self.sent: list[str] = []

    def over(self) -> bool:
        return self._over

    def kill(self) -> None:
        self.sent.append("kill")

    def freeze(self) -> None:
        self.sent.append("freeze")

    def cancel(self) -> None:
        self.sent.append("cancel")

    def reap(self) -> None: ...

    def left(self) -> tuple[()]:
        return ()


def supervised(process: Process, monkeypatch: pytest.MonkeyPatch) -> tuple[Supervisor, list[Place]]:
    """One whose first executor has started, and that waits for nobody."""
    places: list[Place] = []

    def start(place: Place) -> Process:
        places.append(place)
        return process

    lock = threading.RLock()
    signals = RunSignals(lock, Future)
    traffic = SimpleNamespace(
        lock=lock,
        signals=signals,
        executors=ExecutorRegistry(lock, signals),
        injector=SimpleNamespace(restarted=lambda: None),
        calls=SimpleNamespace(abandon=lambda executor: None),
        times=SimpleNamespace(ended=lambda executor: None),
    )
    stage = SimpleNamespace(traffic=traffic, urls=lambda endpoint_set: {}, started=lambda command: None)
    starter = SimpleNamespace(endpoint_set=None, start=start, close=lambda: None)
    supervisor = Supervisor(cast("Stage", stage), cast("Any", starter))
    monkeypatch.setattr(supervisor, "_until_quiet", lambda: None)
    supervisor.run()
    return supervisor, places


def due(process_fault: ProcessFault, told: list[str], executor: int = 1) -> DueFault:
    return DueFault(
        executor=executor,
        struck=Struck(call=1, fault=process_fault, boundary=Boundary.APPLIED),
        first=lambda: told.append("first"),
        record=lambda: told.append("recorded"),
    )


SIGNALS = {
    ProcessFault.CRASH: "kill",
    ProcessFault.MOVE: "kill",
    ProcessFault.RACE: "kill",
    ProcessFault.FREEZE: "freeze",
    ProcessFault.CANCEL: "cancel",
}


@pytest.mark.parametrize("process_fault", SIGNALS)
@pytest.mark.parametrize("over", [False, True])
def test_no_signal_reaches_a_process_that_is_over(
    monkeypatch: pytest.MonkeyPatch, process_fault: ProcessFault, *, over: bool
) -> None:
    process, told = Process(over=over), list[str]()
    supervisor, _ = supervised(process, monkeypatch)
    assert supervisor.inject(due(process_fault, told)) is not over
    assert process.sent == ([] if over else [SIGNALS[process_fault]])
    assert told == ([] if over else ["first", "recorded"])
    supervisor.close()


@pytest.mark.parametrize("process_fault", [ProcessFault.CRASH, ProcessFault.FREEZE])
def test_who_dies_as_it_ends_is_killed_for_a_service_lives_on(
    monkeypatch: pytest.MonkeyPatch, process_fault: ProcessFault
) -> None:
    """One that is frozen as it ends has nothing left to do: its word is kept back."""
    process, told = Process(over=False), list[str]()
    supervisor, _ = supervised(process, monkeypatch)
    supervisor._traffic.times.ended = lambda executor: due(process_fault, told)  # type: ignore[method-assign]
    (running,) = supervisor._awaited()
    supervisor._finished(running, Returned(status=Status.COMPLETED))
    assert (process.sent, told) == (["kill"] if process_fault.kills else [], ["first", "recorded"])
    assert supervisor._awaited() == []
    assert supervisor.last_word == Returned()
    supervisor.close()


def test_who_cannot_be_cancelled_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    process, told = Process(over=False, cancellable=False), list[str]()
    supervisor, _ = supervised(process, monkeypatch)
    assert not supervisor.inject(due(ProcessFault.CANCEL, told))
    assert (process.sent, told) == ([], [])
    supervisor.close()


def test_a_cancel_reaches_a_process_once(monkeypatch: pytest.MonkeyPatch) -> None:
    process, told = Process(over=False), list[str]()
    supervisor, _ = supervised(process, monkeypatch)
    assert supervisor.inject(due(ProcessFault.CANCEL, told))
    assert not supervisor.inject(due(ProcessFault.CANCEL, told))
    assert (process.sent, told) == (["cancel"], ["first", "recorded"])
    supervisor.close()


@pytest.mark.parametrize(("process_fault", "endpoint_set"), [(ProcessFault.CRASH, 1), (ProcessFault.MOVE, 2)])
def test_another_node_has_another_endpoint_set(
    monkeypatch: pytest.MonkeyPatch, process_fault: ProcessFault, endpoint_set: int
) -> None:
    process = Process(over=False)
    supervisor, places = supervised(process, monkeypatch)
    assert supervisor.inject(due(process_fault, []))
    monkeypatch.setattr("harness.worlds.wire.executors.supervisor.monotonic_s", lambda: 1e12)
    supervisor._report_due()
    assert [(place.executor, place.endpoint_set, place.node) for place in places] == [
        (1, 1, 1),
        (2, endpoint_set, endpoint_set),
    ]
    supervisor.close()
