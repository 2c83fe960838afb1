"""Choreographed sagas: nobody conducts them; handlers take events and publish others.

`async def on_order_placed(ctx, event)`, or the same without `async`. Owns the host that calls the handlers of
one saga, and how the outcome follows from the events that it published. A handler that returns has
acknowledged its message; one that raises has refused it, and gets it again. Refuses to know how messages come
(`inbox`), and what a handler may do (`handler_context`).
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from harness.adapter.callable import CallableSaga
from harness.adapter.context import SagaContext
from harness.adapter.handler_context import HandlerContext, MessageEvent, Surface, take_reply
from harness.adapter.inbox import Delivery, Ending, Inbox
from harness.adapter.outcome import Returned, read_failure
from harness.adapter.plain_handlers import PlainHandlerContext, PlainHandlers, is_awaited
from harness.cloudevents import CloudEvent
from harness.errors import ScenarioError, UsageError, misplaced
from harness.process_faults import ProcessFault
from harness.saga import SAGA_ID, Correlation, Json, Outcome, Status

__all__ = [
    "ENDS",
    "Handler",
    "HandlerContext",
    "HandlersSaga",
    "MessageEvent",
    "PlainHandlerContext",
    "handlers_saga",
    "outcome_of",
]

_REPLIES = "replies"
"""The subscription of events that answer commands."""

ENDS = (Status.COMPLETED, Status.COMPENSATED, Status.STUCK)


Handler = (
    Callable[[HandlerContext, MessageEvent], Awaitable[object]]
    | Callable[[PlainHandlerContext, MessageEvent], object]
)
"""Awaited, or a plain function, which runs in a thread."""


@dataclass(frozen=True, slots=True)
class HandlersSaga(CallableSaga):
    """Handlers of one saga, in one process. Made by `handlers_saga`.

    bus: the participant that they publish to. starts: the type of event that starts a saga; the harness
    publishes it, with the saga's input as its data. subscriptions: event type to the names of its handlers.
    outcome: event type to the end that it is. replies: event types that answer commands, for `ctx.request`.
    threaded: some handlers are plain functions.
    """

    bus: str = ""
    starts: str = ""
    subscriptions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    outcome: Mapping[str, Status] = field(default_factory=dict)
    correlation: Correlation = field(default_factory=Correlation)
    replies: tuple[str, ...] = ()
    threaded: bool = False

    @property
    def written(self) -> tuple[object, ...]:
        """Its handlers; the function that is called for all of them is ours."""
        return cast("HandlerHost", self.function).handlers

    @property
    def worlds(self) -> tuple[str, ...]:
        """Both; sim unless asked otherwise."""
        return ("sim", "wire")

    def unfit(self, process_fault: ProcessFault) -> str | None:
        """Nobody waits for a saga that nobody conducts."""
        if process_fault is ProcessFault.CANCEL:
            return "a choreographed saga has no caller who could cancel it"
        return None

    def start_event(self, saga_id: str, input_: Json) -> tuple[CloudEvent, Mapping[str, str]]:
        """The event that starts a saga, and the header that names it, where a header does."""
        data: dict[str, Json] = dict(input_) if isinstance(input_, Mapping) else {"input": input_}
        headers: dict[str, str] = {}
        named = self.correlation.pattern.replace(SAGA_ID, saga_id)
        if self.correlation.header is not None:
            headers[self.correlation.header.lower()] = named
        else:
            inner = data
            *outer, last = self.correlation.field.split(".")
            for name in outer:
                inner[name] = dict(cast("Mapping[str, Json]", inner.get(name) or {}))
                inner = cast("dict[str, Json]", inner[name])
            inner.setdefault(last, named)
        event = CloudEvent(id=f"{saga_id}-start", source="/saga-chaos", type=self.starts, data=data)
        return event, headers


def handlers_saga(  # noqa: PLR0913 - by name, and each is another part of the saga
    handlers: Mapping[str, Handler | Sequence[Handler]],
    *,
    bus: str,
    starts: str,
    outcome: Mapping[str, Status],
    name: str = "handlers",
    durable: bool = False,
    correlation: Correlation | None = None,
    replies: Sequence[str] = (),
) -> HandlersSaga:
    """A choreographed saga of functions, awaited or plain, by the type of event that each takes.

    replies: types of event that answer commands; each goes to whoever waits for it in `ctx.request`.
    Raises ScenarioError for what is no function of (ctx, event), and for an outcome that is no end.
    """
    functions: dict[str, Handler] = {_REPLIES: take_reply} if replies else {}
    subscriptions: dict[str, tuple[str, ...]] = {}
    for type_ in dict.fromkeys((*handlers, *replies)):
        given = handlers.get(type_, ())
        several = (given,) if callable(given) else tuple(given)
        names = [_REPLIES] if type_ in replies else []
        for one in several:
            check_handler(one, f"{name}, handler of {type_}")
            called = getattr(one, "__name__", type(one).__name__)
            if functions.setdefault(called, one) != one:
                raise ScenarioError(misplaced(f"{name}, handler of {type_}", called, "a name of its own"))
            names.append(called)
        subscriptions[type_] = tuple(names)
    if not outcome:
        raise ScenarioError(misplaced(f"{name}, outcome", dict(outcome), "an event for each end"))
    if starts not in handlers:
        raise ScenarioError(misplaced(f"{name}, starts", starts, "a type of event that has a handler"))
    surface = Surface(bus=bus, replies=tuple(replies), correlation=correlation or Correlation())
    return HandlersSaga(
        HandlerHost(functions, dict(outcome), surface),
        name,
        durable,
        bus=bus,
        starts=starts,
        subscriptions=subscriptions,
        outcome=dict(outcome),
        correlation=surface.correlation,
        replies=surface.replies,
        threaded=not all(is_awaited(one) for one in functions.values()),
    )


class HandlerHost:
    """The process in which the handlers of one saga run; called as a saga is."""

    def __init__(
        self, functions: Mapping[str, Handler], outcome: Mapping[str, Status], surface: Surface
    ) -> None:
        self._functions = functions
        self._outcome = outcome
        self._surface = surface

    @property
    def handlers(self) -> tuple[Handler, ...]:
        """Those of the user."""
        return tuple(one for name, one in self._functions.items() if name != _REPLIES)

    async def __call__(self, context: SagaContext, input_: Json) -> object:
        """Take messages until none is under way; those that come later are taken, too."""
        del input_  # the event that starts the saga carries it
        if context.inbox is None:
            raise UsageError(misplaced("handlers, inbox", None, "a world that delivers messages: sim"))
        given = HandlerContext(context, self._surface)
        consumer = _Consumer(self._functions, given, PlainHandlers(given, context), context.inbox)
        context.background.append(asyncio.create_task(consumer.run()))
        return outcome_of(await context.inbox.ending(), self._outcome)


class _Consumer:
    """Takes each message as it comes, beside those that are still being handled."""

    def __init__(
        self,
        functions: Mapping[str, Handler],
        context: HandlerContext,
        plain: PlainHandlers,
        inbox: Inbox,
    ) -> None:
        self._functions = functions
        self._context = context
        self._plain = plain
        self._inbox = inbox
        self._tasks: list[asyncio.Task[Any]] = []

    async def run(self) -> None:
        while (delivery := await self._inbox.next()) is not None:
            self._tasks = [task for task in self._tasks if not task.done()]
            self._tasks.append(asyncio.create_task(self._handle(delivery)))
        for task in self._tasks:
            await task

    async def _handle(self, delivery: Delivery) -> None:
        event = delivery.event
        if event is None:
            delivery.done("the message cannot be read")
            return
        told = MessageEvent(
            id=event.id,
            type=event.type,
            source=event.source,
            data=event.data,
            attempt=delivery.attempt,
            attributes=event.attributes,
        )
        try:
            await self._call(self._functions[delivery.subscription], told)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises refuses its message
            problem = read_failure(error).problem or ""
            delivery.done(problem.replace("the saga raised", "the handler raised", 1))
        else:
            delivery.done(None)

    async def _call(self, function: Handler, event: MessageEvent) -> None:
        if is_awaited(function):
            await cast("Callable[..., Awaitable[object]]", function)(self._context, event)
        else:
            await self._plain.call(function, event)


def outcome_of(ending: Ending, outcome: Mapping[str, Status]) -> Outcome | Returned:
    """The first end that a saga published; a dead letter before that makes it stuck.

    One after it no longer does: the end was the saga's word, and somebody acts on it already.
    """
    detail: dict[str, Json] = {"ends": list(ending.ends)}
    if ending.later:
        detail["dead_letters"] = list(ending.later)
    if ending.dead:
        detail["error"] = "; ".join(ending.dead)
        return Outcome(status=Status.STUCK, detail=detail)
    if not ending.ends:
        expected = ", ".join(outcome)
        return Returned(problem=f"no message is under way, and the saga published no end: none of {expected}")
    return Outcome(status=outcome[ending.ends[0]], detail=detail)


def check_handler(function: object, where: str) -> None:
    """Raises ScenarioError for what is no function of (ctx, event). where: it stands."""
    told = getattr(function, "__name__", function)
    if not callable(function) or isinstance(function, type):
        raise ScenarioError(misplaced(where, told, "a function, async or not: def handler(ctx, event)"))
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise ScenarioError(misplaced(where, f"{told}, which yields", "a function that returns"))
    try:
        signature = inspect.signature(function)
    except ValueError:
        return  # builtins without one: the call itself will tell
    try:
        signature.bind(None, None)
    except TypeError as error:
        expected = f"a function that takes (ctx, event): {error}"
        raise ScenarioError(misplaced(where, told, expected)) from None
