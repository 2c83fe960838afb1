"""A quantity is reserved, then shipped; an abort releases it."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "warehouse", "/lamps/red/reservations", undo="id"),
    Part("charge", "payments", "/charges"),
    Part("ship", "warehouse", "/lamps/red/shipments", kind="pivot", undo=None),
]


class Releases(Orchestrator):
    async def undo(self, part: Part) -> bool:
        if part.name != "reserve":
            return await super().undo(part)
        told = await self.line.send(
            "POST",
            f"{self.ctx.urls['warehouse']}/lamps/red/releases",
            undo=True,
            key=f"{self.ctx.saga_id}:reserve:undo",
            tries=self.manner.undo_tries,
            json={"saga_id": self.ctx.saga_id},
        )
        if told.done:
            self.log.append([part.name, "undone"])
        return told.done


async def order(ctx: Any, input_: Any) -> Any:
    return await Releases(ctx, PARTS, Manner(), input_).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Says that nothing is there where the release was refused."""
    return await Releases(ctx, PARTS, Manner(bug="swallow"), input_).run()
