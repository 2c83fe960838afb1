"""Answers with an Outcome, and takes its input from a list."""

from __future__ import annotations

from typing import Any

from harness import Outcome, Status
from tests.sound.talk import Manner, Orchestrator, Part

PARTS = [Part("reserve", "inventory", "/reservations"), Part("charge", "payments", "/charges")]


async def order(ctx: Any, input_: Any) -> Any:
    ended = await Orchestrator(ctx, PARTS, Manner(), body={"sku": input_["sku"]}).run()
    return Outcome(status=Status(ended["status"]), detail=ended["detail"])


async def broken(ctx: Any, input_: Any) -> Any:
    """Loses the first cause."""
    ended = await Orchestrator(ctx, PARTS, Manner(), body={"sku": input_["sku"]}).run()
    return Outcome(status=Status(ended["status"]), detail={**ended["detail"], "error": ""})
