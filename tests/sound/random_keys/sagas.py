"""Its keys are random, drawn once a step; the body names the saga where it can."""

from __future__ import annotations

import uuid
from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part, Told

PARTS = [Part("reserve", "inventory", "/reservations"), Part("charge", "payments", "/charges", undo="find")]


class Refunding(Orchestrator):
    async def act(self, part: Part) -> Told:
        self.line.tries = 1 if part.name == "charge" else 4
        try:
            return await super().act(part)
        finally:
            self.line.tries = 4

    async def undo_by_id(self, part: Part, id_: str) -> bool:
        key = None if self.manner.bug else str(uuid.uuid4())
        told = await self.line.send("POST", f"{self.url(part)}/{id_}/refunds", key=key, undo=True)
        return told.done


async def order(ctx: Any, input_: Any) -> Any:
    keys: dict[str, str] = {}
    return await Refunding(
        ctx, PARTS, Manner(key=lambda saga, step: keys.setdefault(step, str(uuid.uuid4())))
    ).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Refunds without a key."""
    return await Refunding(ctx, PARTS, Manner(bug="no key")).run()
