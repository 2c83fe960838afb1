"""Undoes by saga; the steps are told apart by their participants."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges"),
    Part("ship", "shipping", "/shipments", kind="pivot"),
]


async def order(ctx: Any, input_: Any) -> Any:
    return await Orchestrator(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """A failed undo is swallowed."""
    return await Orchestrator(ctx, PARTS, Manner(bug="swallow")).run()
