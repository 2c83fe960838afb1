"""A log with steps and words of the saga's own, and with rows of other shapes, beside those that count."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part, Told

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges"),
    Part("ship", "shipping", "/shipments"),
]


class Talkative(Orchestrator):
    async def act(self, part: Part) -> Told:
        self.log.append([part.name, "begun"])
        return await super().act(part)

    def end(self, status: str) -> dict[str, Any]:
        rows: list[Any] = [["validate", "done"], *self.log, ["notify", "done"], [f"ended {status}"]]
        if self.manner.bug == "rewritten":
            rows = [row for row in rows if row[-1] != "undone"]
        return super().end(status) | {"detail": {"log": [*rows, {"at": 3}, None], "error": self.error}}


async def order(ctx: Any, input_: Any) -> Any:
    return await Talkative(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Leaves out what it undid."""
    return await Talkative(ctx, PARTS, Manner(bug="rewritten")).run()
