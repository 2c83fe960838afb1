"""Takes each message of a run from its publication to its acknowledgement, in both worlds.

Owns when a delivery happens, what its fault does to it, and when no message of a saga is under way. Refuses
to decide what comes again and what is a dead letter (`harness.bus.MessageQueue`), which fault strikes, and to
know a clock or a socket: a world brings timers, and hosts that take what is delivered.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import msgspec

from harness.adapter.inbox import Ending
from harness.bus import Bus, Entry, MessageQueue
from harness.bus.participant import carried_by, delivery_of
from harness.bus.queue import Message
from harness.cloudevents import CloudEvent
from harness.faults.in_flight import InFlightCall
from harness.faults.injector import FaultInjector
from harness.faults.messages.carrier import Brought, Carrier, TimedCarrier
from harness.faults.messages.delivery import MessageDelivery
from harness.faults.messages.host import EVERY_SAGA, Host, Takes, Timers
from harness.history import MessageDead, MessagePublished
from harness.plan.decision import MessageTime
from harness.saga import Status


class MessageLine:
    """Of one bus in one run. way_s: how long a message, or its acknowledgement, is on its way.

    subscriptions: those that are known beforehand, by type of event. outcome: which events are ends.
    carrier: makes what brings the messages, of this line.
    """

    def __init__(  # noqa: PLR0913 - by name, and each is another part of the run
        self,
        *,
        bus: Bus,
        injector: FaultInjector,
        timers: Timers,
        world: str,
        way_s: float,
        subscriptions: Mapping[str, Sequence[str]],
        outcome: Mapping[str, Status],
        carrier: Callable[[Brought], Carrier] = TimedCarrier,
    ) -> None:
        self.timers = timers
        self.injector = injector
        self.way_s = way_s
        self.waits_s = bus.promise.waits_s(world)
        self._world = world
        self._bus = bus
        self._outcome = outcome
        self._queue = MessageQueue(bus.promise, subscriptions)
        self._hosts: list[Host] = []
        self._parked: list[Entry] = []
        self._ends: dict[str, dict[tuple[str, str, str], None]] = defaultdict(dict)
        self._dead_at_end: dict[str, tuple[Entry, ...]] = {}
        self._extra: Counter[str] = Counter()
        self._listened_to: set[str] = set()
        self._silent_since: dict[str, int] = {}
        self._at_the_end: dict[str, list[MessageDelivery]] = defaultdict(list)
        self._at_settling: list[MessageDelivery] = []
        self._overtaken_by_next: dict[str, list[MessageDelivery]] = defaultdict(list)
        self._settled = False
        self._carrier = carrier(self)
        injector.on_published = self._published

    def pause_s(self, refusals: int) -> float:
        """How long the bus waits after so many refusals of a message."""
        return self._bus.promise.pause_s(self._world, refusals)

    @property
    def healed(self) -> bool:
        """Whether nothing strikes any more."""
        return self._settled

    # What a run reports -----------------------------------------------------------------------

    def begin(self, host: Host, start: CloudEvent | None, headers: Mapping[str, str]) -> None:
        """Somebody takes messages from now on. start: the event that starts its saga; None: it has begun."""
        self._hosts.append(host)
        if start is not None:
            self._publish(start, host.saga_id, 0, headers)
        parked, self._parked = self._parked, []
        for entry in parked:
            self._carrier.bring(entry, 0.0)
        self.timers.call_later(2 * self.way_s, partial(self.check, host.saga_id))

    def settle(self) -> None:
        """Every fault has healed: what was kept back until now is delivered."""
        self._settled = True
        due, self._at_settling = self._at_settling, []
        for delivery in due:
            self.once_more(delivery)
        # Requests that are released now land first, and may publish.
        self.timers.call_later(3 * self.way_s, self._check_all)

    # How a delivery ended --------------------------------------------------------------------

    def acknowledged(self, entry: Entry) -> None:
        """The bus heard that a message was handled."""
        self._carrier.acknowledged(entry)
        for following in self._queue.acknowledged(entry):
            self._carrier.bring(following, 0.0)
        self.check(entry.message.saga_id)

    def failed(self, delivery: MessageDelivery, *, struck: bool, after_s: float, counts: bool = True) -> None:
        """A delivery failed: the message comes again, or is a dead letter."""
        entry = delivery.entry
        if self._queue.failed(entry, struck=struck, counts=counts):
            self._carrier.bring(entry, after_s)
            return
        self._carrier.dead(entry)
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
                last_struck=struck,
            )
        )
        for following in self._queue.after_dead(entry):
            self._carrier.bring(following, 0.0)
        self.check(message.saga_id)

    def handled(self, handled: MessageDelivery) -> None:
        """A message was: those of its saga that were to come before it follow."""
        kept = self._overtaken_by_next.pop(handled.saga_id, [])
        before = [one for one in kept if one.in_flight.call < handled.in_flight.call]
        self._overtaken_by_next[handled.saga_id] = [one for one in kept if one not in before]
        for delivery in before:
            self.timers.call_later(self.way_s, partial(delivery.overtaken, by_another=True))

    def overtake(self, delivery: MessageDelivery) -> None:
        """Keep a delivery back until another message of the saga was handled."""
        self._overtaken_by_next[delivery.saga_id].append(delivery)

    def keep_for(self, delivery: MessageDelivery, time: MessageTime) -> None:
        """A message comes once more, or for the first time, when the time has come."""
        if time is MessageTime.SETTLING and not self._settled:
            self._at_settling.append(delivery)
        elif time is MessageTime.AFTER_END:
            self._at_the_end[delivery.saga_id].append(delivery)
        else:
            self.once_more(delivery)

    def once_more(self, delivery: MessageDelivery, after_s: float | None = None) -> None:
        """Hand a message to its subscription apart from what the queue says."""
        self.count(delivery.saga_id, 1)
        self._carrier.bring_extra(delivery, self.way_s if after_s is None else after_s)

    def count(self, saga_id: str, number: int) -> None:
        """So many more, or fewer, messages are under way of which the queue does not know."""
        self._extra[saga_id] += number
        if number < 0:
            self.check(saga_id)

    def subscribe(self, types: Sequence[str], subscription: str) -> None:
        """From now on a subscription gets events of these types."""
        for type_ in types:
            self._queue.subscribe(type_, subscription)

    def host_of(self, entry: Entry) -> Host | None:
        """Who takes a message: the first that runs, else the last that ended."""
        sagas = (entry.message.saga_id, EVERY_SAGA)
        hosts = [one for one in self._hosts if one.saga_id in sagas and one.serves(entry.subscription)]
        running = [one for one in hosts if one.takes is Takes.NOW]
        ended = [one for one in hosts if one.takes is Takes.AFTER_ITS_END]
        return next(iter((*running, *reversed(ended))), None)

    # Ends -------------------------------------------------------------------------------------

    def check(self, saga_id: str) -> None:
        """Whether no message of a saga is under way: then whoever hosts its handlers learns how it ended."""
        if self._queue.pending(saga_id) or self._extra[saga_id]:
            return
        ending = self._ending(saga_id)
        if not (ending.ends or ending.dead) and self._may_go_on(saga_id):
            return
        kept = self._at_the_end.pop(saga_id, [])
        for delivery in kept:
            self.once_more(delivery)
        if kept:
            return
        for host in self._hosts:
            if host.saga_id == saga_id:
                host.end(ending, last=self._settled)

    def _may_go_on(self, saga_id: str) -> bool:
        """Whether a saga without an end may still be at work beside its messages: a timer of its own.

        It may until no call was made for as long as the bus waits for an acknowledgement.
        """
        calls = self.injector.calls
        if self._silent_since.get(saga_id) == calls:
            return False
        if saga_id not in self._listened_to:
            self._listened_to.add(saga_id)
            self.timers.call_later(self.waits_s, partial(self._listened, saga_id, calls))
        return True

    def _listened(self, saga_id: str, calls: int) -> None:
        self._listened_to.discard(saga_id)
        if self.injector.calls == calls:
            self._silent_since[saga_id] = calls
        self.check(saga_id)

    def _check_all(self) -> None:
        for saga_id in dict.fromkeys(one.saga_id for one in self._hosts):
            self.check(saga_id)

    def _ending(self, saga_id: str) -> Ending:
        all_dead = self._queue.dead(saga_id)
        before = self._dead_at_end.get(saga_id, all_dead)
        return Ending(
            ends=tuple(type_ for _, _, type_ in self._ends[saga_id]),
            dead=tuple(map(_in_words, before)),
            later=tuple(_in_words(one) for one in all_dead if one not in before),
        )

    # Publishing and delivering ----------------------------------------------------------------

    def _published(self, in_flight: InFlightCall, event: CloudEvent) -> None:
        saga_id = in_flight.owner.saga_id or self._sender(in_flight.executor)
        self._publish(event, saga_id, in_flight.call, carried_by(in_flight.request))

    def _sender(self, number: int) -> str:
        return next((one.saga_id for one in self._hosts if one.executor == number), "")

    def _publish(self, event: CloudEvent, saga_id: str, call: int, carried: Mapping[str, str]) -> None:
        message, entries = self._queue.publish(event, saga_id=saga_id, call=call, carried=carried)
        published = MessagePublished(
            t_s=self.injector.recorder.now_s(),
            call=call,
            message=message.number,
            id=event.id,
            type=event.type,
            saga_id=saga_id,
            end=self._outcome.get(event.type),
            source=event.source,
            step=_step_of(event),
        )
        if published.end is not None:
            self._dead_at_end.setdefault(saga_id, self._queue.dead(saga_id))
            self._ends[saga_id].setdefault(published.identity)
        self.injector.recorder.add(published)
        self._carrier.published(message, entries)
        if not entries:
            self.timers.call_later(self.way_s, partial(self.check, saga_id))

    # What a carrier brings --------------------------------------------------------------------

    def due(self, entry: Entry) -> None:
        """It is there: deliver it to whoever takes it."""
        if not self._queue.due(entry):
            return
        host = self.host_of(entry)
        if host is None:
            self._parked.append(entry)
        else:
            self._deliver(entry, host)

    def routed(self, message: Message, subscription: str) -> Entry:
        """A broker routed a message to a subscription that nobody had told of."""
        return self._queue.routed(message, subscription)

    def arrived(self, entry: Entry, host: Host) -> bool:
        """A broker brought it to a host of its choice. Whether it may be delivered now, and so was."""
        if not self._queue.due(entry):
            return False
        self._deliver(entry, host)
        return True

    def extra_due(self, delivery: MessageDelivery) -> None:
        """A message comes once more."""
        host = self.host_of(delivery.entry)
        if host is None:
            self.count(delivery.saga_id, -1)
        else:
            delivery.hand_over_extra(host)

    def _deliver(self, entry: Entry, host: Host) -> None:
        message = entry.message
        request = delivery_of(message.event, message.carried)
        in_flight = self.injector.send(host.executor, self._bus.name, request)
        self._queue.out(entry)
        delivery = MessageDelivery(self, entry, in_flight, host)
        host.took(delivery)
        delivery.begin()


def _in_words(dead: Entry) -> str:
    type_ = dead.message.event.type
    return f"{type_} went to the dead letters of {dead.subscription} after {dead.attempts} deliveries"


def _step_of(event: CloudEvent) -> str | msgspec.UnsetType:
    """The step that its data names, as a saga does that tells of its own life."""
    step = event.data.get("step") if isinstance(event.data, Mapping) else None
    return step if isinstance(step, str) else msgspec.UNSET
