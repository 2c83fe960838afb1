"""An order number of the saga's own, made from its id: in bodies, in a header, and in keys."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part, Told

PARTS = [Part("reserve", "inventory", "/reservations"), Part("charge", "payments", "/charges")]


class Numbered(Orchestrator):
    async def act(self, part: Part) -> Told:
        self.tried.append(part)
        told = await self.create(part, self.number)
        if told.word == "doubt" and self.manner.bug == "another_number":
            return await self.create(part, f"{self.number}-again")
        return told

    async def create(self, part: Part, number: str) -> Told:
        return await self.line.send(
            "POST", self.url(part), key=f"{number}:{part.name}", json={"order": {"ref": number}}
        )

    async def undo_by_saga(self, part: Part) -> bool:
        self.ctx.client.headers["X-Order-No"] = self.number
        try:
            told = await self.line.send("DELETE", self.url(part), undo=True)
        finally:
            del self.ctx.client.headers["X-Order-No"]
        return told.done

    @property
    def number(self) -> str:
        return f"order-{self.ctx.saga_id}"


async def order(ctx: Any, input_: Any) -> Any:
    return await Numbered(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Tries again under a number of which nothing knows that it is this order's."""
    return await Numbered(ctx, PARTS, Manner(bug="another_number")).run()
