"""A choreographed saga that marks a seat and sends a parcel: sound alone, and not always beside another."""

from __future__ import annotations

from harness.adapter.handlers import HandlerContext, MessageEvent, handlers_saga
from harness.bus import Bus, Promise
from harness.participant import RestParticipant
from harness.saga import Status
from harness.scenario import Scenario
from tests.planted.test_overlap import PARCEL, Caller, hall, spec


class Overwrites:
    """Broken: reads that the seat is free, and marks it whatever another saga did since."""

    async def mark(self, ctx: HandlerContext, event: MessageEvent) -> None:
        caller = Caller(ctx)  # type: ignore[arg-type]  # it has what a saga's context has
        state, tag = await caller.look()
        marked = state == "free" and await self.set(caller, tag)
        await ctx.publish("SeatMarked" if marked else "Refused", id=f"{event.id}/seat")

    async def set(self, caller: Caller, tag: str) -> bool:
        del tag
        return await caller.set("marked") == 200

    async def send(self, ctx: HandlerContext, event: MessageEvent) -> None:
        caller = Caller(ctx)  # type: ignore[arg-type]
        sent = await caller.send()
        if not sent:
            await caller.set("free")
        await ctx.publish("Sent" if sent else "Refused", id=f"{event.id}/parcel")

    def scenario(self) -> Scenario:
        events = ("Ordered", "SeatMarked", "Sent", "Refused")
        name = type(self).__name__
        return Scenario(
            name=name,
            spec=spec(),
            participants=(
                hall(lock=False),
                RestParticipant("post", (PARCEL,)),
                Bus("events", events, promise=Promise(ack_timeout_s=2.0)),
            ),
            saga=handlers_saga(
                {"Ordered": self.mark, "SeatMarked": self.send},
                bus="events",
                starts="Ordered",
                outcome={"Sent": Status.COMPLETED, "Refused": Status.COMPENSATED},
                name=name,
            ),
        )


class SendsVersion(Overwrites):
    """Sound: what was changed since it was read is refused."""

    async def set(self, caller: Caller, tag: str) -> bool:
        return await caller.set("marked", tag=tag) == 200
