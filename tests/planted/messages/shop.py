"""A choreographed order saga of three services, with a method for each decision that planted ones get wrong.

Sound: each service keeps an inbox and an outbox in one store, written whole. What was begun and is not known
to be done is undone, never tried again; events have the same id whenever they are published.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, ClassVar

import httpx

from harness.adapter.handlers import (
    HandlerContext,
    HandlersSaga,
    MessageEvent,
    PlainHandlerContext,
    handlers_saga,
)
from harness.bus import Bus, EventStep, Promise
from harness.participant import Participant
from harness.saga import Claim, Json, SagaSpec, Status, Step
from harness.scenario import Scenario
from tests.planted.kit import SHOP, UNKEYED

BEGUN = "begun"
TIMEOUT_S = 0.2
OUTCOME = {
    "OrderConfirmed": Status.COMPLETED,
    "OrderCancelled": Status.COMPENSATED,
}


class Store:
    """One JSON file, written whole: what it holds after a crash is what some write left."""

    def __init__(self, ctx: HandlerContext | PlainHandlerContext) -> None:
        self._path = ctx.store_dir / "store.json"

    def read(self) -> dict[str, Any]:
        if not self._path.exists():
            return {}
        found: dict[str, Any] = json.loads(self._path.read_text())
        return found

    def write(self, **changes: Any) -> None:
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(self.read() | changes))
        new.replace(self._path)


class Memory:
    """The same for sagas whose process never dies."""

    def __init__(self, ctx: HandlerContext | PlainHandlerContext) -> None:
        self._held: dict[str, Any] = ctx.memory.setdefault("store", {})

    def read(self) -> dict[str, Any]:
        return dict(self._held)

    def write(self, **changes: Any) -> None:
        self._held.update(changes)


class Shop:
    """OrderPlaced, StockReserved, PaymentTaken, OrderConfirmed; back by PaymentRefused and StockRefused."""

    events: ClassVar[tuple[str, ...]] = (
        "OrderPlaced",
        "StockReserved",
        "StockRefused",
        "PaymentTaken",
        "PaymentRefused",
        "OrderConfirmed",
        "OrderCancelled",
    )
    steps: ClassVar[tuple[Step, ...]] = (
        Step(name="hold", action="stock.hold.create", compensation="stock.hold.delete_by_saga"),
        Step(name="charge", action="bank.charge.create", compensation="bank.charge.delete_by_saga"),
    )
    replies: ClassVar[tuple[str, ...]] = ()
    outcome: ClassVar[dict[str, Status]] = OUTCOME
    undo_by: ClassVar[dict[str, tuple[str, str]]] = {
        "hold": ("DELETE", "stock/holds"),
        "charge": ("POST", "bank/charges/refunds"),
    }

    durable = False

    def store(self, ctx: HandlerContext) -> Store | Memory:
        return Store(ctx) if self.durable else Memory(ctx)

    # The services ------------------------------------------------------------------------------

    async def reserve(self, ctx: HandlerContext, event: MessageEvent) -> None:
        await self.act(ctx, event, "hold", "StockReserved", "StockRefused")

    async def charge(self, ctx: HandlerContext, event: MessageEvent) -> None:
        await self.act(ctx, event, "charge", "PaymentTaken", "PaymentRefused")

    async def confirm(self, ctx: HandlerContext, event: MessageEvent) -> None:
        await self.once(ctx, event, "confirm", self.says("OrderConfirmed"))

    async def release(self, ctx: HandlerContext, event: MessageEvent) -> None:
        async def work() -> str:
            await self.undo(ctx, "hold")
            return "OrderCancelled"

        await self.once(ctx, event, "release", work)

    async def cancel(self, ctx: HandlerContext, event: MessageEvent) -> None:
        await self.once(ctx, event, "cancel", self.says("OrderCancelled"))

    # How they do it ----------------------------------------------------------------------------

    async def act(self, ctx: HandlerContext, event: MessageEvent, step: str, done: str, refused: str) -> None:
        """Do a step at most once; what is in doubt is undone."""

        async def work() -> str:
            begun = f"begun {step}"
            first = begun not in self.store(ctx).read()
            self.store(ctx).write(**{begun: True})
            if first and await self.create(ctx, step):
                return done
            await self.undo(ctx, step)
            return refused

        await self.once(ctx, event, step, work)

    async def once(self, ctx: HandlerContext, event: MessageEvent, who: str, work: Any) -> None:
        """Inbox and outbox: the work is done once, and what came of it is published until it is out."""
        lock = ctx.memory.setdefault("lock", asyncio.Lock())
        async with lock:
            mark = f"{who} {event.id}"
            known = self.store(ctx).read().get(mark)
            if known is None:
                known = {"publish": await work(), "out": False}
                self.store(ctx).write(**{mark: known})
            if known["publish"] and not known["out"]:
                await self.publish(ctx, event, known["publish"])
                self.store(ctx).write(**{mark: known | {"out": True}})

    async def publish(self, ctx: HandlerContext, event: MessageEvent, type_: str) -> None:
        await ctx.publish(type_, {}, id=f"{event.id}/{type_}", timeout_s=TIMEOUT_S)

    async def create(self, ctx: HandlerContext, step: str) -> bool:
        where = {"hold": "stock/holds", "charge": "bank/charges"}[step]
        try:
            reply = await self.send(ctx, "POST", where, {"Idempotency-Key": f"{ctx.saga_id}:{step}"})
        except httpx.TransportError:
            return False
        return reply.is_success and _readable(reply)

    async def undo(self, ctx: HandlerContext, step: str) -> None:
        method, where = self.undo_by[step]
        for pause_s in (0.05, 0.0):
            try:
                reply = await self.send(ctx, method, where, {"Idempotency-Key": f"{ctx.saga_id}:{step}:undo"})
            except httpx.TransportError:
                await asyncio.sleep(pause_s)
                continue
            if reply.is_success or reply.status_code in (404, 410):
                return
            await asyncio.sleep(pause_s)
        raise RuntimeError(f"{step} is not undone")

    async def send(
        self, ctx: HandlerContext, method: str, where: str, headers: dict[str, str]
    ) -> httpx.Response:
        participant, _, path = where.partition("/")
        url = f"{ctx.urls[participant]}/{path}"
        return await ctx.client.request(
            method, url, json={"saga_id": ctx.saga_id}, headers=headers, timeout=TIMEOUT_S
        )

    def says(self, type_: str) -> Any:
        async def work() -> str:
            return type_

        return work

    # As a scenario -----------------------------------------------------------------------------

    def handlers(self) -> dict[str, Any]:
        return {
            "OrderPlaced": self.reserve,
            "StockReserved": self.charge,
            "PaymentTaken": self.confirm,
            "PaymentRefused": self.release,
            "StockRefused": self.cancel,
        }

    def saga(self, claims: frozenset[Claim]) -> HandlersSaga:
        return handlers_saga(
            self.handlers(),
            bus="events",
            starts="OrderPlaced",
            outcome=self.outcome,
            name=type(self).__name__,
            durable=Claim.PROCESS_DEATH in claims,
            replies=self.replies,
        )

    def scenario(
        self,
        *,
        claims: frozenset[Claim] = frozenset({Claim.LOST_REPLY}),
        promise: Promise | None = None,
        participants: tuple[Participant, ...] = SHOP[:2],
        inputs: tuple[Json, ...] = ({},),
        expects: tuple[Status, ...] = (),
        event_steps: tuple[EventStep, ...] = (),
        steps: tuple[Step, ...] | None = None,
    ) -> Scenario:
        self.durable = Claim.PROCESS_DEATH in claims
        bus = Bus("events", self.events, promise=promise, steps=event_steps)
        return Scenario(
            name=type(self).__name__,
            spec=SagaSpec(name="order", steps=steps or self.steps, claims=claims),
            participants=(*participants, bus),
            saga=self.saga(claims),
            inputs=inputs,
            expects=expects,
        )


def _readable(reply: httpx.Response) -> bool:
    try:
        reply.json()
    except ValueError:
        return False
    return True


__all__ = ["SHOP", "UNKEYED", "Shop"]
