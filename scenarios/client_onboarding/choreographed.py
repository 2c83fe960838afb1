"""The document's choreography: each service listens, and nobody conducts.

    ClientOnboarded → WorkspaceCreated → BillingProfileCreated → NotificationSent

As documented (`DOCUMENTED`) that is all: nothing is said of failures, so a handler that fails gets its event
again. Hardened (`HARDENED`) a service that failed says so, and those before it revert what they did, the last
first; the mail is the point of no return, and is sent until it is sent or surely refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from harness.adapter.handlers import Handler, HandlerContext, MessageEvent
from harness.saga import Json, Status
from scenarios.choreography import Data, Made, Request, ServiceStep, Store, act, once, send, take_back

STARTS = "ClientOnboarded"
EVENTS = (
    STARTS,
    "WorkspaceCreated",
    "BillingProfileCreated",
    "NotificationSent",
    "BillingFailed",
    "NotificationFailed",
    "BillingReverted",
    "OnboardingFailed",
)
OUTCOME = {"NotificationSent": Status.COMPLETED, "OnboardingFailed": Status.COMPENSATED}


class MailInDoubtError(Exception):
    """The event has to come again: nobody knows whether the mail was sent."""


def _fields(event: MessageEvent) -> dict[str, Any]:
    assert isinstance(event.data, Mapping)
    return dict(event.data)


def _command(service: str, command: str, /, **body: Json) -> Request:
    return Request(service=service, method="POST", path=f"/commands/{command}", body=body)


def _create_workspace(data: Data) -> Request:
    return _command("ai-workspace", "CreateWorkspace", client_id=data["client_id"], name=data["name"])


def _setup_billing(data: Data) -> Request:
    return _command("billing", "SetupBilling", client_id=data["client_id"], plan=data["plan"])


def _send_mail(data: Data) -> Request:
    return _command("notifications", "SendWelcomeEmail", to=data["email"])


WORKSPACE = ServiceStep(
    name="create_workspace",
    action=_create_workspace,
    undo=lambda data: _command("ai-workspace", "DeleteWorkspace", client_id=data["client_id"]),
)
BILLING = ServiceStep(
    name="setup_billing",
    action=_setup_billing,
    undo=lambda data: _command("billing", "RevertBilling", client_id=data["client_id"]),
)


# Hardened -------------------------------------------------------------------------------------


async def workspace_service(ctx: HandlerContext, event: MessageEvent) -> None:
    async def work() -> Made:
        data = _fields(event)
        done = await act(ctx, data, (WORKSPACE,))
        return ("OnboardingFailed" if done is None else "WorkspaceCreated"), data

    await once(ctx, event, "workspace", work)


async def billing_service(ctx: HandlerContext, event: MessageEvent) -> None:
    async def work() -> Made:
        data = _fields(event)
        done = await act(ctx, data, (BILLING,))
        return ("BillingFailed" if done is None else "BillingProfileCreated"), data

    await once(ctx, event, "billing", work)


async def mail_service(ctx: HandlerContext, event: MessageEvent) -> None:
    async def work() -> Made:
        data = _fields(event)
        return ("NotificationSent" if await _sent(ctx, data) else "NotificationFailed"), data

    await once(ctx, event, "mail", work)


async def _sent(ctx: HandlerContext, data: Data) -> bool:
    """Whether the mail was sent. Raises MailInDoubtError where that is not known.

    Once an attempt may have sent it, no refusal says that it was not; a query that shows it says that it was.
    """
    in_doubt = "mail begun" in Store(ctx).read()
    Store(ctx).write("mail begun", True)
    try:
        reply = await send(ctx, _send_mail(data), key=f"{ctx.saga_id}:send_welcome_email")
        if reply.is_success and reply.json().get("event") == "NotificationSent":
            return True
        refused = 400 <= reply.status_code < 500 and reply.status_code not in (408, 429)
        if refused and not in_doubt:
            return False
        shown = await send(ctx, Request(service="notifications", method="GET", path="/mails"))
        if shown.status_code == 200 and shown.json()["items"]:
            return True
    except (httpx.TransportError, ValueError, KeyError) as error:
        raise MailInDoubtError(type(error).__name__) from error
    raise MailInDoubtError(f"answered {reply.status_code}")


async def revert_billing(ctx: HandlerContext, event: MessageEvent) -> None:
    async def work() -> Made:
        await take_back(ctx, _fields(event), (BILLING,))
        return "BillingReverted", _fields(event)

    await once(ctx, event, "revert billing", work)


async def delete_workspace(ctx: HandlerContext, event: MessageEvent) -> None:
    async def work() -> Made:
        await take_back(ctx, _fields(event), (WORKSPACE,))
        return "OnboardingFailed", _fields(event)

    await once(ctx, event, "delete workspace", work)


HARDENED: Mapping[str, Handler] = {
    STARTS: workspace_service,
    "WorkspaceCreated": billing_service,
    "BillingProfileCreated": mail_service,
    "NotificationFailed": revert_billing,
    "BillingReverted": delete_workspace,
    "BillingFailed": delete_workspace,
}


# As documented --------------------------------------------------------------------------------


async def _react(ctx: HandlerContext, request: Request) -> str:
    """Weakness: no time-out of its own; a command that fails is left to the next delivery of the event."""
    url = ctx.urls[request.service] + request.path
    reply = await ctx.client.post(url, json={"saga_id": ctx.saga_id, **(request.body or {})})
    reply.raise_for_status()
    return str(reply.json()["event"])


async def on_client_onboarded(ctx: HandlerContext, event: MessageEvent) -> None:
    """Weakness: an event that comes again is handled again, and what is published has another id."""
    data = _fields(event)
    await ctx.publish(await _react(ctx, _create_workspace(data)), data)


async def on_workspace_created(ctx: HandlerContext, event: MessageEvent) -> None:
    data = _fields(event)
    await ctx.publish(await _react(ctx, _setup_billing(data)), data)


async def on_billing_profile_created(ctx: HandlerContext, event: MessageEvent) -> None:
    data = _fields(event)
    await ctx.publish(await _react(ctx, _send_mail(data)), data)


DOCUMENTED: Mapping[str, Handler] = {
    STARTS: on_client_onboarded,
    "WorkspaceCreated": on_workspace_created,
    "BillingProfileCreated": on_billing_profile_created,
}
