"""Actions that are accepted first: it asks until they are done."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.sound.talk import Manner, Orchestrator, Part, Told, read

PARTS = [
    Part("reserve", "inventory", "/reservations"),
    Part("charge", "payments", "/charges"),
]


class Polls(Orchestrator):
    async def act(self, part: Part) -> Told:
        self.tried.append(part)
        doubtful = False
        for _ in range(6):
            try:
                told = await self.attempt(part)
            except httpx.ConnectError:
                told = None
            except (httpx.TransportError, ValueError):
                told, doubtful = None, True
            if told is not None and told.word == "doubt":
                told, doubtful = None, True
            if told is not None:
                return Told("contradicted") if told.word == "refused" and doubtful else told
            await asyncio.sleep(1.1)
        return Told("doubt" if doubtful else "unsent")

    async def attempt(self, part: Part) -> Told | None:
        """None: not done, and not in doubt by this attempt."""
        reply = await self.ctx.client.post(
            self.url(part),
            headers={"Idempotency-Key": self.key(part.name) or ""},
            json={"saga_id": self.ctx.saga_id},
            timeout=1.0,
        )
        if reply.status_code == 202:
            return await self.accepted(part, str(reply.json()["id"]))
        told = read(reply, undo=False)
        return told if told is not None or reply.status_code == 429 else Told("doubt")

    async def accepted(self, part: Part, id_: str) -> Told:
        for _ in range(3):
            told = await self.line.send("GET", f"{self.url(part)}/{id_}")
            if told.done and told.body["status"] == "done":
                return told
            await asyncio.sleep(0.1)
        return Told("doubt")


class TakesItForDone(Polls):
    async def accepted(self, part: Part, id_: str) -> Told:
        return Told("done")


class TakesPendingForDone(Polls):
    async def accepted(self, part: Part, id_: str) -> Told:
        return await self.line.send("GET", f"{self.url(part)}/{id_}")


async def order(ctx: Any, input_: Any) -> Any:
    return await Polls(ctx, PARTS, Manner()).run()


async def broken(ctx: Any, input_: Any) -> Any:
    """Takes 202 for done."""
    return await TakesItForDone(ctx, PARTS, Manner()).run()


async def hasty(ctx: Any, input_: Any) -> Any:
    """Asks, and takes any answer for done."""
    return await TakesPendingForDone(ctx, PARTS, Manner()).run()
