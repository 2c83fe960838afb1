"""Refused after it may have happened: a person decides."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part, Told

PARTS = [Part("reserve", "inventory", "/reservations"), Part("charge", "payments", "/charges")]


class Careful(Orchestrator):
    async def turn_back(self, failed: Part, told: Told) -> dict[str, Any]:
        if told.word == "contradicted" and not self.manner.bug:
            return self.end("stuck")
        if told.word == "contradicted":
            self.tried.remove(failed)
        return await super().turn_back(failed, told)


async def order(ctx: Any, input_: Any) -> Any:
    return await Careful(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Believes the refusal."""
    return await Careful(ctx, PARTS, Manner(bug="believes")).run()
