"""Claims nothing: no reply is ever lost."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [Part("reserve", "inventory", "/reservations", undo="id"), Part("charge", "payments", "/charges", undo="id")]


class Trusting(Orchestrator):
    """What was not acknowledged did not happen: right, since no reply is lost."""

    async def undo(self, part: Part) -> bool:
        return part.name not in self.ids or await super().undo(part)


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner(keep_undoing=True)).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Never undoes the reservation."""
    ended = await Orchestrator(ctx, PARTS, Manner(bug="swallow", undo_tries=1)).run()
    return ended
