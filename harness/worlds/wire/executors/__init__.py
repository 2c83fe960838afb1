"""How a saga is run in real time: one module for each shape that it comes in.

Owns calling it, its executors from the first to the last, and injecting the process faults of a plan.
Refuses to decide when faults end, and what a call means.

    stage        what a run gives its executors, and how they are recorded
    callable     a function, in this process; `function_calls` calls it; a coroutine can be cancelled,
                 and runs on the loop of the runs before it (`kept_loops`)
    running      what is asked of an executor, and of who starts it
    supervisor   processes: several at once, killed, frozen, woken, started again
    command      a command for each executor
    hosted       a function that has to die: a command that runs it
    side_by_side several sagas in one run, each on a thread of its own; `side_by_side_processes` where
                 one is to die, or commands take turns
    service      an HTTP service, one process for all executors (`service_process`), and for many runs
                 (`kept_services`); it may make ids of its own (`made_ids`)

Which of them runs a saga, its adapter says (`harness.loader.adapters`).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from harness.adapter import SagaAdapter
from harness.errors import UsageError, misplaced
from harness.loader.adapters import ADAPTERS, launched_by
from harness.worlds.wire.executors.stage import Executors, Stage

Make = Callable[[SagaAdapter, Stage], Executors]


def executors_for(saga: SagaAdapter, stage: Stage, *, processes: bool) -> Executors:
    """Of one run. processes: it has to run outside this one.

    Raises UsageError for a saga of a class that no adapter launches.
    """
    found = launched_by(saga)
    if found is None:
        classes = [one.launch.makes.__name__ for one in ADAPTERS.values() if one.launch is not None]
        where = f"scenario {stage.scenario.name!r}, saga {saga.name!r}"
        raise UsageError(misplaced(where, type(saga).__name__, f"one of {', '.join(classes)}"))
    _, launch = found
    by = launch.killable if launch.killable and processes else launch.by
    module, _, name = by.partition(":")
    make: Make = getattr(import_module(module), name)
    return make(saga, stage)


__all__ = ["Executors", "Stage", "executors_for"]
