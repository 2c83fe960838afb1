"""When two runs are equal (RULES §6): equal traces.

A saga keeps in memory what it saw, so the trace tells the input, each call with its executor, how it
ended for its caller (status, body, symptom; being slowed is one), what it changed, what was held and what
was stored, in their order. Virtual and real times may differ; but how much a call was slowed is part of
it, because it decides which of several parallel branches comes first.

Deliveries of what may change something are told too: an undo that found nothing leaves a tombstone, and
the first request of an undo in two parts is remembered, though nothing was changed and no reply came.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from typing import Any

import msgspec

from harness.history import (
    CallAnswered,
    CallFailed,
    CallSent,
    Delivered,
    EffectApplied,
    EndedEarly,
    ExecutorBegan,
    ExecutorEnded,
    ExecutorStruck,
    ExecutorWoken,
    FaultFired,
    Held,
    HeldOtherwise,
    History,
    Lapsed,
    MessageDead,
    MessageDelivered,
    ParticipantAway,
    PhaseBegan,
    Released,
    StoreChanged,
)
from harness.plan import FaultPlan

SLOWS = "slow"
"""The kind of fault whose caller sees nothing but that it had to wait."""

_Told = tuple[object, ...]

_encode = msgspec.json.Encoder().encode


def trace_of(history: History, plan: FaultPlan) -> bytes:
    """Equal for two runs that are equal, whatever their sagas are called. plan: what struck them."""
    return traces_of(history, plan)[0]


def traces_of(history: History, plan: FaultPlan) -> tuple[bytes, bytes]:
    """The trace, and the reaction: the same save for headers and bodies of what faults answered.

    The reaction is empty where the newest fault has no variant.
    """
    told = _told(history, plan)
    reaction = b""
    if plan.faults and plan.faults[-1].variant:
        fired = history.of(FaultFired)
        struck = {event.call for _, event in fired if event.fault is not None}
        reaction = _digest(history, _by_status(told, struck))
    return _digest(history, told), reaction


def _told(history: History, plan: FaultPlan) -> list[_Told]:
    queries: set[int] = set()
    told: list[_Told] = [(history.began.input,)]
    event: Any
    for event in history.events:
        kind = type(event)
        if kind is CallSent and event.direction is None:
            queries.add(event.call)
        elif kind is Delivered and (event.copy or event.call in queries):
            continue
        if kind is FaultFired:
            told.extend(_slowed(event, plan))
        elif (tell := _TELLERS.get(kind)) is not None:
            told.append(tell(event))
    return told


def _by_status(told: list[_Told], calls: Collection[int]) -> list[_Told]:
    """Of the answers to these calls the status alone."""
    input_, *events = told
    return [input_, *(one[:3] if one[0] == "answered" and one[1] in calls else one for one in events)]


def _digest(history: History, told: list[_Told]) -> bytes:
    text = _encode(told)
    for id_ in history.began.saga_ids:
        text = text.replace(id_.encode(), b"*")
    return hashlib.blake2b(text, digest_size=12).digest()


def _slowed(event: FaultFired, plan: FaultPlan) -> Iterator[_Told]:
    """Of the receipts only that a call was slowed, and how much: all else shows in what became of it."""
    if event.kind == SLOWS:
        yield "slowed", event.call, "" if event.fault is None else plan.faults[event.fault].variant


_TELLERS: dict[type, Callable[[Any], _Told]] = {
    PhaseBegan: lambda event: (event.phase,),
    ExecutorBegan: lambda event: ("began", event.executor, event.node, event.resumed),
    ExecutorEnded: lambda event: (
        "ended",
        event.executor,
        event.status,
        bool(event.problem),
        event.cancelled,
    ),
    EndedEarly: lambda event: ("ended early", event.why),
    ExecutorStruck: lambda event: ("struck", event.executor, event.process_fault),
    StoreChanged: lambda event: ("stored", event.executor, event.call, event.state),
    ExecutorWoken: lambda event: ("woken", event.executor),
    CallSent: lambda event: (
        "sent",
        event.executor,
        event.operation,
        event.participant,
        event.method,
        event.path,
        event.key,
    ),
    ParticipantAway: lambda event: ("away", event.participant, event.call),
    Delivered: lambda event: ("delivered", event.call),
    EffectApplied: lambda event: (event.resource, event.incarnation, event.change, event.step, event.saga_id),
    HeldOtherwise: lambda event: ("held", event.resource, event.incarnation, event.step, event.held),
    Lapsed: lambda event: ("lapsed", event.resource, event.incarnation, event.step),
    CallAnswered: lambda event: ("answered", event.call, event.status, event.content, event.retry_after_s),
    CallFailed: lambda event: ("failed", event.call, event.symptom, event.abandoned, event.broken_off),
    Held: lambda event: ("held", event.call, event.until),
    Released: lambda event: ("released", event.call, event.dropped),
    MessageDelivered: lambda event: ("message", event.call, event.message, event.subscription, event.copy),
    MessageDead: lambda event: ("dead letter", event.message, event.subscription),
}
