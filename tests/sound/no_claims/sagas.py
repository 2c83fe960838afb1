"""Claims nothing: no reply is ever lost."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part, Told

PARTS = [
    Part("reserve", "inventory", "/reservations", undo="id"),
    Part("charge", "payments", "/charges", undo="id"),
]


class Trusting(Orchestrator):
    """What was not acknowledged did not happen: right, since no reply is lost."""

    async def undo(self, part: Part) -> bool:
        return part.name not in self.ids or await super().undo(part)


class Forgetful(Trusting):
    """Remembers the last id alone."""

    async def act(self, part: Part) -> Told:
        self.ids.clear()
        return await super().act(part)


async def order(ctx: Any, input_: Any) -> Any:
    return await Trusting(ctx, PARTS, Manner(keep_undoing=True)).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Forgets the reservation."""
    return await Forgetful(ctx, PARTS, Manner()).run()
