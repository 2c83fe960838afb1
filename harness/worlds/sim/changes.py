"""Sees the store change between two calls of an executor, and injects the crash that is due there.

A change is a content of the store that a crash would leave behind, and that was not there since the
last call ended, or since the executor began: a crash at the same content would be the same crash.
Refuses to know how files are watched (`harness.clock.writes`) and how an executor dies (`blows`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.faults.engine import Strike
from harness.faults.passage import Passage
from harness.history import StoreChanged
from harness.worlds.sim.store import Content

if TYPE_CHECKING:
    from harness.worlds.sim.executors import Executor
    from harness.worlds.sim.run import SimRun


@dataclass(slots=True, kw_only=True, eq=False)
class Gap:
    """Between two calls of an executor. `passage`: the call that ended last; None before the first one.

    states: the contents of the store so far; the one at the beginning is the first.
    """

    passage: Passage | None
    states: list[Content]

    def state(self, content: Content) -> tuple[int, bool]:
        """The number of a content, and whether it is new."""
        if content in self.states:
            return self.states.index(content), False
        self.states.append(content)
        return len(self.states) - 1, True


class StoreWatch:
    """Of one run."""

    def __init__(self, run: SimRun) -> None:
        self._run = run

    # When an executor is between two calls -----------------------------------------------------

    def began(self, executor: Executor) -> None:
        """It has sent nothing yet."""
        executor.gap = Gap(passage=None, states=[executor.store.content])

    def ended(self, passage: Passage) -> None:
        """A call of an executor ended, however."""
        executor = self._run.executors[passage.executor - 1]
        executor.gap = Gap(passage=passage, states=[executor.store.content])

    # What the files say ------------------------------------------------------------------------

    def holds(self, path: str) -> bool:
        """Whether a file lies in a store of this run."""
        return any(executor.store.holds(path) for executor in self._run.executors)

    def changed(self) -> None:
        """The running executor changed something; where a crash is due here, this does not return."""
        run = self._run
        running = run.crew.running
        if running is None or run.settled or run.crew.over is not None:
            return
        executor = run.executors[running.number - 1]
        if not executor.alive or not executor.store.look() or executor.gap is None:
            return
        gap = executor.gap
        state, new = gap.state(executor.store.content)
        run.recorder.add(
            StoreChanged(
                t_s=run.recorder.now_s(),
                executor=executor.number,
                saga_id=run.saga_id,
                call=0 if gap.passage is None else gap.passage.call,
                state=state,
            )
        )
        strike = self._due(gap, state) if new else None
        if strike is not None:
            run.dealer.fall_between(executor, gap.passage, strike)

    def _due(self, gap: Gap, change: int) -> Strike | None:
        engine, passage = self._run.door.engine, gap.passage
        if passage is None:
            return engine.at_start(change)
        if passage.matched is None:
            return None
        due = engine.after(passage.matched, passage.nth, passage.direction)
        return next((strike for moment, strike in due if moment.change == change), None)
