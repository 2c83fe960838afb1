"""Sees the store change between two calls of an executor, and asks for the crash that is due there.

A change is a content of the store that a crash would leave behind, and that was not there since the
last call ended, or since the executor began: a crash at the same content would be the same crash.
Refuses to know how files are watched (`harness.clock.writes`) and how an executor dies (`supervisor`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.faults.engine import FaultMatch
from harness.faults.in_flight import InFlightCall
from harness.faults.injector import FaultInjector
from harness.history import StoreChanged
from harness.worlds.sim.store import Content, Store


@dataclass(slots=True, kw_only=True, eq=False)
class Gap:
    """Between two calls of an executor. `in_flight`: the call that ended last; None before the first one.

    states: the contents of the store so far; the one at the beginning is the first.
    """

    in_flight: InFlightCall | None
    states: list[Content]

    def state(self, content: Content) -> tuple[int, bool]:
        """The number of a content, and whether it is new."""
        if content in self.states:
            return self.states.index(content), False
        self.states.append(content)
        return len(self.states) - 1, True


class StoreWatch:
    """Of one run.

    struck: the executor that runs, where a process fault may strike it. inject: a process fault is due
    after a call of an executor, or before its first one.
    """

    def __init__(
        self,
        injector: FaultInjector,
        struck: Callable[[], int | None],
        inject: Callable[[int, InFlightCall | None, FaultMatch], None],
    ) -> None:
        self._injector = injector
        self._struck = struck
        self._inject = inject
        self._stores: dict[int, Store] = {}
        self._saga_ids: dict[int, str] = {}
        self._gaps: dict[int, Gap] = {}  # of executors that are between two calls

    # When an executor is between two calls -----------------------------------------------------

    def began(self, executor: int, saga_id: str, store: Store) -> None:
        """It has sent nothing yet."""
        self._saga_ids[executor] = saga_id
        self._stores[executor] = store
        self._gaps[executor] = Gap(in_flight=None, states=[store.content])

    def sending(self, executor: int) -> None:
        """A call is under way."""
        self._gaps.pop(executor, None)

    def ended(self, in_flight: InFlightCall) -> None:
        """A call of an executor ended, however."""
        content = self._stores[in_flight.executor].content
        self._gaps[in_flight.executor] = Gap(in_flight=in_flight, states=[content])

    # What the files say ------------------------------------------------------------------------

    def holds(self, path: str) -> bool:
        """Whether a file lies in a store of this run."""
        return any(store.holds(path) for store in self._stores.values())

    def changed(self) -> None:
        """The running executor changed something; where a crash is due here, this does not return."""
        executor = self._struck()
        if executor is None or not self._stores[executor].look():
            return
        gap = self._gaps.get(executor)
        if gap is None:
            return
        state, new = gap.state(self._stores[executor].content)
        recorder = self._injector.recorder
        recorder.add(
            StoreChanged(
                t_s=recorder.now_s(),
                executor=executor,
                saga_id=self._saga_ids[executor],
                call=0 if gap.in_flight is None else gap.in_flight.call,
                state=state,
            )
        )
        strike = self._due(executor, gap, state) if new else None
        if strike is not None:
            self._inject(executor, gap.in_flight, strike)

    def _due(self, executor: int, gap: Gap, change: int) -> FaultMatch | None:
        engine, in_flight = self._injector.engine, gap.in_flight
        if in_flight is None:
            return engine.at_start(change, self._injector.saga_number(self._saga_ids[executor]))
        if in_flight.matched is None:
            return None
        due = engine.after(
            in_flight.matched, in_flight.nth, in_flight.direction, in_flight.saga, in_flight.nth_of_saga
        )
        return next((strike for moment, strike in due if moment.change == change), None)
