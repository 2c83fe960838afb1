"""The shop with handlers that are plain functions, as blocking consumers are written, and what breaks it.

Messages are handled in threads side by side, so the sound one has a lock of `threading`.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import httpx

from harness.adapter.handlers import HandlerContext, MessageEvent, PlainHandlerContext
from harness.saga import Claim
from tests.planted.messages.scenario import QUICK
from tests.planted.messages.shop import TIMEOUT_S, Memory, Shop, Store, _readable


class PlainShop(Shop):
    """Sound."""

    def handlers(self) -> dict[str, Any]:
        return {
            "OrderPlaced": self.reserve_now,
            "StockReserved": self.charge_now,
            "PaymentTaken": self.confirm_now,
            "PaymentRefused": self.release_now,
            "StockRefused": self.cancel_now,
        }

    # The services ------------------------------------------------------------------------------

    def reserve_now(self, ctx: PlainHandlerContext, event: MessageEvent) -> None:
        self.act_now(ctx, event, "hold", "StockReserved", "StockRefused")

    def charge_now(self, ctx: PlainHandlerContext, event: MessageEvent) -> None:
        self.act_now(ctx, event, "charge", "PaymentTaken", "PaymentRefused")

    def confirm_now(self, ctx: PlainHandlerContext, event: MessageEvent) -> None:
        self.once_now(ctx, event, "confirm", lambda: "OrderConfirmed")

    def release_now(self, ctx: PlainHandlerContext, event: MessageEvent) -> None:
        def work() -> str:
            self.undo_now(ctx, "hold")
            return "OrderCancelled"

        self.once_now(ctx, event, "release", work)

    def cancel_now(self, ctx: PlainHandlerContext, event: MessageEvent) -> None:
        self.once_now(ctx, event, "cancel", lambda: "OrderCancelled")

    # How they do it ----------------------------------------------------------------------------

    def act_now(
        self, ctx: PlainHandlerContext, event: MessageEvent, step: str, done: str, refused: str
    ) -> None:
        def work() -> str:
            begun = f"begun {step}"
            first = begun not in self.kept(ctx).read()
            self.kept(ctx).write(**{begun: True})
            if first and self.create_now(ctx, step):
                return done
            self.undo_now(ctx, step)
            return refused

        self.once_now(ctx, event, step, work)

    def once_now(self, ctx: PlainHandlerContext, event: MessageEvent, who: str, work: Any) -> None:
        with ctx.memory.setdefault("lock", threading.Lock()):
            mark = f"{who} {event.id}"
            known = self.kept(ctx).read().get(mark)
            if known is None:
                known = {"publish": work(), "out": False}
                self.kept(ctx).write(**{mark: known})
            if known["publish"] and not known["out"]:
                self.publish_now(ctx, event, known["publish"])
                self.kept(ctx).write(**{mark: known | {"out": True}})

    def publish_now(self, ctx: PlainHandlerContext, event: MessageEvent, type_: str) -> None:
        ctx.publish(type_, {}, id=f"{event.id}/{type_}", timeout_s=TIMEOUT_S)

    def create_now(self, ctx: PlainHandlerContext, step: str) -> bool:
        where = {"hold": "stock/holds", "charge": "bank/charges"}[step]
        try:
            reply = self.send_now(ctx, "POST", where, f"{ctx.saga_id}:{step}")
        except httpx.TransportError:
            return False
        return reply.is_success and _readable(reply)

    def undo_now(self, ctx: PlainHandlerContext, step: str) -> None:
        method, where = self.undo_by[step]
        for pause_s in (0.05, 0.0):
            try:
                reply = self.send_now(ctx, method, where, f"{ctx.saga_id}:{step}:undo")
            except httpx.TransportError:
                time.sleep(pause_s)
                continue
            if reply.is_success or reply.status_code in (404, 410):
                return
            time.sleep(pause_s)
        raise RuntimeError(f"{step} is not undone")

    def send_now(self, ctx: PlainHandlerContext, method: str, where: str, key: str) -> httpx.Response:
        participant, _, path = where.partition("/")
        return ctx.client.request(
            method,
            f"{ctx.urls[participant]}/{path}",
            json={"saga_id": ctx.saga_id},
            headers={"Idempotency-Key": key},
            timeout=TIMEOUT_S,
        )

    def kept(self, ctx: PlainHandlerContext) -> Store | Memory:
        return Store(ctx) if self.durable else Memory(ctx)


class PlainPublishesFirst(PlainShop):
    """Tells the others before its own step took effect."""

    def act_now(
        self, ctx: PlainHandlerContext, event: MessageEvent, step: str, done: str, refused: str
    ) -> None:
        def work() -> str:
            self.publish_now(ctx, event, done)
            if self.create_now(ctx, step):
                return ""
            self.undo_now(ctx, step)
            return refused

        self.once_now(ctx, event, step, work)


class PlainNoOutbox(PlainShop):
    """Remembers that the event was handled, and not that its own is still to be published."""

    def once_now(self, ctx: PlainHandlerContext, event: MessageEvent, who: str, work: Any) -> None:
        mark = f"{who} {event.id}"
        if mark not in self.kept(ctx).read():
            type_ = work()
            self.kept(ctx).write(**{mark: True})
            self.publish_now(ctx, event, type_)


class PlainNoInbox(PlainShop):
    """Does what an event says as often as it comes."""

    def act_now(
        self, ctx: PlainHandlerContext, event: MessageEvent, step: str, done: str, refused: str
    ) -> None:
        if self.create_now(ctx, step):
            self.publish_now(ctx, event, done)
        else:
            self.undo_now(ctx, step)
            self.publish_now(ctx, event, refused)


class PlainUnlocked(PlainShop):
    """Looks into its inbox and writes there later: two threads that have one message both find it new."""

    def once_now(self, ctx: PlainHandlerContext, event: MessageEvent, who: str, work: Any) -> None:
        mark = f"{who} {event.id}"
        known = self.kept(ctx).read().get(mark) or {"publish": work()}
        self.kept(ctx).write(**{mark: known})
        self.publish_now(ctx, event, known["publish"])

    def act_now(
        self, ctx: PlainHandlerContext, event: MessageEvent, step: str, done: str, refused: str
    ) -> None:
        def work() -> str:
            if self.create_now(ctx, step):
                return done
            self.undo_now(ctx, step)
            return refused

        self.once_now(ctx, event, step, work)


_LOCK = threading.Lock()


class LockOfTheModule(PlainShop):
    """Sound: its lock is in the module, for all sagas of the process."""

    def once_now(self, ctx: PlainHandlerContext, event: MessageEvent, who: str, work: Any) -> None:
        with _LOCK:
            super().once_now(ctx, event, who, work)


class Asks(PlainShop):
    """Sends a command, and waits for its reply without `await`."""

    events = (*PlainShop.events, "Ask", "Answer")
    replies = ("Answer",)

    def handlers(self) -> dict[str, Any]:
        return {**super().handlers(), "PaymentTaken": self.ask, "Ask": self.answer}

    def ask(self, ctx: PlainHandlerContext, event: MessageEvent) -> None:
        try:
            reply = ctx.request("Ask", id=f"{event.id}/ask", timeout_s=0.2)
        except TimeoutError:
            reply = ctx.request("Ask", id=f"{event.id}/ask", timeout_s=0.2)
        assert reply.attributes["correlationid"] == f"{event.id}/ask"
        self.publish_now(ctx, event, "OrderConfirmed")

    async def answer(self, ctx: HandlerContext, event: MessageEvent) -> None:
        by = {"correlationid": event.id}
        await ctx.publish("Answer", id=f"{event.id}/answer", attributes=by, timeout_s=0.2)


DURABLE_PLAIN = replace(
    PlainShop().scenario(promise=QUICK, claims=frozenset({Claim.LOST_REPLY, Claim.PROCESS_DEATH})),
    reference=f"{__file__}:DURABLE_PLAIN",
)
