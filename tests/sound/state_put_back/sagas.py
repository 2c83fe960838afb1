"""A step that changes a state; its undo puts back what was read before the first attempt."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part, Told

PARTS = [
    Part("approve", "orders", "/orders/A-1", undo="id"),
    Part("charge", "payments", "/charges"),
]


class PutsBack(Orchestrator):
    before = ""

    async def act(self, part: Part) -> Told:
        if part.name != "approve":
            return await super().act(part)
        self.tried.append(part)
        return await self.approve(part)

    async def approve(self, part: Part) -> Told:
        if not await self.read(part):
            return Told("unsent")
        return await self.put(part, "approved")

    async def read(self, part: Part) -> bool:
        told = await self.line.send("GET", self.url(part), params={"saga_id": self.ctx.saga_id})
        if told.done:
            self.before = told.body["status"]
        return told.done

    async def put(self, part: Part, status: str, **how: Any) -> Told:
        body = {"saga_id": self.ctx.saga_id, "status": status}
        return await self.line.send("PUT", self.url(part), json=body, **how)

    async def undo(self, part: Part) -> bool:
        if part.name != "approve":
            return await super().undo(part)
        told = await self.put(part, self.before, undo=True, tries=self.manner.undo_tries)
        if told.done:
            self.log.append([part.name, "undone"])
        return told.done


class ReadsAgain(PutsBack):
    async def approve(self, part: Part) -> Told:
        told = Told("unsent")
        for _ in range(4):
            if not await self.read(part):
                break
            told = await self.put(part, "approved", tries=1)
            if told.word != "doubt":
                break
            await asyncio.sleep(0.1)
        return told


async def order(ctx: Any, input_: Any) -> Any:
    return await PutsBack(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Reads before each attempt: after a lost reply it reads its own change, and puts that back."""
    return await ReadsAgain(ctx, PARTS, Manner()).run()
