"""Undoes by one POST for the whole saga; it carries one key."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part, Told

PARTS = [
    Part("charge", "payments", "/charges"),
    Part("fee", "payments", "/charges"),
    Part("ship", "shipping", "/shipments", kind="pivot"),
]


class Once(Orchestrator):
    async def turn_back(self, failed: Part, told: Told) -> dict[str, Any]:
        if failed.kind == "pivot" and told.word in ("doubt", "contradicted"):
            return self.end("stuck")
        if told.word in ("refused", "unsent"):
            self.tried.remove(failed)
        if not self.tried:
            return self.end("compensated")
        body, key = {"saga_id": self.ctx.saga_id}, self.key("refund")
        if self.manner.bug:
            key = self.key(failed.name)
        refunded = await self.line.send(
            "POST", self.ctx.urls["payments"] + "/refunds", json=body, key=key, undo=True
        )
        if refunded.done:
            self.log += [[part.name, "undone"] for part in reversed(self.tried)]
        return self.end("compensated" if refunded.done else "stuck")


async def order(ctx: Any, input_: Any) -> Any:
    return await Once(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Uses the key of the step that failed."""
    return await Once(ctx, PARTS, Manner(bug="key")).run()
