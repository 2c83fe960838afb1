"""Between two steps that change something it asks whether there is enough, and turns back unanswered."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part, Told

PARTS = [Part("reserve", "inventory", "/reservations"), Part("debit", "bank", "/accounts/ann/debits")]


class Looks(Orchestrator):
    async def act(self, part: Part) -> Told:
        if part.name == "debit":
            told = await self.line.send("GET", f"{self.ctx.urls['bank']}/accounts/ann")
            if not self.enough(told):
                self.tried.append(part)
                return Told("refused")
        return await super().act(part)

    def enough(self, told: Told) -> bool:
        return told.done and told.body["available"] >= 70

    async def undo(self, part: Part) -> bool:
        if part.name != "debit":
            return await super().undo(part)
        told = await self.line.send(
            "POST",
            f"{self.ctx.urls['bank']}/accounts/ann/refunds",
            key=self.key("undo-debit"),
            undo=True,
            tries=self.manner.undo_tries,
            json={"saga_id": self.ctx.saga_id},
        )
        if told.done:
            self.log.append(["debit", "undone"])
        return told.done


class Hopes(Looks):
    def enough(self, told: Told) -> bool:
        return not told.done or super().enough(told)


async def order(ctx: Any, input_: Any) -> Any:
    return await Looks(ctx, PARTS, Manner(), {"amount": 70}).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Takes no answer for a good one."""
    return await Hopes(ctx, PARTS, Manner(), {"amount": 70}).run()
