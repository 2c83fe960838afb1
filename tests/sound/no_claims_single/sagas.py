"""One step, and nothing claimed: nothing is ever there to undo."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [Part("charge", "payments", "/charges")]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Takes doubt for a refusal."""
    ended = await Orchestrator(ctx, PARTS, Manner(undo_tries=1, tries=2, bug="swallow")).run()
    return {"status": "compensated" if ended["status"] == "stuck" else ended["status"]}
