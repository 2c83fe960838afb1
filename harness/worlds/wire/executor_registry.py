"""The executors of one run, as its calls need to know them: whose call it is, and who injects a fault.

Owns which executor is in which endpoint set, and who lives. Refuses to start, end or strike anybody
(`executors`). Everything here is called under the lock of the run, or takes it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from harness.worlds.wire.due import DueFault
from harness.worlds.wire.run_signals import RunSignals

Inject = Callable[[DueFault], bool]
"""Injects a process fault that is due; whether it did."""


class ExecutorRegistry:
    """Of one run.

    Until `separate` was called, one executor runs after the other, and any call is that of the latest one.
    """

    def __init__(self, lock: threading.RLock, signals: RunSignals) -> None:
        self._lock = lock
        self._signals = signals
        self._latest = 0
        self._separate = False
        self._one_each = False
        self._occupants: dict[int, int] = {}  # endpoint set to executor
        self._endpoint_sets: dict[int, int] = {}  # executor to endpoint set, whether it lives or not
        self._live: set[int] = set()
        self._inject: Inject | None = None
        self._when_ended: list[Callable[[], object]] = []
        self._when_restarted: list[Callable[[int], object]] = []

    # Whose call it is -------------------------------------------------------------------------

    @property
    def latest(self) -> int:
        """The executor that began last; 0 where none has, or where sagas run side by side."""
        return 0 if self._one_each else self._latest

    def may_call(self, endpoint_set: int) -> bool:
        """Whether somebody may send a call there; else its sender is dead."""
        if not self._separate:
            return True
        return endpoint_set in self._occupants or (not endpoint_set and bool(self._occupants))

    def caller_at(self, endpoint_set: int) -> int:
        """Who sent a call that came through an endpoint set; 0: one that all of them share.

        0 where sagas run side by side: whose saga the call belongs to.
        """
        if not self._separate:
            return self.latest
        return self._occupants.get(endpoint_set) or max(self._occupants.values())

    # Who runs where ---------------------------------------------------------------------------

    def separate(self) -> None:
        """Executors run beside each other, each in an endpoint set."""
        self._separate = True

    def one_each(self) -> None:
        """Sagas run side by side, and each has one executor, which has the saga's number."""
        self._one_each = True

    def began(self, executor: int) -> None:
        """An executor begins."""
        self._latest = executor

    def settled_in(self, executor: int, endpoint_set: int) -> None:
        """It is there; what comes from there is its, unless the process of another serves both."""
        self._endpoint_sets[executor] = endpoint_set
        if self._occupants.get(endpoint_set) not in self._live:
            self._occupants[endpoint_set] = executor
        self._live.add(executor)

    def ended(self, executor: int) -> None:
        """It ended. Its endpoint set stays its own until another settles: what it left behind may call."""
        self._live.discard(executor)

    def killed(self, executor: int) -> None:
        """It is dead, and nothing comes from it any more."""
        self._live.discard(executor)
        endpoint_set = self._endpoint_sets[executor]
        if self._occupants.get(endpoint_set) == executor:
            del self._occupants[endpoint_set]

    def free_endpoint_set(self, elsewhere: int | None) -> int:
        """One that no living executor uses, counted from 1. elsewhere: nor did this executor."""
        with self._lock:
            taken = {self._endpoint_sets[executor] for executor in self._live}
            if elsewhere in self._endpoint_sets and elsewhere not in self._live:
                taken.add(self._endpoint_sets[elsewhere])
        return next(number for number in range(1, len(taken) + 2) if number not in taken)

    # Process faults ---------------------------------------------------------------------------

    def inject_with(self, inject: Inject | None) -> None:
        """Who injects process faults from now on; None: nobody any more."""
        with self._lock:
            self._inject = inject

    def inject(self, due: DueFault) -> bool:
        """A process fault is due; whether it was injected."""
        if self._signals.settling or self._inject is None:
            return False
        return self._inject(due)

    # Who wants to hear of them ----------------------------------------------------------------

    def when_ended(self, listener: Callable[[], object]) -> None:
        """It is called with each executor that ended by itself."""
        self._when_ended.append(listener)

    def when_restarted(self, listener: Callable[[int], object]) -> None:
        """It is called with each one that is about to come back, and after which call."""
        self._when_restarted.append(listener)

    def tell_ended(self) -> None:
        """One ended by itself."""
        for listener in self._when_ended:
            listener()

    def tell_restarted(self, call: int) -> None:
        """One that was struck at a call, or after it, is about to come back."""
        for listener in self._when_restarted:
            listener(call)
