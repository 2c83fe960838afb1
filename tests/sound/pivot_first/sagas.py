"""The pivot comes first; nothing is ever undone."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("charge", "payments", "/charges", kind="pivot", undo=None),
    Part("ship", "shipping", "/shipments", kind="retriable", undo=None),
]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner(most_pause_s=10.0)).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Gives the shipment up and says completed."""
    ended = await Orchestrator(ctx, PARTS, Manner(forward_tries=3)).run()
    return {**ended, "status": "completed" if ended["status"] == "stuck" else ended["status"]}
