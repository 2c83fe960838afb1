"""How a saga is run in real time: one module for each shape that it comes in.

Owns calling it, its executors from the first to the last, and dealing them the blows of a plan.
Refuses to decide when faults end, and what a call means.

    stage        what a run gives its executors, and how they are recorded
    callable     a function, in this process; a coroutine can be cancelled
    running      what is asked of an executor, and of who starts it
    supervisor   processes: several at once, killed, frozen, woken, started again
    command      a command for each executor
    hosted       a function that has to die: a command that runs it
    service      an HTTP service, one process for all executors

A new adapter is a module here, and a line in `_MAKERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from harness.adapter import SagaAdapter
from harness.blows import Blow
from harness.errors import UsageError, misplaced
from harness.faults import KINDS
from harness.plan import FaultPlan
from harness.worlds.wire.executors.stage import Executors, Stage

Make = Callable[[SagaAdapter, Stage, FaultPlan], Executors]

_MAKERS = {
    "CallableSaga": "callable",
    "SubprocessSaga": "command",
    "HttpSaga": "service",
}
"""Adapter to the module here whose `make` runs it; imported when it is first needed."""


def in_processes(saga: SagaAdapter, plan: FaultPlan) -> bool:
    """Whether the saga runs outside this process: it always does, or the plan asks for its death."""
    if "sim" not in saga.worlds:
        return True
    return any(KINDS[fault.kind].blow not in (None, Blow.CANCEL) for fault in plan.faults)


def executors_for(saga: SagaAdapter, stage: Stage, plan: FaultPlan) -> Executors:
    """Of one run. Raises UsageError for a saga of a shape that the wire cannot run."""
    if "sim" in saga.worlds and in_processes(saga, plan):
        hosted: Make = import_module(f"{__name__}.hosted").make
        return hosted(saga, stage, plan)
    names = [one.__name__ for one in type(saga).__mro__]
    module = next((_MAKERS[name] for name in names if name in _MAKERS), None)
    if module is None:
        where = f"scenario {stage.scenario.name!r}, saga {saga.name!r}"
        raise UsageError(misplaced(where, type(saga).__name__, f"one of {', '.join(_MAKERS)}"))
    make: Make = import_module(f"{__name__}.{module}").make
    return make(saga, stage, plan)


__all__ = ["Executors", "Stage", "executors_for", "in_processes"]
