"""Money from one account to another, and a note of it; what is undone is undone in full."""

from __future__ import annotations

from typing import Any

from tests.sound.talk import Manner, Orchestrator, Part, Told

PARTS = [
    Part("debit", "bank", "/accounts/ann/debits", undo="id"),
    Part("deposit", "bank", "/accounts/ben/deposits", undo="id"),
    Part("note", "notes", "/notes"),
]
UNDOS = {"debit": "/accounts/ann/refunds", "deposit": "/accounts/ben/reversals"}


class Transfer(Orchestrator):
    fee = 0

    async def undo(self, part: Part) -> bool:
        if part.name not in UNDOS:
            return await super().undo(part)
        amount = self.body["cents"] - (self.fee if part.name == "debit" else 0)
        told = await self.take_back(part, amount)
        if told.done:
            self.log.append([part.name, "undone"])
        return told.done

    async def take_back(self, part: Part, amount: int) -> Told:
        return await self.line.send(
            "POST",
            f"{self.ctx.urls[part.participant]}{UNDOS[part.name]}",
            undo=True,
            key=f"{self.ctx.saga_id}:{part.name}:undo",
            tries=self.manner.undo_tries,
            json={"saga_id": self.ctx.saga_id, "cents": amount},
        )


class KeepsAFee(Transfer):
    fee = 1


async def transfer(ctx: Any, input_: Any) -> Any:
    return await Transfer(ctx, PARTS, Manner(), input_).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Gives back less than it took."""
    return await KeepsAFee(ctx, PARTS, Manner(), input_).run()
