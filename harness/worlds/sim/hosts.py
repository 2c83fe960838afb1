"""Who takes messages in virtual time: the executors of a saga that is made of handlers.

Refuses to decide what is delivered, and when (`harness.faults.messages`).
"""

from __future__ import annotations

from collections.abc import Callable

from harness.adapter.handlers import HandlersSaga
from harness.adapter.inbox import Delivery, Ending
from harness.bus import Bus
from harness.clock import Scheduler
from harness.faults.injector import FaultInjector
from harness.faults.messages import MessageLine, Takes
from harness.faults.messages.host import Cut, Lost, Silenced, Taken
from harness.lifecycle import ExecutorState
from harness.worlds.sim.exchange import UP_S
from harness.worlds.sim.executors import Executor
from harness.worlds.sim.inbox import SimInbox

StateOf = Callable[[Executor], ExecutorState]


class SimHosts:
    """Of one run. state_of: how an executor stands."""

    def __init__(
        self, scheduler: Scheduler, injector: FaultInjector, saga: HandlersSaga, state_of: StateOf
    ) -> None:
        bus = injector.participants[saga.bus]
        assert isinstance(bus, Bus), "the scenario checks that"
        self._saga = saga
        self._state_of = state_of
        self.line = MessageLine(
            bus=bus,
            injector=injector,
            timers=scheduler,
            world="sim",
            way_s=UP_S,
            subscriptions=saga.subscriptions,
            outcome=saga.outcome,
        )

    def begin(self, executor: Executor) -> SimInbox:
        """An executor can take messages from now on; the first one gets the event that starts the saga."""
        host = _SimHost(executor, self._state_of)
        event, headers = self._saga.start_event(executor.saga.id, executor.saga.input)
        self.line.begin(host, None if executor.resumed else event, headers)
        return host.inbox


class _SimHost:
    """One executor."""

    def __init__(self, executor: Executor, state_of: StateOf) -> None:
        self._executor = executor
        self._state_of = state_of
        self.inbox = SimInbox()

    @property
    def executor(self) -> int:
        return self._executor.number

    @property
    def saga_id(self) -> str:
        return self._executor.saga.id

    @property
    def takes(self) -> Takes:
        state = self._state_of(self._executor)
        if state is ExecutorState.RUNNING:
            return Takes.NOW
        ended = state is ExecutorState.ENDED and self._executor.unfinished
        return Takes.AFTER_ITS_END if ended else Takes.NOTHING

    def serves(self, subscription: str) -> bool:
        """All handlers of its saga are in it."""
        del subscription
        return True

    def took(self, delivery: Taken) -> None:
        self._executor.exchanges.append(delivery)

    @property
    def cuts(self) -> bool:
        return False

    def put(self, delivery: Delivery, lost: Lost, cut: Cut | None) -> None:
        del lost, cut  # its executor's death is reported by the supervisor
        self.inbox.put(delivery)

    def send_into_silence(self, delivery: Delivery, lost: Lost, silenced: Silenced) -> bool:
        """In virtual time nothing is sent that nobody gets."""
        del delivery, lost, silenced
        return False

    def end(self, ending: Ending, *, last: bool) -> None:
        self.inbox.end(ending)
        if last:
            self.inbox.close()
