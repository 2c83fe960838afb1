"""Several sagas in one run whose executors are processes: each has a supervisor, on a thread of its own.

So one may die, freeze or move while others go on, and commands take turns, for each executor has addresses of
its own. Owns whose executor a fault strikes. Refuses services: all sagas share the process of one.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from harness.adapter import CallableSaga, Returned, SagaAdapter
from harness.adapter.subprocess import SubprocessSaga
from harness.clock.real import monotonic_s, sleep_s
from harness.errors import SagaChaosError, UsageError, misplaced
from harness.worlds.wire.due import DueFault
from harness.worlds.wire.executors import command, hosted
from harness.worlds.wire.executors.running import Starter
from harness.worlds.wire.executors.stage import Stage
from harness.worlds.wire.executors.supervisor import Among, Supervisor


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """One saga of the run. number: from 1. at_s: when it starts, in seconds from the first one's start."""

    number: int
    at_s: float
    supervisor: Supervisor


class SideBySideProcesses:
    """Satisfies `Executors`. stages, at_s: of each saga."""

    def __init__(self, saga: SagaAdapter, stages: Sequence[Stage], at_s: Sequence[float]) -> None:
        """Raises UsageError for a saga whose executors are no processes of their own."""
        self._traffic = stages[0].traffic
        among = Among()
        self._members = [
            _Member(
                number=number,
                at_s=at,
                supervisor=Supervisor(stage, _starter(saga, stage, len(stages)), among),
            )
            for number, (stage, at) in enumerate(zip(stages, at_s, strict=True), 1)
        ]
        self._traffic.executors.inject_with(self._inject)
        self._error: SagaChaosError | None = None

    @property
    def last_word(self) -> Returned:
        """The first one's: there is no last."""
        return self._members[0].supervisor.last_word

    def run(self) -> None:
        """All of them, to their ends. Raises SagaChaosError where one cannot be started at all."""
        began_s = monotonic_s()
        if self._traffic.door is not None:
            self._traffic.door.open()
        threads = [
            threading.Thread(target=self._work, args=(one, began_s), name=f"saga-{one.number}", daemon=True)
            for one in self._members
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._error is not None:
            raise self._error

    def call_again(self) -> bool:
        """Those whose last word was `running`."""
        again = [one.supervisor.call_again() for one in self._members]  # of all, not up to the first
        return any(again)

    def interrupt(self) -> None:
        for one in self._members:
            one.supervisor.interrupt()

    def run_on(self, until_s: float) -> None:
        for one in self._members:
            one.supervisor.run_on(until_s)

    def left(self) -> list[str]:
        return [told for one in self._members for told in one.supervisor.left()]

    def close(self) -> None:
        for one in self._members:
            one.supervisor.close()

    def _work(self, one: _Member, began_s: float) -> None:
        door = self._traffic.door
        try:
            if door is not None:
                door.begins(one.number)
            while (left_s := began_s + one.at_s - monotonic_s()) > 0:
                sleep_s(left_s)
            one.supervisor.run()
        except SagaChaosError as error:
            self._error = self._error or error
            if door is not None:
                door.heal()
        else:
            if door is not None:
                door.left(one.number)

    def _inject(self, due: DueFault) -> bool:
        """Under the lock: one of them has the executor that it strikes, or nobody any more."""
        return any(one.supervisor.inject(due) for one in self._members)


def _starter(saga: SagaAdapter, stage: Stage, sagas: int) -> Starter:
    if isinstance(saga, SubprocessSaga):
        return command.starter(saga, stage)
    if isinstance(saga, CallableSaga):
        return hosted.starter(stage)
    where = f"scenario {stage.scenario.name!r}, world wire, sagas"
    expected = "1: sagas at one service share its process, so none of them can die or freeze alone"
    raise UsageError(misplaced(where, sagas, expected))
