"""The document's choreography: each service listens, and nobody conducts.

    ClientOnboarded → WorkspaceCreated → BillingProfileCreated → NotificationSent

As documented (`DOCUMENTED`) that is all: nothing is said of failures, so a handler that fails gets its event
again. Hardened (`HARDENED`) a service that failed says so, and those before it revert what they did, the last
first; the mail is the point of no return, and is sent until it is sent or surely refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.adapter.handlers import Handler, HandlerContext, MessageEvent
from harness.saga import Status
from scenarios.choreography import Made, Request, act, once, take_back
from scenarios.client_onboarding.services import BILLING, WORKSPACE, fields, mail_was_sent, request_of

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


# Hardened -------------------------------------------------------------------------------------


async def workspace_service(ctx: HandlerContext, event: MessageEvent) -> None:
    async def work() -> Made:
        data = fields(event)
        done = await act(ctx, data, (WORKSPACE,))
        return ("OnboardingFailed" if done is None else "WorkspaceCreated"), data

    await once(ctx, event, "workspace", work)


async def billing_service(ctx: HandlerContext, event: MessageEvent) -> None:
    async def work() -> Made:
        data = fields(event)
        done = await act(ctx, data, (BILLING,))
        return ("BillingFailed" if done is None else "BillingProfileCreated"), data

    await once(ctx, event, "billing", work)


async def mail_service(ctx: HandlerContext, event: MessageEvent) -> None:
    async def work() -> Made:
        data = fields(event)
        return ("NotificationSent" if await mail_was_sent(ctx, data) else "NotificationFailed"), data

    await once(ctx, event, "mail", work)


async def revert_billing(ctx: HandlerContext, event: MessageEvent) -> None:
    async def work() -> Made:
        await take_back(ctx, fields(event), (BILLING,))
        return "BillingReverted", fields(event)

    await once(ctx, event, "revert billing", work)


async def delete_workspace(ctx: HandlerContext, event: MessageEvent) -> None:
    async def work() -> Made:
        await take_back(ctx, fields(event), (WORKSPACE,))
        return "OnboardingFailed", fields(event)

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
    data = fields(event)
    await ctx.publish(await _react(ctx, request_of("CreateWorkspace", data)), data)


async def on_workspace_created(ctx: HandlerContext, event: MessageEvent) -> None:
    data = fields(event)
    await ctx.publish(await _react(ctx, request_of("SetupBilling", data)), data)


async def on_billing_profile_created(ctx: HandlerContext, event: MessageEvent) -> None:
    data = fields(event)
    await ctx.publish(await _react(ctx, request_of("SendWelcomeEmail", data)), data)


DOCUMENTED: Mapping[str, Handler] = {
    STARTS: on_client_onboarded,
    "WorkspaceCreated": on_workspace_created,
    "BillingProfileCreated": on_billing_profile_created,
}
