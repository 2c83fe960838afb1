"""Refunds by POST, each with a key of its own."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges", undo="id"),
]


class Refunding(Orchestrator):
    async def undo(self, part: Part) -> bool:
        if part.participant != "payments":
            return await super().undo(part)
        known = part.name in self.ids
        path = f"/charges/{self.ids[part.name]}/refunds" if known else "/refunds"
        key = f"{self.ctx.saga_id}:{part.name}" + (":undo" if self.manner.bug != "key" else "")
        body = {"saga_id": self.ctx.saga_id}
        told = await self.line.send("POST", self.ctx.urls["payments"] + path, key=key, undo=True, json=body)
        if told.done:
            self.log.append([part.name, "undone"])
        return told.done


async def order(ctx: Any, input_: Any) -> Any:
    return await Refunding(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """The key of the charge serves for its refund, too."""
    return await Refunding(ctx, PARTS, Manner(bug="key")).run()
