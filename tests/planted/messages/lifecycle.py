"""Choreographed sagas that publish the events of their life, each with one mistake, and their sound twins."""

from __future__ import annotations

import os
from typing import ClassVar

import httpx

from harness.adapter.handlers import HandlerContext, MessageEvent
from harness.plan import Fault
from harness.saga import Status
from tests.planted.messages.shop import TIMEOUT_S, Shop

CHARGE_REFUSED = Fault(kind="reject", operation="bank.charge.create")
UNHEARD = Fault(kind="lose_reply", operation="events.SagaStepCompleted.publish")
LOST = Fault(kind="lose_request", operation="events.SagaStepCompleted.publish")

LIFE: dict[str, tuple[str, str]] = {
    "StockReserved": ("SagaStepCompleted", "hold"),
    "PaymentTaken": ("SagaStepCompleted", "charge"),
    "OrderConfirmed": ("SagaCompleted", ""),
    "OrderCancelled": ("SagaFailed", ""),
}
"""What is told before each event goes out."""


class TellsItsLife(Shop):
    """Tells what came of a step before anybody can go on from there, with an id that stays the same."""

    events: ClassVar[tuple[str, ...]] = (
        *Shop.events,
        *("SagaStarted", "SagaStepCompleted", "SagaCompleted", "SagaFailed"),
        *("CompensationStarted", "CompensationCompleted"),
    )
    life: ClassVar[dict[str, tuple[str, str]]] = LIFE

    async def reserve(self, ctx: HandlerContext, event: MessageEvent) -> None:
        await self.tell(ctx, "SagaStarted")
        await super().reserve(ctx, event)

    async def publish(self, ctx: HandlerContext, event: MessageEvent, type_: str) -> None:
        if type_ in self.life:
            await self.tell(ctx, *self.life[type_])
        await super().publish(ctx, event, type_)

    async def tell(self, ctx: HandlerContext, type_: str, step: str = "") -> None:
        data = {"step": step} if step else {}
        await ctx.publish(type_, data, id=self.id_of(ctx, type_, step), timeout_s=TIMEOUT_S)

    def id_of(self, ctx: HandlerContext, type_: str, step: str) -> str:
        return f"{ctx.saga_id}/{type_}/{step}"


class TellsItsUndos(TellsItsLife):
    """Tells of each undo, too."""

    async def undo(self, ctx: HandlerContext, step: str) -> None:
        await self.tell(ctx, "CompensationStarted")
        await super().undo(ctx, step)
        await self.tell(ctx, "CompensationCompleted", step)


class MissesAStep(TellsItsLife):
    """Nobody tells that the charge was made."""

    life: ClassVar[dict[str, tuple[str, str]]] = {**LIFE, "PaymentTaken": ("Paid", "charge")}
    events: ClassVar[tuple[str, ...]] = (*TellsItsLife.events, "Paid")


class MissesAnUndo(TellsItsUndos):
    """Nobody tells that the hold was given back."""

    async def tell(self, ctx: HandlerContext, type_: str, step: str = "") -> None:
        if (type_, step) != ("CompensationCompleted", "hold"):
            await super().tell(ctx, type_, step)


class TellsAhead(TellsItsLife):
    """Tells that a step is done before it sends its call."""

    async def create(self, ctx: HandlerContext, step: str) -> bool:
        await self.tell(ctx, "SagaStepCompleted", step)
        return await super().create(ctx, step)


class TellsWhatFailed(TellsItsLife):
    """Tells that a step is done, however its call ended."""

    async def create(self, ctx: HandlerContext, step: str) -> bool:
        done = await super().create(ctx, step)
        await self.tell(ctx, "SagaStepCompleted", step)
        return done


