"""Sagas that are processes, written for these tests: a journal behind a command, and behind HTTP."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from harness.adapter import SagaAdapter
from harness.adapter.http import HttpSaga
from harness.adapter.subprocess import SubprocessSaga
from harness.history import ExecutorBegan, ExecutorStruck, ExecutorWoken
from harness.plan import Fault, FaultPlan
from harness.runner import Run, run_once
from harness.saga import Claim
from harness.scenario import Scenario
from harness.worlds.wire import WireWorld
from tests.wire.orders import CHARGE, PARTICIPANTS, SPEC

PROGRAMS = Path(__file__).parent / "programs"
RESERVE = "inventory.reservation.create"
PYTHON = (sys.executable, "-S", "-E")


def scenario(saga: SagaAdapter, *, time_limit_s: float = 6.0, patience_s: float = 3.0) -> Scenario:
    return Scenario(
        name="journal",
        spec=replace(SPEC, claims=frozenset(Claim)),
        participants=PARTICIPANTS,
        saga=saga,
        time_limit_s=time_limit_s,
        patience_s=patience_s,
    )


def journal(forgets: str = "", **rest: float) -> Scenario:
    command = (*PYTHON, str(PROGRAMS / "journal.py"))
    return scenario(SubprocessSaga(command=command, cwd=PROGRAMS, env={"SAGA_FORGETS": forgets}), **rest)


def service(forgets: str = "", *, port: int | None = None) -> Scenario:
    port = port or free_port()
    saga = HttpSaga(
        base_url=f"http://127.0.0.1:{port}",
        start=(*PYTHON, str(PROGRAMS / "service.py"), str(port)),
        cwd=PROGRAMS,
        env={"SAGA_FORGETS": forgets},
    )
    return scenario(saga)


def free_port() -> int:
    """Of the kernel's choice, which is never one that a proxy takes."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def command(folder: Path, code: str, **rest: float) -> Scenario:
    """A saga that is these lines of Python."""
    (folder / "saga.py").write_text(code)
    return scenario(SubprocessSaga(command=(*PYTHON, "saga.py"), cwd=folder), **rest)


def plan(kind: str, operation: str = CHARGE, **rest: object) -> FaultPlan:
    return FaultPlan((Fault(kind=kind, operation=operation, **rest),))  # type: ignore[arg-type]


def run(world: WireWorld, of: Scenario, *plans: FaultPlan) -> Run:
    faults = tuple(fault for one in plans for fault in one.faults)
    return run_once(of, of.inputs[0], FaultPlan(faults), world)


def violated(done: Run) -> dict[str, str]:
    return {one.invariant: one.message for one in done.violated}


def statuses(done: Run) -> list[str | None]:
    return [saga.status and str(saga.status) for saga in done.view.sagas]


def executors(done: Run) -> list[tuple[int, bool, int]]:
    """(number, resumed, node)."""
    began = [event for event in done.history.events if isinstance(event, ExecutorBegan)]
    return [(one.executor, one.resumed, one.node) for one in began]


def process_faults(done: Run) -> list[tuple[int, int, str, str]]:
    """(executor, call, process fault, boundary)."""
    struck = [event for event in done.history.events if isinstance(event, ExecutorStruck)]
    return [(one.executor, one.call, str(one.process_fault), str(one.boundary)) for one in struck]


def woken(done: Run) -> list[int]:
    return [event.executor for event in done.history.events if isinstance(event, ExecutorWoken)]


Make = Callable[..., Scenario]
