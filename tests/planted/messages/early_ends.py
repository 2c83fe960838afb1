"""Sagas that publish their end before all is over, or whose messages go to the dead letters around it."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from harness.adapter.handlers import HandlerContext, MessageEvent
from harness.plan import Fault, Lasting
from harness.saga import Status
from harness.scenario import Scenario
from tests.planted.kit import SHOP
from tests.planted.messages.shop import OUTCOME, Shop

EVER = Lasting.FOR_EVER
CHARGE_REFUSED = Fault(kind="reject", operation="bank.charge.create")
UNDO_REFUSED = Fault(kind="reject", operation="stock.hold.delete_by_saga", count=EVER)
LAST = 5
"""The delivery after which a message is a dead letter."""


class CancelsFirst(Shop):
    """Says that the order is cancelled, and then gives the hold back."""

    async def release(self, ctx: HandlerContext, event: MessageEvent) -> None:
        await self.publish(ctx, event, "OrderCancelled")
        await self.undo(ctx, "hold")


class ConfirmsFirst(Shop):
    """Says that the order is confirmed, and takes the payment after that."""

    async def charge(self, ctx: HandlerContext, event: MessageEvent) -> None:
        await self.publish(ctx, event, "OrderConfirmed")
        await super().charge(ctx, event)

    async def confirm(self, ctx: HandlerContext, event: MessageEvent) -> None:
        return


class GivesUp(Shop):
    """Cancels the order once its hold was given up: the message is a dead letter by then."""

    events: ClassVar[tuple[str, ...]] = (*Shop.events, "ReleaseGivenUp")

    async def release(self, ctx: HandlerContext, event: MessageEvent) -> None:
        try:
            await super().release(ctx, event)
        except RuntimeError:
            if event.attempt == LAST:
                await self.publish(ctx, event, "ReleaseGivenUp")
            raise

    async def close(self, ctx: HandlerContext, event: MessageEvent) -> None:
        await asyncio.sleep(0.2)
        await self.publish(ctx, event, "OrderCancelled")

    def handlers(self) -> dict[str, Any]:
        return {**super().handlers(), "ReleaseGivenUp": self.close}


class Audited(Shop):
    """An audit hears of its ends, and compares them with what a service has that is no step."""

    async def audit(self, ctx: HandlerContext, event: MessageEvent) -> None:
        reply = await ctx.client.get(
            f"{ctx.urls['post']}/parcels", params={"saga_id": ctx.saga_id}, timeout=0.2
        )
        reply.raise_for_status()

    def scenario(self, **more: Any) -> Scenario:
        return super().scenario(participants=SHOP, **more)

    def handlers(self) -> dict[str, Any]:
        return {**super().handlers(), "OrderConfirmed": self.audit, "OrderCancelled": self.audit}


class NeverAudits(Audited):
    """Its audit refuses whatever comes."""

    async def audit(self, ctx: HandlerContext, event: MessageEvent) -> None:
        raise RuntimeError("no audit today")


class CallsForSomebody(Shop):
    """Publishes that a person is needed, where the hold cannot be given back."""

    events: ClassVar[tuple[str, ...]] = (*Shop.events, "OrderStuck")
    outcome: ClassVar[dict[str, Status]] = {**OUTCOME, "OrderStuck": Status.STUCK}

    async def release(self, ctx: HandlerContext, event: MessageEvent) -> None:
        async def work() -> str:
            try:
                await self.undo(ctx, "hold")
            except RuntimeError:
                return "OrderStuck"
            return "OrderCancelled"

        await self.once(ctx, event, "release", work)


class CallsTooEarly(CallsForSomebody):
    """Publishes that a person is needed before it has tried."""

    async def release(self, ctx: HandlerContext, event: MessageEvent) -> None:
        await self.publish(ctx, event, "OrderStuck")
        await self.undo(ctx, "hold")


LIE = ("complete_compensation", "failed_compensation_escalated", "no_orphaned_resources", "truthful_outcome")
UNAUDITED = Fault(kind="refuse", operation="post.parcel.find", count=EVER)
UNREAD = Fault(kind="poison_message", operation="events.OrderConfirmed.deliver")
UNREAD_CANCEL = Fault(kind="poison_message", operation="events.OrderCancelled.deliver")
UNREAD_RELEASE = Fault(kind="poison_message", operation="events.PaymentRefused.deliver")
UNREAD_CHARGE = Fault(kind="poison_message", operation="events.StockReserved.deliver")
BACK = (CHARGE_REFUSED, UNDO_REFUSED)
_COMPLETED, _COMPENSATED, _STUCK = Status.COMPLETED, Status.COMPENSATED, Status.STUCK

PLANTED: dict[str, tuple[type[Shop], tuple[Fault, ...], Status, tuple[str, ...]]] = {
    "cancelled before its undo": (CancelsFirst, BACK, _COMPENSATED, LIE),
    "gives its undo up": (Shop, BACK, _STUCK, ()),
    "its undo is never begun": (Shop, (CHARGE_REFUSED, UNREAD_RELEASE), _STUCK, ()),
    "cancelled once it was given up": (GivesUp, BACK, _STUCK, ()),
    "confirmed before its payment": (ConfirmsFirst, (CHARGE_REFUSED,), _COMPLETED, ("truthful_outcome",)),
    "its payment is never begun": (Shop, (UNREAD_CHARGE,), _STUCK, ()),
    "audited": (Audited, (), _COMPLETED, ()),
    "its audit is away": (Audited, (UNAUDITED,), _COMPLETED, ()),
    "its audit cannot read": (Audited, (UNREAD,), _COMPLETED, ()),
    "nor read that it was cancelled": (Audited, (CHARGE_REFUSED, UNREAD_CANCEL), _COMPENSATED, ()),
    "its audit takes nothing": (NeverAudits, (), _COMPLETED, ("termination",)),
    "calls for somebody": (CallsForSomebody, BACK, _STUCK, ()),
    "calls too early": (CallsTooEarly, BACK, _STUCK, ("termination",)),
    "calls for nothing": (CallsTooEarly, (CHARGE_REFUSED,), _STUCK, ("termination",)),
}
"""Each with the faults that strike it, how it ended, and what it violates."""
