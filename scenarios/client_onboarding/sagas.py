"""The hardened onboarding: an orchestrator that sends commands to queues and waits for their answers.

- **What it knows is kept before it acts on it**: each step that was done, and that it turned back. Whoever
  comes after it, or the event that starts it when it comes again, goes on from there.
- **A command is sent twice, with one id**, and its answer is awaited for so long. After that nobody knows:
  the step is undone, by a command, too. The mail cannot be undone: whether it was sent has to be known, so
  its command is sent again when the bus brings the event again, and at last a person is needed.
- **Each event of its life is published once it is true**, before the next command, with an id of its own.

A tenant was there before, and stays.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import httpx

from harness.adapter.handlers import Handler, HandlerContext, MessageEvent
from harness.bus import Promise
from harness.saga import Status
from scenarios.choreography import TIMEOUT_S, Data, Store
from scenarios.client_onboarding.commands import IN_DOUBT, REPLIES, SERVICES, SUCCESS
from scenarios.client_onboarding.services import fields

STARTS = "ClientOnboarded"
LIFECYCLE = ("SagaStarted", "SagaStepCompleted", "SagaFailed", "SagaCompleted")
EVENTS = (STARTS, *SUCCESS, *REPLIES, *LIFECYCLE)
OUTCOME = {"SagaCompleted": Status.COMPLETED, "SagaFailed": Status.COMPENSATED}

REPLY_TIMEOUT_S = 0.4
PROMISE = Promise(ack_timeout_s=2.5)
"""The orchestrator waits for answers while the event that started it is not acknowledged."""

_TRIES = 2


class NotAnsweredError(Exception):
    """The event has to come again: an undo, or the mail, is not known to be done."""


class _Step(NamedTuple):
    name: str
    command: str
    undo: str | None


_STEPS = (
    _Step("create_workspace", "CreateWorkspace", "DeleteWorkspace"),
    _Step("setup_billing", "SetupBilling", "RevertBilling"),
    _Step("send_welcome_email", "SendWelcomeEmail", None),
)


async def onboard_client(ctx: HandlerContext, event: MessageEvent) -> None:
    """One at a time, however often its event comes."""
    lock: asyncio.Lock = ctx.memory.setdefault("orchestrator", asyncio.Lock())
    async with lock:
        await _tell(ctx, "SagaStarted")
        if "turned back at" not in Store(ctx).read():
            await _forward(ctx, fields(event))
        turned_back_at = Store(ctx).read().get("turned back at")
        if turned_back_at is None:
            await _tell(ctx, "SagaCompleted")
            return
        await _back(ctx, fields(event), turned_back_at, event.attempt)
        await _tell(ctx, "SagaFailed")


async def _forward(ctx: HandlerContext, client: Data) -> None:
    for number, step in enumerate(_STEPS):
        if f"done {step.name}" not in Store(ctx).read():
            done = await _command(ctx, step.command, client, f"{ctx.saga_id}/{step.command}")
            if done is None and step.undo is None:
                raise NotAnsweredError(step.command)
            if not done:
                Store(ctx).write("turned back at", number)
                return
            Store(ctx).write(f"done {step.name}", True)
        await _tell(ctx, "SagaStepCompleted", step.name)


async def _back(ctx: HandlerContext, client: Data, since: int, attempt: int) -> None:
    """Undo the step that failed and those before it, the last first: it may have been done all the same."""
    for step in reversed(_STEPS[: since + 1]):
        if step.undo is not None and f"undone {step.name}" not in Store(ctx).read():
            if not await _command(ctx, step.undo, client, f"{ctx.saga_id}/{step.undo}/{attempt}"):
                raise NotAnsweredError(step.undo)
            Store(ctx).write(f"undone {step.name}", True)


async def _command(ctx: HandlerContext, command: str, client: Data, id_: str) -> bool | None:
    """Whether it was done; None where nobody knows."""
    for _ in range(_TRIES):
        try:
            answer = await ctx.request(command, client, id=id_, timeout_s=REPLY_TIMEOUT_S)
        except (TimeoutError, httpx.HTTPError):
            continue
        return None if answer.type == IN_DOUBT else answer.type == SUCCESS[command]
    return None


async def _tell(ctx: HandlerContext, event: str, step: str = "") -> None:
    """Publish an event of the saga's life. However often it is, it has the same id, and is one event."""
    data = {"step": step} if step else {}
    await ctx.publish(event, data, id=f"{ctx.saga_id}/{event}/{step}", timeout_s=TIMEOUT_S)


HANDLERS: dict[str, Handler] = {STARTS: onboard_client, **SERVICES}
