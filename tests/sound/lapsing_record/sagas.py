"""A reservation that is over by itself after four seconds, unless it was confirmed by then."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part, Told

RESERVE = Part("reserve", "hotel", "/reservations")
CHARGE = Part("charge", "payments", "/charges")
CONFIRM = Part("confirm", "hotel", "/confirmations")


class Reserves(Orchestrator):
    async def act(self, part: Part) -> Told:
        if part is not CONFIRM:
            return await super().act(part)
        self.tried.append(part)
        path = f"{self.ctx.urls['hotel']}/reservations/{self.ids['reserve']}/confirmation"
        return await self.line.send("POST", path, json={"saga_id": self.ctx.saga_id})


class TakesNoForYes(Reserves):
    async def act(self, part: Part) -> Told:
        told = await super().act(part)
        if part is CONFIRM and told.word == "refused":
            self.log.append([part.name, "confirmed already"])
            return Told("done", {})
        return told


async def order(ctx: Any, input_: Any) -> Any:
    return await Reserves(ctx, [RESERVE, CHARGE, CONFIRM], Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Takes a refused confirmation for one that it made before: the reservation may have been over."""
    return await TakesNoForYes(ctx, [RESERVE, CHARGE, CONFIRM], Manner()).run()
