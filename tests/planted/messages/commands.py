"""An orchestrator that sends commands to queues and waits for replies, and the services that take them.

Sound: each command has a correlation id, which its reply repeats; a reply is awaited for so long, then the
command is sent again, with the same id; what is in doubt after that is taken back by a command, too, and the
service refuses whatever of it comes later. A reply that comes after its time-out finds nobody. An undo is
tried twice for each command, and again by another command: who tries again at each level multiplies the
attempts. Its locks are in memory, so it does not claim to be retried elsewhere while a frozen one may wake.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, ClassVar

from harness.adapter.handlers import HandlerContext, MessageEvent
from tests.planted.messages.shop import Shop

TAKEN_BACK = {"ReserveStock": "ReleaseStock", "TakePayment": "RefundPayment"}
STEPS = {"ReserveStock": "hold", "ReleaseStock": "hold", "TakePayment": "charge", "RefundPayment": "charge"}


class Commands(Shop):
    """OrderPlaced starts the orchestrator; ReserveStock and TakePayment are commands, Reply answers them."""

    def __init__(self, *, reply_timeout_s: float = 5.0) -> None:
        self.reply_timeout_s = reply_timeout_s

    events: ClassVar[tuple[str, ...]] = (
        *("OrderPlaced", "OrderConfirmed", "OrderCancelled", "Reply"),
        *("ReserveStock", "ReleaseStock", "TakePayment", "RefundPayment"),
    )

    def handlers(self) -> dict[str, Any]:
        return {
            "OrderPlaced": self.conduct,
            "Reply": self.reply,
            "ReserveStock": self.do_stock,
            "ReleaseStock": self.undo_stock,
            "TakePayment": self.do_bank,
            "RefundPayment": self.undo_bank,
        }

    # The orchestrator --------------------------------------------------------------------------

    async def conduct(self, ctx: HandlerContext, event: MessageEvent) -> None:
        """One at a time, however often its event comes; its end has one id."""
        under_way = ctx.memory.get("orchestrator")
        if under_way is None or under_way.done():
            under_way = ctx.memory["orchestrator"] = asyncio.create_task(self.run(ctx, event.attempt))
        await asyncio.shield(under_way)
        await ctx.publish(under_way.result(), {}, id=f"{event.id}/end", timeout_s=0.2)

    async def run(self, ctx: HandlerContext, attempt: int) -> str:
        """What was decided is kept before anything is taken back: replies may come after that."""
        if "end" not in self.store(ctx).read():
            end, begun = await self.decide(ctx)
            self.store(ctx).write(end=end, begun=begun)
        known = self.store(ctx).read()
        if known["end"] == "OrderCancelled":
            await self.take_back(ctx, known["begun"], attempt)
        return str(known["end"])

    async def decide(self, ctx: HandlerContext) -> tuple[str, list[str]]:
        """The end, and the commands that were done or may be."""
        begun: list[str] = []
        end = "OrderConfirmed"
        for command in ("ReserveStock", "TakePayment"):
            done = await self.command(ctx, command)
            if done is not False:
                begun.append(command)
            if not done:
                end = "OrderCancelled"
                break
        return end, begun

    async def take_back(self, ctx: HandlerContext, begun: list[str], attempt: int) -> None:
        """Each time by another command: the service carries out each of them once."""
        for command in reversed(begun):
            if not await self.command(ctx, TAKEN_BACK[command], attempt):
                raise RuntimeError(f"{command} is not taken back")

    async def command(self, ctx: HandlerContext, type_: str, attempt: int = 1) -> bool | None:
        """Whether it was done; None where no reply came in time, or the service does not know."""
        correlation = f"{ctx.saga_id}-{type_}-{attempt}"
        for _ in range(2):
            reply = ctx.memory[correlation] = asyncio.get_running_loop().create_future()
            await ctx.publish(type_, {"correlation": correlation}, id=correlation, timeout_s=0.2)
            try:
                done: bool | None = await asyncio.wait_for(reply, self.reply_timeout_s)
            except TimeoutError:
                continue
            return done
        return None

    async def reply(self, ctx: HandlerContext, event: MessageEvent) -> None:
        assert isinstance(event.data, dict)
        waiting = ctx.memory.get(event.data["correlation"])
        if waiting is not None and not waiting.done():
            waiting.set_result(event.data["done"])

    # The services ------------------------------------------------------------------------------

    async def do_stock(self, ctx: HandlerContext, event: MessageEvent) -> None:
        await self.serve(ctx, event, self.do(ctx, "hold"))

    async def undo_stock(self, ctx: HandlerContext, event: MessageEvent) -> None:
        await self.serve(ctx, event, self.undo_what_was_begun(ctx, "hold"))

    async def do_bank(self, ctx: HandlerContext, event: MessageEvent) -> None:
        await self.serve(ctx, event, self.do(ctx, "charge"))

    async def undo_bank(self, ctx: HandlerContext, event: MessageEvent) -> None:
        await self.serve(ctx, event, self.undo_what_was_begun(ctx, "charge"))

    async def do(self, ctx: HandlerContext, step: str) -> bool | None:
        known = self.store(ctx).read()
        if f"cancelled {step}" in known:
            return False
        self.store(ctx).write(**{f"begun {step}": True})
        if f"begun {step}" not in known and await self.create(ctx, step):
            return True
        return False if await self.undone(ctx, step) else None

    async def undo_what_was_begun(self, ctx: HandlerContext, step: str) -> bool:
        self.store(ctx).write(**{f"cancelled {step}": True})
        return f"begun {step}" not in self.store(ctx).read() or await self.undone(ctx, step)

    async def undone(self, ctx: HandlerContext, step: str) -> bool:
        try:
            await self.undo(ctx, step)
        except RuntimeError:
            return False
        return True

    async def serve(
        self, ctx: HandlerContext, event: MessageEvent, work: Coroutine[Any, Any, bool | None]
    ) -> None:
        """Once, and what failed fails for good; the reply is published however often the command comes."""
        assert isinstance(event.data, dict)
        lock = ctx.memory.setdefault(f"lock {STEPS[event.type]}", asyncio.Lock())
        async with lock:
            if event.id in self.store(ctx).read():
                work.close()
            else:
                self.store(ctx).write(**{event.id: await work})
            done = self.store(ctx).read()[event.id]
        told = {"correlation": event.data["correlation"], "done": done}
        await ctx.publish("Reply", told, id=f"{event.id}/reply", timeout_s=0.2)


class SilenceIsNo(Commands):
    """Takes a command whose reply did not come in time for one that was not done."""

    async def command(self, ctx: HandlerContext, type_: str, attempt: int = 1) -> bool | None:
        return bool(await super().command(ctx, type_, attempt))


class DecidesAnew(Commands):
    """Keeps what it decided once all is taken back; where that was cut off, replies that came late count."""

    async def run(self, ctx: HandlerContext, attempt: int) -> str:
        known = self.store(ctx).read().get("end")
        if known is not None:
            return str(known)
        end, begun = await self.decide(ctx)
        if end == "OrderCancelled":
            await self.take_back(ctx, begun, attempt)
        self.store(ctx).write(end=end)
        return end


class AnyReply(Commands):
    """Takes whatever reply comes for that to its latest command."""

    async def reply(self, ctx: HandlerContext, event: MessageEvent) -> None:
        assert isinstance(event.data, dict)
        for waiting in tuple(ctx.memory.values()):
            if type(waiting) is asyncio.get_running_loop().create_future().__class__ and not waiting.done():
                waiting.set_result(event.data["done"])
