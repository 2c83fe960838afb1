"""Answers while its undos are still running; they go on until they are done."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part, Told

PARTS = [Part("reserve", "inventory", "/reservations"), Part("charge", "payments", "/charges")]
TASKS: set[Any] = set()


class Later(Orchestrator):
    async def turn_back(self, failed: Part, told: Told) -> dict[str, Any]:
        if told.word in ("refused", "unsent"):
            self.tried.remove(failed)
        if not self.manner.bug:
            task = asyncio.create_task(self.undo_all())
            TASKS.add(task)
            task.add_done_callback(TASKS.discard)
        return {"status": "compensated", "detail": {"error": self.error}}

    async def undo_all(self) -> None:
        for part in reversed(self.tried):
            for _ in range(1000):
                if await self.undo(part):
                    break
                await asyncio.sleep(1)


async def order(ctx: Any, input_: Any) -> Any:
    return await Later(ctx, PARTS, Manner(undo_tries=1000)).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Forgets to start them."""
    return await Later(ctx, PARTS, Manner(bug="idle")).run()
