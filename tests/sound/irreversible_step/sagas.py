"""The pivot can be neither undone, nor sent twice, nor asked about: in doubt a person is told at once."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Line, Manner, Orchestrator, Part, Told

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("transfer", "bank", "/transfers", kind="pivot", undo=None),
]


class Once(Orchestrator):
    async def act(self, part: Part) -> Told:
        if part.kind != "pivot":
            return await super().act(part)
        line = Line(self.ctx.client, tries=3 if self.manner.bug else 1)
        self.tried.append(part)
        return await line.send("POST", self.url(part), json={"saga_id": self.ctx.saga_id})


async def order(ctx: Any, input_: Any) -> Any:
    return await Once(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Sends it again where it may have been done."""
    return await Once(ctx, PARTS, Manner(bug="again")).run()
