"""A function that has to die: a host process calls it (`harness.adapter.host`)."""

from __future__ import annotations

from pathlib import Path

from harness.adapter import CallableSaga, Returned, SagaAdapter
from harness.adapter.host import line, read_host
from harness.errors import UsageError, misplaced
from harness.processes import Group
from harness.worlds.wire.executors.command import Commands, RunningCommand
from harness.worlds.wire.executors.stage import Executors, Stage
from harness.worlds.wire.executors.supervisor import Supervisor

LOADER = "harness.loading:load"
"""By name, for the loader knows every registered scenario, and this room none."""


def make(saga: SagaAdapter, stage: Stage) -> Executors:
    """A host for each executor. Raises UsageError for a scenario that another process cannot load."""
    assert isinstance(saga, CallableSaga)
    return Supervisor(stage, starter(stage))


def starter(stage: Stage) -> Hosts:
    """What starts them. Raises UsageError for a scenario that another process cannot load."""
    reference = stage.scenario.reference
    if not reference:
        where = f"scenario {stage.scenario.name!r}: its process is to be struck"
        expected = (
            "one by which a process of its own can load it: a registered name, a saga.toml, FILE.py:OBJECT"
        )
        raise UsageError(misplaced(where, "no reference", expected))
    return Hosts(stage, line=line(LOADER, reference), cwd=Path.cwd(), env={})


class Hosts(Commands):
    """Starts hosts."""

    def running(self, group: Group) -> RunningCommand:
        return Hosted(group)


class Hosted(RunningCommand):
    """A host. It can be cancelled, as its function can."""

    cancellable = True

    def returned(self) -> Returned | None:
        code = self._group.exit_code()
        if code is None:
            return None
        returned, self.cancelled = read_host(self._group.stdout(), self._group.stderr(), code)
        return returned

    def cancel(self) -> None:
        self._group.ask_to_cancel()
