"""The bus in virtual time: takes each message from its publication to its acknowledgement.

Owns when a delivery happens, what its fault does to it, and when no message of a saga is under way. Refuses
to decide what comes again and what is a dead letter (`harness.bus.MessageQueue`), and which fault strikes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from functools import partial

from harness.adapter.handlers import HandlersSaga
from harness.adapter.inbox import Ending
from harness.bus import Bus, Entry, MessageQueue
from harness.bus.participant import carried_by, delivery_of
from harness.clock import Scheduler
from harness.cloudevents import CloudEvent
from harness.faults.in_flight import InFlightCall
from harness.faults.injector import FaultInjector
from harness.history import MessageDead, MessagePublished
from harness.lifecycle import ExecutorState
from harness.plan.decision import MessageTime
from harness.worlds.sim.delivery import SimDelivery
from harness.worlds.sim.exchange import UP_S
from harness.worlds.sim.executors import Executor
from harness.worlds.sim.inbox import SimInbox


class SimBus:
    """Of one run. state_of: of the executor of that number."""

    def __init__(
        self,
        scheduler: Scheduler,
        injector: FaultInjector,
        saga: HandlersSaga,
        state_of: Callable[[Executor], ExecutorState],
    ) -> None:
        self.scheduler = scheduler
        self.injector = injector
        bus = injector.participants[saga.bus]
        assert isinstance(bus, Bus), "the scenario checks that"
        self.promise = bus.promise
        self._bus = bus
        self._saga = saga
        self._state_of = state_of
        self._queue = MessageQueue(bus.promise, saga.subscriptions)
        self._hosts: list[tuple[Executor, SimInbox]] = []
        self._parked: list[Entry] = []
        self._ends: dict[str, dict[str, str]] = defaultdict(dict)
        self._extra: Counter[str] = Counter()
        self._at_the_end: dict[str, list[SimDelivery]] = defaultdict(list)
        self._at_settling: list[SimDelivery] = []
        self._overtaken_by_next: dict[str, list[SimDelivery]] = defaultdict(list)
        self._settled = False
        injector.on_published = self._published

    @property
    def healed(self) -> bool:
        """Whether nothing strikes any more."""
        return self._settled

    # What a run reports -----------------------------------------------------------------------

    def begin(self, executor: Executor) -> SimInbox:
        """An executor can take messages from now on; its first one is the event that starts the saga."""
        inbox = SimInbox()
        self._hosts.append((executor, inbox))
        saga_id = executor.saga.id
        if not executor.resumed:
            event, headers = self._saga.start_event(saga_id, executor.saga.input)
            self._publish(event, saga_id, 0, headers)
        parked, self._parked = self._parked, []
        for entry in parked:
            self._soon(entry)
        self.scheduler.call_later(2 * UP_S, partial(self.check, saga_id))
        return inbox

    def settle(self) -> None:
        """Every fault has healed: what was kept back until now is delivered."""
        self._settled = True
        due, self._at_settling = self._at_settling, []
        for delivery in due:
            self.once_more(delivery)
        # Requests that are released now land first, and may publish.
        self.scheduler.call_later(3 * UP_S, self._check_all)

    # What a delivery came to ------------------------------------------------------------------

    def acknowledged(self, entry: Entry) -> None:
        """The bus heard that a message was handled."""
        for following in self._queue.acknowledged(entry):
            self._soon(following)
        self.check(entry.message.saga_id)

    def failed(self, delivery: SimDelivery, *, struck: bool, after_s: float, counts: bool = True) -> None:
        """A delivery came to nothing: the message comes again, or is a dead letter."""
        entry = delivery.entry
        if self._queue.failed(entry, struck=struck, counts=counts):
            self._soon(entry, after_s)
            return
        message = entry.message
        self.injector.recorder.add(
            MessageDead(
                t_s=self.injector.recorder.now_s(),
                call=delivery.in_flight.call,
                message=message.number,
                type=message.event.type,
                subscription=entry.subscription,
                saga_id=message.saga_id,
                attempts=entry.attempts,
                struck=entry.struck,
            )
        )
        for following in self._queue.after_dead(entry):
            self._soon(following)
        self.check(message.saga_id)

    def handled(self, handled: SimDelivery) -> None:
        """A message was: those of its saga that were to come before it follow."""
        kept = self._overtaken_by_next.pop(handled.saga_id, [])
        before = [one for one in kept if one.in_flight.call < handled.in_flight.call]
        self._overtaken_by_next[handled.saga_id] = [one for one in kept if one not in before]
        for delivery in before:
            self.scheduler.call_later(UP_S, partial(delivery.overtaken, by_another=True))

    def overtake(self, delivery: SimDelivery) -> None:
        """Keep a delivery back until another message of the saga was handled."""
        self._overtaken_by_next[delivery.saga_id].append(delivery)

    def keep_for(self, delivery: SimDelivery, time: MessageTime) -> None:
        """A message comes once more, or for the first time, when the time has come."""
        if time is MessageTime.SETTLING and not self._settled:
            self._at_settling.append(delivery)
        elif time is MessageTime.AFTER_END:
            self._at_the_end[delivery.saga_id].append(delivery)
        else:
            self.once_more(delivery)

    def once_more(self, delivery: SimDelivery, after_s: float = UP_S) -> None:
        """Hand a message to its subscription apart from what the queue says."""
        self.count(delivery.saga_id, 1)
        self.scheduler.call_later(after_s, partial(self._hand_over_extra, delivery))

    def count(self, saga_id: str, number: int) -> None:
        """So many more, or fewer, messages are under way of which the queue does not know."""
        self._extra[saga_id] += number
        if number < 0:
            self.check(saga_id)

    def host_of(self, saga_id: str) -> tuple[Executor, SimInbox] | None:
        """Who takes the messages of a saga: the first that runs, else the last that ended."""
        hosts = [one for one in self._hosts if one[0].saga.id == saga_id]
        running = [one for one in hosts if self._state_of(one[0]) is ExecutorState.RUNNING]
        ended = [one for one in hosts if self._state_of(one[0]) is ExecutorState.ENDED and one[0].unfinished]
        return next(iter((*running, *reversed(ended))), None)

    # Ends -------------------------------------------------------------------------------------

    def check(self, saga_id: str) -> None:
        """Whether no message of a saga is under way: then whoever hosts its handlers learns how it ended."""
        if self._queue.pending(saga_id) or self._extra[saga_id]:
            return
        kept = self._at_the_end.pop(saga_id, [])
        for delivery in kept:
            self.once_more(delivery)
        if kept:
            return
        ending = self._ending(saga_id)
        for executor, inbox in self._hosts:
            if executor.saga.id == saga_id:
                inbox.end(ending)
                if self._settled:
                    inbox.close()

    def _check_all(self) -> None:
        for saga_id in dict.fromkeys(executor.saga.id for executor, _ in self._hosts):
            self.check(saga_id)

    def _ending(self, saga_id: str) -> Ending:
        dead = tuple(
            f"{one.message.event.type} went to the dead letters of {one.subscription} "
            f"after {one.attempts} deliveries"
            for one in self._queue.dead(saga_id)
        )
        return Ending(ends=tuple(self._ends[saga_id].values()), dead=dead)

    # Publishing and delivering ----------------------------------------------------------------

    def _published(self, in_flight: InFlightCall, event: CloudEvent) -> None:
        saga_id = in_flight.owner.saga_id or self._sender(in_flight.executor)
        self._publish(event, saga_id, in_flight.call, carried_by(in_flight.request))

    def _sender(self, number: int) -> str:
        return next(one.saga.id for one, _ in self._hosts if one.number == number)

    def _publish(self, event: CloudEvent, saga_id: str, call: int, carried: Mapping[str, str]) -> None:
        message, entries = self._queue.publish(event, saga_id=saga_id, call=call, carried=carried)
        end = self._saga.outcome.get(event.type)
        if end is not None:
            self._ends[saga_id].setdefault(event.id, event.type)
        self.injector.recorder.add(
            MessagePublished(
                t_s=self.injector.recorder.now_s(),
                call=call,
                message=message.number,
                id=event.id,
                type=event.type,
                saga_id=saga_id,
                end=end,
            )
        )
        for entry in entries:
            self._soon(entry)
        if not entries:
            self.scheduler.call_later(UP_S, partial(self.check, saga_id))

    def _soon(self, entry: Entry, after_s: float = 0.0) -> None:
        self.scheduler.call_later(after_s + UP_S, partial(self._deliver, entry))

    def _deliver(self, entry: Entry) -> None:
        if not self._queue.due(entry):
            return
        message = entry.message
        host = self.host_of(message.saga_id)
        if host is None:
            self._parked.append(entry)
            return
        request = delivery_of(message.event, message.carried)
        in_flight = self.injector.send(host[0].number, self._bus.name, request)
        self._queue.out(entry)
        delivery = SimDelivery(self, entry, in_flight, host)
        host[0].exchanges.append(delivery)
        delivery.begin()

    def _hand_over_extra(self, delivery: SimDelivery) -> None:
        host = self.host_of(delivery.saga_id)
        if host is None:
            self.count(delivery.saga_id, -1)
        else:
            delivery.hand_over_extra(host)
