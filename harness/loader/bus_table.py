"""[participants.X] with `kind = "bus"`: its events, what it promises, and the steps that events stand for.

Refuses to know who subscribes: the saga's adapter does.
"""

from __future__ import annotations

from harness.bus import Broker, BrokerKind, Bus, EventStep, Keeping, Promise, Subscriber
from harness.bus.urls import address_of
from harness.errors import ScenarioError, nearest
from harness.loader.table import Table

_KEYS = (
    "kind",
    "events",
    "order",
    "attempts",
    "ack_timeout_s",
    "redeliver_after_s",
    "steps",
    "subscriptions",
    "broker",
    "url",
)
_STEP_KEYS = ("done", "undone")
_EVENTS = "a list of types of events, like ['OrderPlaced', 'OrderConfirmed']"
_ATTEMPTS = "a number of deliveries, 1 or more"
_SUBSCRIPTIONS = "tables like { types = ['OrderPlaced'], url = 'http://127.0.0.1:9000/inbox' }"
_URL = "a URL with http and a host, like 'http://127.0.0.1:9000/inbox'"
_SECONDS = "a number of seconds above 0"
_STEPS = "a table of steps that events stand for, like reserve = { done = 'StockReserved' }"


def is_bus(table: Table) -> bool:
    """Whether the participant is a bus."""
    return table.has("kind")


def read_bus(name: str, table: Table) -> Bus:
    """The bus of that name."""
    if table.values["kind"] != "bus":
        raise table.wrong("kind", "'bus', or no kind: a participant with resources")
    table.refuse_unknown(_KEYS)
    attempts = table.whole("attempts", _ATTEMPTS, Promise().attempts)
    if attempts < 1:
        raise table.wrong("attempts", _ATTEMPTS)
    promise = Promise(
        order=table.word("order", Keeping, Keeping.NONE),
        attempts=attempts,
        ack_timeout_s=table.seconds("ack_timeout_s", _SECONDS),
        redeliver_after_s=table.seconds("redeliver_after_s", _SECONDS),
    )
    events = _events(table)
    subscribers, broker = _subscribers(table, events), _broker(table)
    if broker is not None and subscribers:
        raise table.wrong("subscriptions", "no subscriptions beside a broker: services subscribe there")
    bus = Bus(name, events, promise=promise, steps=_steps(table), subscribers=subscribers, broker=broker)
    try:
        _ = bus.resources
    except ScenarioError as error:
        raise ScenarioError(f"{table.where('steps')}: {error}") from None
    return bus


def _events(table: Table) -> tuple[str, ...]:
    events = table.texts("events", _EVENTS)
    if not events:
        raise table.wrong("events", _EVENTS)
    for index, one in enumerate(events):
        if not one.isprintable() or any(mark in one for mark in "/ .") or events.count(one) > 1:
            raise table.wrong("events", "a type of event, listed once, without spaces, dots and /", index)
    return events


def _steps(table: Table) -> tuple[EventStep, ...]:
    if not table.has("steps"):
        return ()
    found = []
    for name, step in table.table("steps", _STEPS).named(_STEPS):
        step.refuse_unknown(_STEP_KEYS)
        undone = step.text("undone", "a type of event") if step.has("undone") else None
        found.append(EventStep(name=name, done=step.text("done", "a type of event"), undone=undone))
    return tuple(found)


def _broker(table: Table) -> Broker | None:
    if not table.has("broker"):
        if table.has("url"):
            raise table.wrong("url", "no url without broker = 'rabbitmq'")
        return None
    kind = table.word("broker", BrokerKind, BrokerKind.RABBITMQ)
    if not table.has("url"):
        return Broker(kind=kind)
    url = table.text("url", "the URL of a broker that runs")
    broker = Broker(kind=kind, url=url)
    address_of(broker, table.where("url"))
    return broker


def _subscribers(table: Table, events: tuple[str, ...]) -> tuple[Subscriber, ...]:
    if not table.has("subscriptions"):
        return ()
    found = []
    for one in table.tables("subscriptions", _SUBSCRIPTIONS):
        one.refuse_unknown(("types", "url", "name"))
        types = one.texts("types", _EVENTS)
        for index, type_ in enumerate(types):
            if type_ not in events:
                raise one.wrong("types", nearest(type_, events), index)
        url = one.text("url", _URL)
        if not url.startswith("http://"):
            raise one.wrong("url", _URL)
        found.append(Subscriber(types=types, url=url, name=one.text("name", "a name", url)))
    return tuple(found)
