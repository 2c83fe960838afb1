"""Names the saga in its keys and queries alone, never in a body."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part, Told

PARTS = [Part("reserve", "inventory", "/reservations"), Part("charge", "payments", "/charges")]


class Bodiless(Orchestrator):
    async def act(self, part: Part) -> Told:
        self.tried.append(part)
        return await self.line.send("POST", self.url(part) + "?lang=de", key=self.key(part.name))


async def order(ctx: Any, input_: Any) -> Any:
    return await Bodiless(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """A new key for each step name's length: two steps share one."""
    return await Bodiless(ctx, PARTS, Manner(key=lambda saga, step: f"{saga}:step")).run()
