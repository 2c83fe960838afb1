"""One step, and nothing claimed: nothing is ever there to undo."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [Part("charge", "payments", "/charges")]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Calls for a person where nobody is needed."""
    ended = await Orchestrator(ctx, PARTS, Manner()).run()
    return {"status": "stuck" if ended["status"] == "compensated" else ended["status"]}
