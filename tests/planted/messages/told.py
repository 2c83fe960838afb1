"""Commands whose step is no call: the service keeps stock itself, and an event says what it did.

`StockHeld` stands for the step, and `StockFreed` for its undo; both are replies, too. Sound: what was begun
and may have been told is taken back by a command, and the service tells that as well.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import httpx

from harness.adapter.handlers import HandlerContext, MessageEvent
from harness.bus import EventStep
from harness.saga import Step
from harness.scenario import Scenario
from tests.planted.messages.shop import Shop

TIMEOUT_S = 0.2
REPLY_TIMEOUT_S = 5.0
HOLD = EventStep(name="hold", done="StockHeld", undone="StockFreed")


class Told(Shop):
    """HoldStock and FreeStock are commands; the bank is called."""

    events: ClassVar[tuple[str, ...]] = (
        *("OrderPlaced", "OrderConfirmed", "OrderCancelled", "HoldStock", "FreeStock"),
        *("StockHeld", "StockRefused", "StockFreed", "NothingToFree"),
    )
    replies: ClassVar[tuple[str, ...]] = ("StockHeld", "StockRefused")
    steps: ClassVar[tuple[Step, ...]] = (
        Step(name="hold", action="events.hold.StockHeld", compensation="events.hold.StockFreed"),
        Shop.steps[1],
    )

    def handlers(self) -> dict[str, Any]:
        return {
            "OrderPlaced": self.conduct,
            "StockFreed": self.cancel,
            "NothingToFree": self.cancel,
            "HoldStock": self.stock,
            "FreeStock": self.stock,
        }

    def scenario(self, **more: Any) -> Scenario:
        return super().scenario(event_steps=(HOLD,), **more)

    # The orchestrator --------------------------------------------------------------------------

    async def conduct(self, ctx: HandlerContext, event: MessageEvent) -> None:
        async with ctx.memory.setdefault("orchestrator", asyncio.Lock()):
            if "done" not in self.store(ctx).read():
                done = await self.hold(ctx) and await self.create(ctx, "charge")
                self.store(ctx).write(done=done)
            if not self.store(ctx).read()["done"]:
                await self.undo(ctx, "charge")
                await self.free(ctx)
                return
        await ctx.publish("OrderConfirmed", id=f"{ctx.saga_id}-end", timeout_s=TIMEOUT_S)

    async def hold(self, ctx: HandlerContext) -> bool:
        """Whether the service told so; it may do it yet where it did not."""
        for _ in range(2):
            try:
                reply = await ctx.request("HoldStock", id=f"{ctx.saga_id}-hold", timeout_s=REPLY_TIMEOUT_S)
            except (TimeoutError, httpx.HTTPError):
                continue
            return reply.type == "StockHeld"
        return False

    async def free(self, ctx: HandlerContext) -> None:
        """Who hears of it cancels the order."""
        await ctx.publish("FreeStock", id=f"{ctx.saga_id}-free", timeout_s=TIMEOUT_S)

    async def cancel(self, ctx: HandlerContext, event: MessageEvent) -> None:
        await ctx.publish("OrderCancelled", id=f"{ctx.saga_id}-end", timeout_s=TIMEOUT_S)

    async def create(self, ctx: HandlerContext, step: str) -> bool:
        self.store(ctx).write(**{f"begun {step}": True})
        return await super().create(ctx, step)

    async def undo(self, ctx: HandlerContext, step: str) -> None:
        if f"begun {step}" in self.store(ctx).read():
            await super().undo(ctx, step)

    # The service -------------------------------------------------------------------------------

    async def stock(self, ctx: HandlerContext, event: MessageEvent) -> None:
        """Each command once; what came of it is told before another one is taken."""
        store = self.store(ctx)
        async with ctx.memory.setdefault("stock", asyncio.Lock()):
            untold = store.read().get("untold")
            if untold not in (None, event.id):
                raise RuntimeError(f"what came of {untold} is not told yet")
            if event.id not in store.read():
                told = self.held(ctx) if event.type == "HoldStock" else self.freed(ctx)
                store.write(**{event.id: told, "untold": event.id})
            if store.read()["untold"] is not None:
                await self.tell(ctx, event)
                store.write(untold=None)

    async def tell(self, ctx: HandlerContext, event: MessageEvent) -> None:
        told = self.store(ctx).read()[event.id]
        by = {"correlationid": event.id}
        await ctx.publish(told, id=f"{event.id}/{told}", attributes=by, timeout_s=TIMEOUT_S)

    def held(self, ctx: HandlerContext) -> str:
        if "freed" in self.store(ctx).read():
            return "StockRefused"
        self.store(ctx).write(held=True)
        return "StockHeld"

    def freed(self, ctx: HandlerContext) -> str:
        self.store(ctx).write(freed=True)
        return "StockFreed" if "held" in self.store(ctx).read() else "NothingToFree"


class NeverFrees(Told):
    """Its service says that there is nothing to free."""

    def freed(self, ctx: HandlerContext) -> str:
        self.store(ctx).write(freed=True)
        return "NothingToFree"


class FreesWhatIsKnown(Told):
    """Its orchestrator takes back only what it heard of."""

    async def free(self, ctx: HandlerContext) -> None:
        if "heard" in self.store(ctx).read():
            await super().free(ctx)
        else:
            await ctx.publish("OrderCancelled", id=f"{ctx.saga_id}-end", timeout_s=TIMEOUT_S)

    async def hold(self, ctx: HandlerContext) -> bool:
        held = await super().hold(ctx)
        if held:
            self.store(ctx).write(heard=True)
        return held


class TellsInAnyOrder(Told):
    """Its service takes the next command while it is still to tell what came of the one before."""

    async def stock(self, ctx: HandlerContext, event: MessageEvent) -> None:
        if event.id not in self.store(ctx).read():
            self.store(ctx).write(
                **{event.id: self.held(ctx) if event.type == "HoldStock" else self.freed(ctx)}
            )
        await self.tell(ctx, event)
