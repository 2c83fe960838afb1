"""What is not found may still be under way: repeats by key, and stuck where nothing is found."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "inventory", "/reservations", undo="find"),
    Part("charge", "payments", "/charges", undo="find"),
]


class Unsure(Orchestrator):
    async def undo(self, part: Part) -> bool:
        if part.name in self.ids:
            done = await self.undo_by_id(part, self.ids[part.name])
        else:
            found = await self.find(part)
            done = bool(found) and all([await self.undo_by_id(part, one) for one in found or []])
            done = done or (found == [] and bool(self.manner.bug))
        if done:
            self.log.append([part.name, "undone"])
        return done


async def order(ctx: Any, input_: Any) -> Any:
    return await Unsure(ctx, PARTS, Manner(keep_undoing=True)).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Takes what is not found for what never comes."""
    return await Unsure(ctx, PARTS, Manner(bug="trusting")).run()
