"""When two runs are equal (RULES §6): equal traces.

A saga keeps in memory what it saw, so the trace tells the input, each call with its executor, how it
ended for its caller (status, body, symptom; being slowed is one), what it changed and what was held, in
their order. Virtual and real times may differ.

Deliveries of what may change something are told too: an undo that found nothing leaves a tombstone, and
the first request of an undo in two parts is remembered, though nothing was changed and no reply came.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from harness.history import (
    CallAnswered,
    CallFailed,
    CallSent,
    Delivered,
    EffectApplied,
    ExecutorBegan,
    ExecutorEnded,
    ExecutorStruck,
    ExecutorWoken,
    FaultFired,
    Held,
    History,
    ParticipantAway,
    PhaseBegan,
    Released,
)
from harness.history.events import AnyEvent

SLOWS = "slow"
"""The kind of fault whose caller sees nothing but that it had to wait."""

_Told = tuple[object, ...]

_encode = msgspec.json.Encoder().encode


def trace_of(history: History) -> bytes:
    """Equal for two runs that are equal, whatever their sagas are called."""
    queries: set[int] = set()
    told: list[_Told] = [(history.began.input,)]
    for event in history.events:
        if isinstance(event, CallSent) and event.direction is None:
            queries.add(event.call)
        if isinstance(event, Delivered) and (event.copy or event.call in queries):
            continue
        one = _tell(event)
        if one is not None:
            told.append(one)
    text = _encode(told)
    for id_ in history.began.saga_ids:
        text = text.replace(id_.encode(), b"*")
    return hashlib.blake2b(text, digest_size=12).digest()


def _tell(event: AnyEvent) -> _Told | None:
    tell = _TELLERS.get(type(event))
    return None if tell is None else tell(event)


def _fired(event: FaultFired) -> _Told | None:
    """Of the receipts only that a call was slowed: all else shows in what became of it."""
    return ("slowed", event.call) if event.kind == SLOWS else None


_TELLERS: dict[type, Callable[[Any], _Told | None]] = {
    PhaseBegan: lambda event: (event.phase,),
    ExecutorBegan: lambda event: ("began", event.executor, event.node, event.resumed),
    ExecutorEnded: lambda event: (
        "ended",
        event.executor,
        event.status,
        bool(event.problem),
        event.cancelled,
    ),
    ExecutorStruck: lambda event: ("struck", event.executor, event.blow),
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
    FaultFired: _fired,
    ParticipantAway: lambda event: ("away", event.participant, event.call),
    Delivered: lambda event: ("delivered", event.call),
    EffectApplied: lambda event: (event.resource, event.incarnation, event.change, event.step, event.saga_id),
    CallAnswered: lambda event: ("answered", event.call, event.status, event.content),
    CallFailed: lambda event: ("failed", event.call, event.symptom, event.abandoned, event.broken_off),
    Held: lambda event: ("held", event.call, event.until),
    Released: lambda event: ("released", event.call, event.dropped),
}
