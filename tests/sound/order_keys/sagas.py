"""Keys of an order's own number, and no saga's id anywhere: with one saga it is clear whose a call is."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part, Told

PARTS = [Part("reserve", "inventory", "/reservations"), Part("charge", "payments", "/charges")]


class ByOrder(Orchestrator):
    async def act(self, part: Part) -> Told:
        self.tried.append(part)
        return await self.line.send("POST", self.url(part), key=self.key(part.name), json=self.body)

    async def undo_by_saga(self, part: Part) -> bool:
        told = await self.line.send("DELETE", self.url(part), undo=True, params=self.body)
        return told.done

    def key(self, name: str) -> str | None:
        return f"{self.body['order']}:{name}"


async def order(ctx: Any, input_: Any) -> Any:
    return await ByOrder(ctx, PARTS, Manner(), input_).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Undoes in the order of the actions."""
    return await ByOrder(ctx, PARTS, Manner(bug="forward_order"), input_).run()
