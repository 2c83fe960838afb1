"""Undoes by id; stuck where a step in doubt gave it none."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "inventory", "/reservations", undo="id"),
    Part("charge", "payments", "/charges", undo="id"),
    Part("ship", "shipping", "/shipments", kind="pivot", undo="id"),
]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner(keep_undoing=True)).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Takes a step without an id for one that never happened."""
    return await Orchestrator(ctx, PARTS, Manner(bug="forget_unknown")).run()
