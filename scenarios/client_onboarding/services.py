"""What the services of the onboarding are asked for, by command, and whether the mail was sent.

    ai-workspace   CreateWorkspace, DeleteWorkspace
    billing        SetupBilling, RevertBilling
    notifications  SendWelcomeEmail
    clients        RevertTenant

Refuses to know who commands: events (`choreographed`) or an orchestrator (`sagas`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import httpx

from harness.adapter.handlers import HandlerContext, MessageEvent
from scenarios.choreography import Data, Request, ServiceStep, Store, send

_COMMANDS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "CreateWorkspace": ("ai-workspace", {"client_id": "client_id", "name": "name"}),
    "DeleteWorkspace": ("ai-workspace", {"client_id": "client_id"}),
    "SetupBilling": ("billing", {"client_id": "client_id", "plan": "plan"}),
    "RevertBilling": ("billing", {"client_id": "client_id"}),
    "SendWelcomeEmail": ("notifications", {"to": "email"}),
    "RevertTenant": ("clients", {"client_id": "client_id"}),
}
"""By whom each is carried out, and which fields of the client go into it."""


class MailInDoubtError(Exception):
    """The event has to come again: nobody knows whether the mail was sent."""


def fields(event: MessageEvent) -> dict[str, Any]:
    assert isinstance(event.data, Mapping)
    return dict(event.data)


def request_of(command: str, data: Data) -> Request:
    service, taken = _COMMANDS[command]
    body = {name: data[field] for name, field in taken.items()}
    return Request(service=service, method="POST", path=f"/commands/{command}", body=body)


WORKSPACE = ServiceStep(
    name="create_workspace",
    action=partial(request_of, "CreateWorkspace"),
    undo=partial(request_of, "DeleteWorkspace"),
)
BILLING = ServiceStep(
    name="setup_billing",
    action=partial(request_of, "SetupBilling"),
    undo=partial(request_of, "RevertBilling"),
)


async def mail_was_sent(ctx: HandlerContext, data: Data) -> bool:
    """Whether the mail was sent. Raises MailInDoubtError where that is not known.

    Once an attempt may have sent it, no refusal says that it was not; a query that shows it says that it was.
    """
    in_doubt = "mail begun" in Store(ctx).read()
    Store(ctx).write("mail begun", True)
    try:
        reply = await send(ctx, request_of("SendWelcomeEmail", data), key=f"{ctx.saga_id}:send_welcome_email")
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
