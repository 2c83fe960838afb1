"""A small order saga with two participants, and ways to look at what became of a run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from harness.adapter import CallableSaga, SagaContext
from harness.history import CallSent, EffectApplied, ExecutorEnded, FaultFired, History
from harness.participant import ResourceSpec, RestParticipant, Route, Verb
from harness.plan import Fault, FaultPlan
from harness.saga import SagaSpec, Step
from harness.scenario import Scenario

TIMEOUT_S = 0.25
CHARGE = "payments.charge.create"


def resource(name: str) -> ResourceSpec:
    def routes(text: str) -> tuple[Route, ...]:
        return (Route.parse(text, name),)

    return ResourceSpec(
        name=name,
        routes={
            Verb.CREATE: routes(f"POST /{name}s"),
            Verb.DELETE: routes(f"DELETE /{name}s/{{id}}"),
            Verb.DELETE_BY_SAGA: routes(f"DELETE /{name}s"),
            Verb.FIND: routes(f"GET /{name}s"),
        },
    )


PARTICIPANTS = (
    RestParticipant("inventory", (resource("reservation"),)),
    RestParticipant("payments", (resource("charge"),)),
)
SPEC = SagaSpec(
    name="order",
    steps=(
        Step(
            name="reserve",
            action="inventory.reservation.create",
            compensation="inventory.reservation.delete_by_saga",
        ),
        Step(name="charge", action=CHARGE, compensation="payments.charge.delete_by_saga"),
    ),
)


def scenario(saga: Callable[..., object], *, time_limit_s: float = 2.0, patience_s: float = 1.0) -> Scenario:
    return Scenario(
        name=saga.__name__,
        spec=SPEC,
        participants=PARTICIPANTS,
        saga=CallableSaga(saga, saga.__name__),
        time_limit_s=time_limit_s,
        patience_s=patience_s,
    )


def plan(kind: str, operation: str = CHARGE, **rest: object) -> FaultPlan:
    return FaultPlan((Fault(kind=kind, operation=operation, **rest),))  # type: ignore[arg-type]


def order(ctx: SagaContext, what: str) -> dict[str, Any]:
    """The arguments of a request that makes something."""
    where = {"reservation": "inventory", "charge": "payments"}[what]
    return {
        "url": f"{ctx.urls[where]}/{what}s",
        "json": {"saga_id": ctx.saga_id},
        "headers": {"Idempotency-Key": f"{ctx.saga_id}:{what}"},
        "timeout": TIMEOUT_S,
    }


async def probe(ctx: Any, input_: object) -> object:
    """Two charges, one after the other; the detail says what came of each, and how long it took."""
    seen = []
    for _ in range(2):
        began_s = time.monotonic()
        try:
            reply = await ctx.client.post(**order(ctx, "charge"))
            came: object = reply.status_code
        except httpx.TransportError as error:
            came = type(error).__name__
        seen.append([came, time.monotonic() - began_s])
    return {"status": "completed", "detail": {"seen": seen}}


@dataclass(frozen=True)
class Seen:
    """What a probe told."""

    came: object
    took_s: float


def probed(history: History) -> list[Seen]:
    ended = outcomes(history)[-1]
    assert ended.status == "completed", ended
    detail: Any = ended.detail
    return [Seen(*one) for one in detail["seen"]]


def detail(history: History) -> Any:
    return outcomes(history)[0].detail


def outcomes(history: History) -> list[ExecutorEnded]:
    return [event for event in history.events if isinstance(event, ExecutorEnded)]


def receipts(history: History) -> list[FaultFired]:
    return [event for event in history.events if isinstance(event, FaultFired)]


def effects_of(history: History, call: int) -> list[str]:
    return [
        str(event.change)
        for event in history.events
        if isinstance(event, EffectApplied) and event.call == call
    ]


def sent(history: History) -> list[CallSent]:
    return [event for event in history.events if isinstance(event, CallSent)]
