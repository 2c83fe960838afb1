"""A hold that is over by itself after four seconds, unless the seat was sold by then."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part, Told

HOLD = Part("hold", "theatre", "/seats/A-1/hold")
CHARGE = Part("charge", "payments", "/charges")
SELL = Part("sell", "theatre", "/seats/A-1/sale")


class Holds(Orchestrator):
    async def undo(self, part: Part) -> bool:
        if part is CHARGE:
            return await super().undo(part)
        # One undo frees the seat, held or sold; a seat that is free already is no failure.
        told = await self.line.send(
            "DELETE",
            self.url(HOLD),
            undo=True,
            tries=self.manner.undo_tries,
            params={"saga_id": self.ctx.saga_id},
        )
        if told.done:
            self.log.append([part.name, "undone"])
        return told.done


class TakesNoForYes(Holds):
    async def act(self, part: Part) -> Told:
        told = await super().act(part)
        if part is SELL and told.word == "refused":
            self.log.append([part.name, "sold already"])
            return Told("done", {})
        return told


async def order(ctx: Any, input_: Any) -> Any:
    return await Holds(ctx, [HOLD, CHARGE, SELL], Manner(id_of=lambda _: "A-1")).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Takes a refused sale for one that it made before: the hold may have been over."""
    return await TakesNoForYes(ctx, [HOLD, CHARGE, SELL], Manner(id_of=lambda _: "A-1")).run()
