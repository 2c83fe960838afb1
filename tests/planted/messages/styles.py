"""Styles of choreography beside the inbox and outbox of `shop`, each with what breaks it."""

from __future__ import annotations

import asyncio
from typing import Any

from harness.adapter.handlers import HandlerContext, MessageEvent
from tests.planted.messages.shop import Shop


class Background(Shop):
    """Acknowledges first, and works beside the message: right while its process lives, and lost with it."""

    async def act(self, ctx: HandlerContext, event: MessageEvent, step: str, done: str, refused: str) -> None:
        tasks: dict[str, asyncio.Task[None]] = ctx.memory.setdefault("tasks", {})
        if step not in tasks:
            tasks[step] = asyncio.create_task(self.later(ctx, event, step, done, refused))

    async def later(
        self, ctx: HandlerContext, event: MessageEvent, step: str, done: str, refused: str
    ) -> None:
        await asyncio.sleep(5.0)
        await super().act(ctx, event, step, done, refused)


class TriesTwice(Shop):
    """Refuses the message once where a step failed, and gives the step up where it comes again."""

    tries = 2

    async def act(self, ctx: HandlerContext, event: MessageEvent, step: str, done: str, refused: str) -> None:
        async def work() -> str:
            tried = self.store(ctx).read().get(f"tried {step}", 0)
            if tried < self.tries:
                self.store(ctx).write(**{f"tried {step}": tried + 1})
                if await self.create(ctx, step):
                    return done
                if tried + 1 < self.tries:
                    raise RuntimeError(f"{step} failed")
            await self.undo(ctx, step)
            return refused

        await self.once(ctx, event, step, work)


class NeverGivesUp(TriesTwice):
    """Refuses the message as often as the step fails."""

    tries = 1000


class EndsBothWays(Shop):
    """Publishes both ends, with one id."""

    async def cancel(self, ctx: HandlerContext, event: MessageEvent) -> None:
        for type_ in ("OrderCancelled", "OrderConfirmed"):
            await ctx.publish(type_, {}, id=f"{event.id}/end", timeout_s=0.2)


class HearsItsEnd(Shop):
    """Has a handler for its end, too: the bus delivers that while its publisher waits for the answer."""

    def handlers(self) -> dict[str, Any]:
        return {**super().handlers(), "OrderConfirmed": self.closed}

    async def closed(self, ctx: HandlerContext, event: MessageEvent) -> None:
        self.store(ctx).write(closed=event.id)


class Stateless(Shop):
    """Keeps no inbox: does again what comes again. Keys, tombstones and ids of events make it one."""

    async def once(self, ctx: HandlerContext, event: MessageEvent, who: str, work: Any) -> None:
        await self.publish(ctx, event, await work())

    async def act(self, ctx: HandlerContext, event: MessageEvent, step: str, done: str, refused: str) -> None:
        given_up = f"given up {step}"
        if given_up not in self.store(ctx).read() and await self.create(ctx, step):
            await self.publish(ctx, event, done)
            return
        self.store(ctx).write(**{given_up: True})
        await self.undo(ctx, step)
        await self.publish(ctx, event, refused)


class Hammers(Stateless):
    """Sends a request again and again where it was not answered."""

    async def create(self, ctx: HandlerContext, step: str) -> bool:
        for _ in range(3):
            await super().create(ctx, step)
        return await super().create(ctx, step)
