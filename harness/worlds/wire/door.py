"""The door of a run of several sagas on the wire: a call is held at the fault injector, before it is applied.

Its caller waits meanwhile, and its read time-out runs. One that leaves has lost its request, by our doing.
Refuses to hold calls itself (`harness.lifecycle.door`).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from harness.history import Recorder
from harness.lifecycle import Door, Turns
from harness.participant import Response
from harness.plan import FaultPlan
from harness.worlds.wire.call import WireCall

HELD = "held"
"""What is recorded in place of a toxic where a caller left while its call was held."""


class WireDoor:
    """Of one run. lock: the run's own. Calls wait on `loop`; sagas begin on threads of their own."""

    def __init__(
        self,
        plan: FaultPlan,
        recorder: Recorder,
        saga_ids: Sequence[str],
        *,
        lock: threading.RLock,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._lock = lock
        self._loop = loop
        self._turn = [threading.Event() for _ in saga_ids]
        self._door = Door(Turns(plan), recorder, saga_ids, lambda saga: self._turn[saga - 1].set())

    def open(self) -> None:
        """The first saga begins."""
        with self._lock:
            self._door.open()

    def begins(self, saga: int) -> None:
        """Wait on its thread until a saga may begin: its turn has come, or all has healed."""
        self._turn[saga - 1].wait()

    async def comes(self, call: WireCall) -> bool:
        """A call has arrived: wait until its saga goes on. Whether its caller still waits then."""
        saga, matched = self._saga(call), call.in_flight.matched
        if saga is None:
            return True
        passed = asyncio.Event()
        went = [False]

        def go_on() -> None:
            went[0] = True
            self._loop.call_soon_threadsafe(passed.set)

        operation = None if matched is None else matched.operation.name
        with self._lock:
            self._door.comes(
                saga,
                operation,
                call.in_flight.call,
                go_on,
            )
            call.held = not went[0]
        await passed.wait()
        return not call.in_flight.progress.over

    def answered(self, call: WireCall, response: Response) -> None:
        """A saga was answered."""
        saga = self._saga(call)
        if saga is not None and call.in_flight.fault_match is None:
            with self._lock:
                self._door.answered(saga, call.in_flight.mark(response))

    def left(self, saga: int) -> None:
        """A saga ended."""
        with self._lock:
            self._door.left(saga)

    def heal(self) -> None:
        """Nobody is held any longer."""
        with self._lock:
            self._door.heal()

    def _saga(self, call: WireCall) -> int | None:
        """That of the executor, where it is known, else the one that the call names; None: no saga's."""
        return call.in_flight.executor if call.tagged else call.in_flight.saga
