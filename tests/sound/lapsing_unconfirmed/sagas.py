"""A reservation of four seconds that nothing confirms: who is slower than that has none, by its own clock."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part, Told

RESERVE = Part("reserve", "hotel", "/reservations")
CHARGE = Part("charge", "payments", "/charges")
LASTS_S = 4.0


class InTime(Orchestrator):
    async def run(self) -> dict[str, Any]:
        # From before the first attempt: a repeat is answered as the first one was, however old that is.
        self.over_s = asyncio.get_running_loop().time() + LASTS_S
        return await super().run()

    async def act(self, part: Part) -> Told:
        told = await super().act(part)
        if told.done and asyncio.get_running_loop().time() >= self.over_s:
            return Told("too late")
        return told


async def order(ctx: Any, input_: Any) -> Any:
    return await InTime(ctx, [RESERVE, CHARGE], Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Never looks at the clock."""
    return await Orchestrator(ctx, [RESERVE, CHARGE], Manner()).run()
