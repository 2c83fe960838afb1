"""[participants.X] with `kind = "bus"`: its events, what it promises, and the steps that events stand for.

Refuses to know who subscribes: the saga's adapter does.
"""

from __future__ import annotations

from harness.bus import Bus, EventStep, Keeping, Promise
from harness.errors import ScenarioError
from harness.loader.table import Table

_KEYS = ("kind", "events", "order", "attempts", "ack_timeout_s", "redeliver_after_s", "steps")
_STEP_KEYS = ("done", "undone")
_EVENTS = "a list of types of events, like ['OrderPlaced', 'OrderConfirmed']"
_ATTEMPTS = "a number of deliveries, 1 or more"
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
    bus = Bus(name, _events(table), promise=promise, steps=_steps(table))
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
