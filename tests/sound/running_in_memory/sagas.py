"""Answers running when out of patience, keeps its state in the module by saga id."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

STATES: dict[str, dict[str, Any]] = {}
PARTS = [Part("reserve", "inventory", "/reservations"), Part("charge", "payments", "/charges")]


class Patient(Orchestrator):
    """Answers `running` when an undo does not come through, and is called again."""

    async def run(self) -> dict[str, Any]:
        kept = STATES.get(self.ctx.saga_id)
        if kept is None:
            return self.kept(await super().run())
        self.log = kept["log"]
        self.error = kept["error"]
        self.tried = [part for part in self.parts if part.name in kept["left"]]
        return self.kept(await self.undo_the_rest())

    async def undo_the_rest(self) -> dict[str, Any]:
        for part in reversed(list(self.tried)):
            if not await self.undo(part):
                return self.end("running")
            self.tried.remove(part)
        return self.end("compensated")

    async def turn_back(self, failed: Part, told: Any) -> dict[str, Any]:
        if told.word in ("refused", "unsent"):
            self.tried.remove(failed)
        return await self.undo_the_rest()

    def kept(self, ended: dict[str, Any]) -> dict[str, Any]:
        left = [part.name for part in self.tried]
        self.keep({"log": self.log, "error": self.error, "left": left if self.manner.bug != "forget" else []})
        return ended

    def keep(self, state: dict[str, Any]) -> None:
        STATES[self.ctx.saga_id] = state


async def order(ctx: Any, input_: Any) -> Any:
    return await Patient(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Keeps everything but what is left to undo."""
    return await Patient(ctx, PARTS, Manner(bug="forget")).run()
