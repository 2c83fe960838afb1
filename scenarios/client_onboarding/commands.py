"""The commands of the onboarding as messages, the events that answer them, and the services that take them.

Each command has a queue, which one service takes. Its answer is an event whose `correlationid` is the
command's id: the success event of the document, CommandFailed, or CommandInDoubt.

- **A command is carried out once**, and answered however often it comes: what came of it is kept first.
- **A step is begun at most once, and never after it was taken back.** What was begun and is not known to be
  done has failed; the orchestrator has it undone. Whether the mail was sent has to be known: until then it is
  in doubt, and is tried once more when its command comes again.
- **An undo is tried twice for each command**; to try again is another command.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from harness.adapter.handlers import Handler, HandlerContext, MessageEvent
from scenarios.choreography import TIMEOUT_S, Data, ServiceStep, Store, UndoFailedError, create, take_back
from scenarios.client_onboarding.services import BILLING, WORKSPACE, MailInDoubtError, fields, mail_was_sent

FAILED = "CommandFailed"
IN_DOUBT = "CommandInDoubt"

SUCCESS: Mapping[str, str] = {
    "CreateWorkspace": "WorkspaceCreated",
    "SetupBilling": "BillingProfileCreated",
    "SendWelcomeEmail": "NotificationSent",
    "DeleteWorkspace": "WorkspaceDeleted",
    "RevertBilling": "BillingReverted",
    "RevertTenant": "TenantReverted",
}
"""The event that says that a command was done."""

REPLIES = (*SUCCESS.values(), FAILED, IN_DOUBT)

Work = Callable[[HandlerContext, Data], Awaitable[bool | None]]
"""What a command asks for; whether it was done, None where nobody knows."""


def _done_by(step: ServiceStep) -> Work:
    async def work(ctx: HandlerContext, data: Data) -> bool:
        begun, taken_back = f"begun {step.name}", f"taken back {step.name}"
        if {begun, taken_back} & Store(ctx).read().keys():
            return False
        Store(ctx).write(begun, True)
        return await create(ctx, step.action(data), step.name) is not None

    return work


def _taken_back_by(step: ServiceStep) -> Work:
    async def work(ctx: HandlerContext, data: Data) -> bool:
        Store(ctx).write(f"taken back {step.name}", True)
        try:
            await take_back(ctx, data, (step,))
        except UndoFailedError:
            return False
        return True

    return work


async def _send_mail(ctx: HandlerContext, data: Data) -> bool | None:
    try:
        return await mail_was_sent(ctx, data)
    except MailInDoubtError:
        return None


def _taken_by(queue: str, work: Mapping[str, Work]) -> Handler:
    """A service that takes one command at a time."""

    async def service(ctx: HandlerContext, event: MessageEvent) -> None:
        lock: asyncio.Lock = ctx.memory.setdefault(queue, asyncio.Lock())
        async with lock:
            mark = f"answer to {event.id}"
            done = Store(ctx).read().get(mark)
            if done is None:
                done = await work[event.type](ctx, fields(event))
            if done is not None:
                Store(ctx).write(mark, done)
        answer = IN_DOUBT if done is None else SUCCESS[event.type] if done else FAILED
        by = {"correlationid": event.id}
        await ctx.publish(answer, id=f"{event.id}/{answer}", attributes=by, timeout_s=TIMEOUT_S)

    service.__name__ = queue
    return service


_WORKSPACE = _taken_by(
    "ai_workspace", {"CreateWorkspace": _done_by(WORKSPACE), "DeleteWorkspace": _taken_back_by(WORKSPACE)}
)
_BILLING = _taken_by("billing", {"SetupBilling": _done_by(BILLING), "RevertBilling": _taken_back_by(BILLING)})
_NOTIFICATIONS = _taken_by("notifications", {"SendWelcomeEmail": _send_mail})

SERVICES: Mapping[str, Handler] = {
    "CreateWorkspace": _WORKSPACE,
    "DeleteWorkspace": _WORKSPACE,
    "SetupBilling": _BILLING,
    "RevertBilling": _BILLING,
    "SendWelcomeEmail": _NOTIFICATIONS,
}
"""Who takes each command."""
