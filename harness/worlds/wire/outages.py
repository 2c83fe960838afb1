"""Participants that are away for callers whom nobody sees coming: processes of their own.

A connection that is refused leaves no trace at a disabled proxy, so a refusal is armed ahead
(`outage_triggers`); it strikes the whole participant in every endpoint set. It ends at settling; one that
is counted, too, once the saga calls another participant, for anything but the next step of a saga that
goes on; one that lasts until the restart, then. It has fired once a canary was refused there and the saga
was seen to meet it (`saga_progress`). Everything here runs on the servers' loop, except where it says so.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from harness.faults.injector import FaultInjector
from harness.plan import Lasting
from harness.scenario import Scenario
from harness.worlds.wire.call import WireCall
from harness.worlds.wire.outage_triggers import Outage, OutageTriggers
from harness.worlds.wire.run_signals import RunSignals
from harness.worlds.wire.saga_progress import SagaProgress
from harness.worlds.wire.toxics import DISABLED
from harness.worlds.wire.wire_plan import Absence

UNMET = "no call of the saga was seen to want the participant while it was away"

READ_S = 0.005
"""Until an answer has passed the proxy that is to be disabled after it."""


@dataclass(slots=True, eq=False)
class _Falling:
    """A participant that goes away as soon as its answer was read."""

    read: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)


class Absentee(Protocol):
    """What can be taken away: a participant as its callers meet it at one address."""

    @property
    def name(self) -> str:
        """Of the participant."""

    async def go_away(self) -> str | None:
        """Listen no more; what a canary met where it was not refused."""

    async def be_back(self) -> None:
        """Listen again."""


class Addresses(Protocol):
    """Where the participants of a run are met."""

    def of(self, participant: str) -> Sequence[Absentee]:
        """One participant, at each of its addresses."""


class Outages:
    """Those of one run."""

    def __init__(
        self,
        absences: Iterable[Absence],
        scenario: Scenario,
        addresses: Addresses,
        *,
        injector: FaultInjector,
        signals: RunSignals,
        lock: threading.RLock,
    ) -> None:
        self._all = [
            Outage(index=absence.index, fault=absence.fault, kind=absence.kind) for absence in absences
        ]
        self._addresses = addresses
        self._judge = injector.judge
        self._signals = signals
        self._lock = lock
        self._saga_progress = SagaProgress(scenario.spec)
        self._triggers = OutageTriggers(scenario, self._saga_progress, injector.engine)
        self._falling: dict[str, _Falling] = {}

    def __bool__(self) -> bool:
        return bool(self._all)

    # Triggers ---------------------------------------------------------------------------------

    async def begin(self) -> None:
        """What is away from the start."""
        await self.take_down([one for one in self._waiting() if self._triggers.first_of_all(one)], 0)

    async def arriving(self, call: WireCall) -> None:
        """The saga calls a participant: what is away elsewhere for a number of calls comes back.

        It has read the answer before: what was only waiting for that is away before anything else.
        """
        await self._all_fallen()
        participant = call.in_flight.participant.name
        for outage in self._all:
            if not outage.down:
                continue
            if self._signals.settling:
                self._healed(outage, participant)
            elif outage.participant != participant:
                if self._saga_progress.passes_over(call, outage.participant):
                    self._encountered(outage)
                if self._triggers.ends_with(outage, call):
                    await self._bring_back(outage)

    def executor_ended(self) -> None:
        """From any thread: an executor has ended; where it had work left at one who is away, it met that."""
        for outage in self._all:
            if outage.down and self._triggers.wanted_at_the_end(outage):
                self._encountered(outage)

    def refused(self, participant: str, call: int) -> None:
        """From any thread: a call was seen to be refused."""
        for outage in self._all:
            if outage.down and outage.participant == participant:
                self._encountered(outage, call)

    def close(self) -> None:
        """The run is over: what was away and not seen to be met did not fire."""
        for outage in self._all:
            if outage.due and not outage.fired and not outage.crash:
                self._unconfirmed(outage, UNMET, void=False)

    def ending(self, call: WireCall, status: int | None) -> list[Outage]:
        """A call is about to end, by an answer or without: the outages that begin with that."""
        self._saga_progress.ended(call, status)
        return [one for one in self._waiting() if self._triggers.triggered(one, call, status)]

    def dropped(self, call: WireCall) -> None:
        """A call came while its participant went away, and was lost."""
        self._saga_progress.ended(call, None)

    async def struck(self, call: int) -> None:
        """An executor was killed: the next one may go back without another word."""
        await self._all_fallen()
        for outage in self._all:
            if outage.down and outage.fault.count is Lasting.UNTIL_RESTART:
                await self._bring_back(outage)
                outage.over = True
        await self.take_down([one for one in self._waiting() if self._triggers.may_abort(one)], call)

    def dies_with(self, call: WireCall) -> Outage | None:
        """The outage of a participant that dies in the middle of this call."""
        match = call.in_flight.fault_match
        index = match.fault if match is not None else None
        return next((one for one in self._all if one.crash and one.index == index and not one.begun), None)

    def spares(self, call_fault: int) -> bool:
        """Whether a strike of the fault injector is none: the proxy has shown it already."""
        return any(one.crash and one.begun and one.index == call_fault for one in self._all)

    async def restarted(self, outage: Outage) -> None:
        """A service of the user's that died is up again; so it is back, unless that is to last longer."""
        if outage.down and isinstance(outage.fault.count, int):
            await self._bring_back(outage)

    # Away, and back ---------------------------------------------------------------------------

    async def take_down(self, outages: Iterable[Outage], call: int) -> None:
        """Nobody listens from now on, in no endpoint set; a canary in each sees that."""
        for outage in outages:
            if not outage.due:
                outage.due, outage.after = True, call
            for server in self._addresses.of(outage.participant):
                outage.canary = await server.go_away() or outage.canary
            if self._signals.settling:
                return
            if not outage.begun:
                with self._lock:
                    self._judge.took_away(
                        outage.participant,
                        call=call,
                        fault=outage.index,
                        kind=outage.kind.name,
                        toxic=DISABLED,
                    )
            outage.begun = outage.down = True
            if outage.canary is not None and not outage.crash:
                self._not_away(outage)

    async def joined(self, server: Absentee) -> None:
        """An endpoint set was made in the middle of the run: who is away is away there too."""
        for outage in self._all:
            if outage.down and outage.participant == server.name:
                outage.canary = await server.go_away() or outage.canary

    def _not_away(self, outage: Outage) -> None:
        outage.fired = True  # nothing that follows makes it so
        why = f"a canary met {outage.canary}, expected a refused connection"
        self._unconfirmed(outage, why, void=True)

    def _unconfirmed(self, outage: Outage, why: str, *, void: bool) -> None:
        with self._lock:
            self._judge.absence_unconfirmed(
                why,
                call=outage.after,
                fault=outage.index,
                kind=outage.kind.name,
                toxic=DISABLED,
                void=void,
            )

    def _encountered(self, outage: Outage, call: int | None = None) -> None:
        if outage.fired or outage.crash:
            return
        outage.fired = True
        with self._lock:
            self._judge.absence_met(
                outage.participant if call is None else None,
                call=outage.after if call is None else call,
                fault=outage.index,
                kind=outage.kind.name,
                toxic=DISABLED,
            )

    def _healed(self, outage: Outage, participant: str) -> None:
        """The first call since everything healed: if it is there, it was wanted all along."""
        outage.down = False
        if participant == outage.participant:
            self._encountered(outage)

    async def take_down_after(self, outages: Sequence[Outage], call: int, *, answered: bool = True) -> None:
        """The same, for the participant whose answer is on its way. answered: false where none is."""
        if not outages:
            return
        falling = self._falling[outages[0].participant] = _Falling()
        with suppress(TimeoutError):
            if answered:
                await asyncio.wait_for(falling.read.wait(), READ_S)
        await self.take_down(outages, call)
        del self._falling[outages[0].participant]
        falling.gone.set()

    def falling(self, participant: str) -> bool:
        """Whether a participant is about to go away."""
        return participant in self._falling

    async def _all_fallen(self) -> None:
        for falling in list(self._falling.values()):
            falling.read.set()
            await falling.gone.wait()

    async def _bring_back(self, outage: Outage) -> None:
        outage.down = False
        outage.over = self._triggers.is_past(outage)
        if any(one.down and one.participant == outage.participant for one in self._all):
            return
        for server in self._addresses.of(outage.participant):
            await server.be_back()

    def _waiting(self) -> list[Outage]:
        return [one for one in self._all if not (one.down or one.over or one.crash)]
