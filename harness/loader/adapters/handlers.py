"""`adapter = "handlers"`: functions that take events and publish others, by the type of event."""

from __future__ import annotations

from collections.abc import Mapping

from harness.adapter import SagaAdapter
from harness.adapter.handlers import ENDS, Handler, check_handler, handlers_saga
from harness.bus import Bus
from harness.errors import ScenarioError, misplaced, nearest
from harness.loader.adapters.callable import RESUMED
from harness.loader.adapters.plugin import AdapterPlugin, Surroundings
from harness.loader.table import Table
from harness.loader.target import load_object
from harness.saga import Status

_HANDLERS = "a table, like [saga.handlers] with OrderPlaced = 'sagas.py:on_order_placed'"
_REPLIES = "a list of events that answer commands, like ['StockAnswered']"
_OUTCOME = "a table of ends, like { completed = 'OrderConfirmed', compensated = 'OrderCancelled' }"


def _read(table: Table, around: Surroundings) -> SagaAdapter:
    bus = _bus(table, around)
    handlers = table.table("handlers", _HANDLERS)
    _check_events(handlers, bus)
    starts = table.text("starts", "the type of event that starts a saga")
    if starts not in handlers.values:
        raise table.wrong("starts", f"an event that has a handler, {nearest(starts, handlers.values)}")
    functions = {type_: _functions(handlers, type_) for type_ in handlers.values}
    outcome, replies = _outcome(table, bus), _replies(table, bus)
    try:
        return handlers_saga(
            functions,
            bus=bus.name,
            starts=starts,
            outcome=outcome,
            name=table.source.label,
            durable=bool(around.claims & RESUMED),
            correlation=around.correlation,
            replies=replies,
        )
    except ScenarioError as error:
        raise ScenarioError(f"{table.where('handlers')}: {error}") from None


def _bus(table: Table, around: Surroundings) -> Bus:
    buses = {one.name: one for one in around.participants if isinstance(one, Bus)}
    if not buses:
        raise table.missing("bus", "a participant with kind = 'bus', like [participants.events]")
    if not table.has("bus") and len(buses) == 1:
        return next(iter(buses.values()))
    name = table.text("bus", f"the bus that the handlers publish to, {nearest('', buses)}")
    if name not in buses:
        raise table.wrong("bus", nearest(name, buses))
    return buses[name]


def _functions(handlers: Table, type_: str) -> tuple[Handler, ...]:
    several = isinstance(handlers.values[type_], list)
    expected = "'sagas.py:on_order_placed', or a list of them"
    names = handlers.texts(type_, expected) if several else (handlers.text(type_, expected),)
    if not names:
        raise handlers.wrong(type_, expected)
    where = handlers.where(type_)
    found = tuple(load_object(name, handlers.source.folder, where) for name in names)
    for one in found:
        check_handler(one, where)
    return found  # type: ignore[return-value]


def _replies(table: Table, bus: Bus) -> tuple[str, ...]:
    if not table.has("replies"):
        return ()
    found = tuple(table.texts("replies", _REPLIES))
    for type_ in found:
        if type_ not in bus.events:
            raise table.wrong("replies", nearest(type_, bus.events))
    return found


def _outcome(table: Table, bus: Bus) -> Mapping[str, Status]:
    ends = table.table("outcome", _OUTCOME)
    ends.refuse_unknown(str(one) for one in ENDS)
    found: dict[str, Status] = {}
    for word in ends.values:
        several = isinstance(ends.values[word], list)
        for type_ in ends.texts(word, _OUTCOME) if several else (ends.text(word, _OUTCOME),):
            if type_ not in bus.events:
                raise ends.wrong(word, nearest(type_, bus.events))
            if type_ in found:
                raise ends.wrong(word, "an event that is one end alone")
            found[type_] = Status(word)
    if not found:
        raise table.wrong("outcome", _OUTCOME)
    return found


def _check_events(handlers: Table, bus: Bus) -> None:
    for type_ in handlers.values:
        if type_ not in bus.events:
            raise ScenarioError(misplaced(handlers.where(type_), type_, nearest(type_, bus.events)))


PLUGIN = AdapterPlugin(
    name="handlers",
    keys=("handlers", "starts", "outcome", "bus", "replies"),
    read=_read,
    processes=False,
)
