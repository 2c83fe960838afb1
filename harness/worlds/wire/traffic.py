"""The parts of one run that its calls meet, built once and handed on together.

Owns the one lock that all of them share. Each part has a module and an owner of its own: the call log,
the registry of executors, the run's signals, what confirms a fault, when a process fault is due.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from harness.faults.injector import FaultInjector
from harness.participant import Response
from harness.plan import Site
from harness.views import LoopWatch
from harness.worlds.wire.call import WireCall
from harness.worlds.wire.call_log import Absences, CallLog
from harness.worlds.wire.confirmations import Confirmations
from harness.worlds.wire.door import WireDoor
from harness.worlds.wire.evidence import Evidence
from harness.worlds.wire.executor_registry import ExecutorRegistry
from harness.worlds.wire.message_bus import WireBus
from harness.worlds.wire.own_services import ServicesOfARun
from harness.worlds.wire.process_fault_times import ProcessFaultTimes
from harness.worlds.wire.run_signals import RunSignals


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Of run `number`. lock: held while any of the others, or the recorder, is touched."""

    number: int
    lock: threading.RLock
    injector: FaultInjector
    signals: RunSignals
    executors: ExecutorRegistry
    confirmations: Confirmations
    times: ProcessFaultTimes
    calls: CallLog
    own: ServicesOfARun | None = None
    bus: WireBus | None = None
    door: WireDoor | None = None

    async def through_the_injector(self, call: WireCall) -> Response:
        """The same as that of `calls`; a service of the user's is asked ahead, in its own time."""
        if self.own is not None:
            await self.own.ask_ahead(call.in_flight)
        response = self.calls.through_the_injector(call)
        if self._published(call):
            assert self.bus is not None
            await self.bus.confirmed(call.in_flight.call)
            if call.in_flight.course.dies:
                await self.bus.die()
        return response

    def waits(self, call: WireCall) -> bool:
        """Whether its answer has to wait for somebody else."""
        return self.takes_time(call) or self._published(call)

    def _published(self, call: WireCall) -> bool:
        return self.bus is not None and self.bus.confirms and call.participant_server == self.bus.name

    def takes_time(self, call: WireCall) -> bool:
        """Whether its participant is a service of the user's."""
        return self.own is not None and self.own.concerns(call.in_flight)


def new_traffic(  # noqa: PLR0913 - by name, and each is another part of the run
    *,
    number: int,
    lock: threading.RLock,
    loop: asyncio.AbstractEventLoop,
    injector: FaultInjector,
    signals: RunSignals,
    executors: ExecutorRegistry,
    evidence: Evidence,
    loops: LoopWatch,
    pauses: Mapping[Site, float],
    absences: Absences | None,
    own: ServicesOfARun | None = None,
    bus: WireBus | None = None,
    door: WireDoor | None = None,
) -> Traffic:
    """Of a run that begins. signals, executors: made before, for what takes participants away needs them."""
    confirmations = Confirmations(injector, evidence, signals, lock)
    times = ProcessFaultTimes(
        injector=injector, executors=executors, signals=signals, lock=lock, loop=loop, pauses=pauses
    )
    calls = CallLog(
        number=number,
        lock=lock,
        loop=loop,
        injector=injector,
        signals=signals,
        executors=executors,
        confirmations=confirmations,
        times=times,
        loops=loops,
        absences=absences,
        door=door,
    )
    return Traffic(
        number=number,
        lock=lock,
        injector=injector,
        signals=signals,
        executors=executors,
        confirmations=confirmations,
        times=times,
        calls=calls,
        own=own,
        bus=bus,
        door=door,
    )
