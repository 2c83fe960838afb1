"""Asks after the health of a service, which no route declares, and what is there before each step."""

from __future__ import annotations

from typing import Any

import httpx

from tests.sound.talk import Manner, Orchestrator, Part, Told

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges"),
    Part("ship", "shipping", "/shipments"),
]


class Curious(Orchestrator):
    async def run(self) -> dict[str, Any]:
        try:
            await self.ctx.client.get(f"{self.ctx.urls['shipping']}/health", timeout=0.5)
        except httpx.TransportError:
            self.error = "shipping may be away"
        return await super().run()

    async def act(self, part: Part) -> Told:
        found = await self.find(part)
        if found is None and self.manner.bug:
            return Told("asked in vain")
        return await super().act(part)

    async def turn_back(self, failed: Part, told: Told) -> dict[str, Any]:
        if told.word == "asked in vain":
            return self.end("stuck")
        return await super().turn_back(failed, told)


async def order(ctx: Any, input_: Any) -> Any:
    return await Curious(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Calls for a person where nothing had been sent yet."""
    return await Curious(ctx, PARTS, Manner(bug="asked")).run()
