"""A step of two calls, side by side, under one key: undone as a whole where either fails."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part, Told

SEAT = Part("book", "airline", "/seats")
MEAL = Part("book", "kitchen", "/meals")
CHARGE = Part("charge", "payments", "/charges")


class Books(Orchestrator):
    async def act(self, part: Part) -> Told:
        if part.name != "book":
            return await super().act(part)
        self.tried.append(part)
        both = await asyncio.gather(*(self.book(one) for one in (SEAT, MEAL)))
        return next((told for told in both if not told.done), both[0])

    async def book(self, part: Part) -> Told:
        body = {"saga_id": self.ctx.saga_id}
        return await self.line.send("POST", self.url(part), key=self.key("book"), json=body)

    async def undo(self, part: Part) -> bool:
        if part.name != "book":
            return await super().undo(part)
        undone = all([await self.undo_by_saga(one) for one in (MEAL, SEAT)])
        if undone:
            self.log.append(["book", "undone"])
        return undone


class Forgets(Books):
    async def turn_back(self, failed: Part, told: Told) -> dict[str, Any]:
        if failed.name == "book" and self.manner.bug == "forget_half":
            return self.end("compensated")
        return await super().turn_back(failed, told)


async def order(ctx: Any, input_: Any) -> Any:
    # What was refused is undone, too: the other half of it may be there.
    return await Books(ctx, [SEAT, CHARGE], Manner(undo_refused=True)).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Takes a step that failed for one of which nothing is there, though half of it is."""
    return await Forgets(ctx, [SEAT, CHARGE], Manner(bug="forget_half")).run()
