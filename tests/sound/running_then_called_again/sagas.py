"""Answers running when out of patience, keeps its state in the store."""

from __future__ import annotations

import json
from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [Part("reserve", "inventory", "/reservations"), Part("charge", "payments", "/charges")]


class Patient(Orchestrator):
    """Answers `running` when an undo does not come through, and is called again."""

    async def run(self) -> dict[str, Any]:
        kept = json.loads(self.store.read_text()) if self.store.exists() else None
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

    @property
    def store(self) -> Any:
        return self.ctx.store_dir / "state.json"

    def keep(self, state: dict[str, Any]) -> None:
        self.store.write_text(json.dumps(state))


async def order(ctx: Any, input_: Any) -> Any:
    return await Patient(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Keeps everything but what is left to undo."""
    return await Patient(ctx, PARTS, Manner(bug="forget")).run()
