"""Choreographed sagas with one mistake each, and the parallel one whose events may come in any order."""

from __future__ import annotations

from typing import Any, ClassVar

from harness.adapter.handlers import HandlerContext, MessageEvent
from harness.saga import Step
from tests.planted.messages.shop import Shop


class PublishesFirst(Shop):
    """Tells the others before its own step took effect."""

    async def act(self, ctx: HandlerContext, event: MessageEvent, step: str, done: str, refused: str) -> None:
        async def work() -> str:
            await self.publish(ctx, event, done)
            if await self.create(ctx, step):
                return ""
            await self.undo(ctx, step)
            return refused

        await self.once(ctx, event, step, work)


class NoOutbox(Shop):
    """Remembers that the event was handled, and not that its own is still to be published."""

    async def once(self, ctx: HandlerContext, event: MessageEvent, who: str, work: Any) -> None:
        mark = f"{who} {event.id}"
        if mark not in self.store(ctx).read():
            type_ = await work()
            self.store(ctx).write(**{mark: True})
            await self.publish(ctx, event, type_)


class NoInbox(Shop):
    """Does what an event says as often as it comes."""

    async def act(self, ctx: HandlerContext, event: MessageEvent, step: str, done: str, refused: str) -> None:
        if await self.create(ctx, step):
            await self.publish(ctx, event, done)
        else:
            await self.undo(ctx, step)
            await self.publish(ctx, event, refused)


class Parallel(Shop):
    """Stock and bank begin at once; whoever is refused has the other one undo what it did, or will do."""

    steps: ClassVar[tuple[Step, ...]] = (
        Step(name="hold", action="stock.hold.create", compensation="stock.hold.delete_by_saga", after=()),
        Step(name="charge", action="bank.charge.create", compensation="bank.charge.delete_by_saga", after=()),
    )

    def handlers(self) -> dict[str, Any]:
        return {
            "OrderPlaced": [self.reserve, self.charge],
            "StockReserved": self.collect,
            "PaymentTaken": self.collect,
            "PaymentRefused": self.release,
            "StockRefused": self.refund,
        }

    async def charge(self, ctx: HandlerContext, event: MessageEvent) -> None:
        assert isinstance(event.data, dict)
        if event.data["amount"] > 100:
            await self.once(ctx, event, "charge", self.says("PaymentRefused"))
        else:
            await self.act(ctx, event, "charge", "PaymentTaken", "PaymentRefused")

    async def act(self, ctx: HandlerContext, event: MessageEvent, step: str, done: str, refused: str) -> None:
        if f"cancelled {step}" not in self.store(ctx).read():
            await super().act(ctx, event, step, done, refused)

    async def collect(self, ctx: HandlerContext, event: MessageEvent) -> None:
        async def work() -> str:
            self.store(ctx).write(**{event.type: True})
            known = self.store(ctx).read()
            return "OrderConfirmed" if {"StockReserved", "PaymentTaken"} <= set(known) else ""

        await self.once(ctx, event, "collect", work)

    async def release(self, ctx: HandlerContext, event: MessageEvent) -> None:
        await self.take_back(ctx, event, "hold")

    async def refund(self, ctx: HandlerContext, event: MessageEvent) -> None:
        await self.take_back(ctx, event, "charge")

    async def take_back(self, ctx: HandlerContext, event: MessageEvent, step: str) -> None:
        async def work() -> str:
            self.store(ctx).write(**{f"cancelled {step}": True})
            if f"begun {step}" in self.store(ctx).read():
                await self.undo(ctx, step)
            return "OrderCancelled"

        await self.once(ctx, event, f"take back {step}", work)

    async def publish(self, ctx: HandlerContext, event: MessageEvent, type_: str) -> None:
        if type_ == "OrderCancelled":  # one end, whoever publishes it
            await ctx.publish(type_, {}, id=f"{ctx.saga_id}/{type_}", timeout_s=0.2)
        else:
            await super().publish(ctx, event, type_)


class OutOfOrder(Parallel):
    """Has nothing to take back where the cancellation comes first, and does the step when its event comes."""

    async def take_back(self, ctx: HandlerContext, event: MessageEvent, step: str) -> None:
        async def work() -> str:
            if f"begun {step}" in self.store(ctx).read():
                await self.undo(ctx, step)
            return "OrderCancelled"

        await self.once(ctx, event, f"take back {step}", work)


class EndsTwice(Shop):
    """Each time that the event comes it publishes the end as another event."""

    async def confirm(self, ctx: HandlerContext, event: MessageEvent) -> None:
        del event
        await ctx.publish("OrderConfirmed", {}, timeout_s=0.2)
