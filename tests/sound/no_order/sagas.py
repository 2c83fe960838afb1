"""All undos at once, in no order."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part, Told

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges"),
    Part("ship", "shipping", "/shipments"),
]


class AtOnce(Orchestrator):
    async def turn_back(self, failed: Part, told: Told) -> dict[str, Any]:
        if told.word in ("refused", "unsent"):
            self.tried.remove(failed)
        undone = await asyncio.gather(*(self.undo(part) for part in self.tried))
        return self.end("compensated" if all(undone) or self.manner.bug else "stuck")


async def order(ctx: Any, input_: Any) -> Any:
    return await AtOnce(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Does not look at what became of the undos."""
    return await AtOnce(ctx, PARTS, Manner(bug="blind")).run()