class TellsInTheWrongOrder(TellsItsLife):
    """What became of the hold is told by whoever comes next, when that is done itself."""

    life: ClassVar[dict[str, tuple[str, str]]] = {**LIFE, "StockReserved": ("Reserved", "hold")}
    events: ClassVar[tuple[str, ...]] = (*TellsItsLife.events, "Reserved")

    async def publish(self, ctx: HandlerContext, event: MessageEvent, type_: str) -> None:
        await super().publish(ctx, event, type_)
        if type_ == "PaymentTaken":
            await self.tell(ctx, "SagaStepCompleted", "hold")


class TellsAfterTheEnd(TellsItsLife):
    """Tells of the charge when the saga is told to be over."""

    life: ClassVar[dict[str, tuple[str, str]]] = {**LIFE, "PaymentTaken": ("Paid", "charge")}
    events: ClassVar[tuple[str, ...]] = (*TellsItsLife.events, "Paid")

    async def publish(self, ctx: HandlerContext, event: MessageEvent, type_: str) -> None:
        await super().publish(ctx, event, type_)
        if type_ == "OrderConfirmed":
            await self.tell(ctx, "SagaStepCompleted", "charge")


class SilentAtItsFailure(TellsItsLife):
    """Nobody tells that the saga failed."""

    life: ClassVar[dict[str, tuple[str, str]]] = {one: LIFE[one] for one in LIFE if one != "OrderCancelled"}


class FailsBeforeItsUndo(TellsItsLife):
    """Tells that it is over while the hold is still to be given back."""

    async def release(self, ctx: HandlerContext, event: MessageEvent) -> None:
        await self.tell(ctx, "SagaFailed")
        await super().release(ctx, event)


class TellsAnew(TellsItsLife):
    """Gives each publication an id of its own."""

    def id_of(self, ctx: HandlerContext, type_: str, step: str) -> str:
        return os.urandom(8).hex()


class TellsOnceOrNever(TellsItsLife):
    """Does not care whether the bus has what it tells."""

    async def tell(self, ctx: HandlerContext, type_: str, step: str = "") -> None:
        try:
            await super().tell(ctx, type_, step)
        except httpx.HTTPError:
            return


class EndsByTheirNames(Shop):
    """Its ends are called SagaCompleted and SagaFailed, and it tells nothing else of its life."""

    names: ClassVar[dict[str, str]] = {"OrderConfirmed": "SagaCompleted", "OrderCancelled": "SagaFailed"}
    events: ClassVar[tuple[str, ...]] = (*Shop.events, *names.values())
    outcome: ClassVar[dict[str, Status]] = {
        "SagaCompleted": Status.COMPLETED,
        "SagaFailed": Status.COMPENSATED,
    }

    async def publish(self, ctx: HandlerContext, event: MessageEvent, type_: str) -> None:
        await super().publish(ctx, event, self.names.get(type_, type_))


PLANTED: dict[str, tuple[type[Shop], tuple[Fault, ...], str]] = {
    "misses a step": (MissesAStep, (), "step charge was acknowledged, and no event tells that"),
    "misses an undo": (
        MissesAnUndo,
        (CHARGE_REFUSED,),
        "step hold was acknowledged, and no event tells that",
    ),
    "tells ahead": (TellsAhead, (), "the event SagaStepCompleted of hold was not true yet: nobody had"),
    "tells what failed": (TellsWhatFailed, (CHARGE_REFUSED,), "SagaStepCompleted of charge is not true"),
    "wrong order": (TellsInTheWrongOrder, (), "of charge comes before SagaStepCompleted of hold"),
    "after the end": (TellsAfterTheEnd, (), "SagaStepCompleted of charge comes after SagaCompleted"),
    "silent": (SilentAtItsFailure, (CHARGE_REFUSED,), "ended with compensated, and no event says"),
    "before its undo": (
        FailsBeforeItsUndo,
        (CHARGE_REFUSED,),
        "the undo of step hold was sent after the event",
    ),
    "anew": (TellsAnew, (UNHEARD,), "is told twice"),
    "once or never": (TellsOnceOrNever, (LOST,), "step hold was acknowledged, and no event tells that"),
}
"""Each broken one with the faults that show it, and what is said of it."""
