"""Three steps at one route, told apart by their keys, undone by id."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [Part(name, "inventory", "/reservations", undo="id") for name in ("first", "second", "third")]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner(keep_undoing=True)).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """One key for all steps."""
    return await Orchestrator(ctx, PARTS, Manner(key=lambda saga, step: saga)).run()
