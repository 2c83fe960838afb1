"""The services that a new client meets: ai-workspace, billing, clients, notifications. They take commands.

Each command is POST /commands/NAME, and is answered by the event that it caused. A handler is idempotent: it
does a command of a saga once, and answers a repeat alike, so no command needs a key.
"""

from __future__ import annotations

from collections.abc import Mapping

from fakes.records import Records
from fakes.routes import routes
from harness.participant import Answers, Operation, Repeats, Request, ResourceSpec


def _command(name: str, command: str, event: str, *, undone_by: str = "") -> ResourceSpec:
    undo = {"delete_by_saga": f"POST /commands/{undone_by}"} if undone_by else {}
    return ResourceSpec(
        name=name,
        routes=routes(name, create=f"POST /commands/{command}", find=f"GET /{name}s", **undo),
        repeats=Repeats.NATURAL,
        answers=Answers(fields={"id": "{id}", "event": event}),
    )


class _Handlers(Records):
    def heeds_key(self, operation: Operation, request: Request) -> bool:
        """Never: a handler knows a saga's command again by the saga."""
        del operation, request
        return False


class AiWorkspace(_Handlers):
    """Workspaces of clients."""

    name = "ai-workspace"
    resources = (_command("workspace", "CreateWorkspace", "WorkspaceCreated", undone_by="DeleteWorkspace"),)
    needs: Mapping[str, tuple[str, ...]] = {"workspace": ("client_id",)}


class Billing(_Handlers):
    """Billing profiles."""

    name = "billing"
    resources = (_command("profile", "SetupBilling", "BillingProfileCreated", undone_by="RevertBilling"),)
    needs: Mapping[str, tuple[str, ...]] = {"profile": ("client_id", "plan")}


class WelcomeMail(_Handlers):
    """Mail to clients. None comes back."""

    name = "notifications"
    resources = (_command("mail", "SendWelcomeEmail", "NotificationSent"),)
    needs: Mapping[str, tuple[str, ...]] = {"mail": ("to",)}


class Clients(_Handlers):
    """Tenants, which are there before a saga begins; a saga may ask to revert one."""

    name = "clients"
    resources = (
        ResourceSpec(
            name="tenant",
            routes=routes("tenant", delete_by_saga="POST /commands/RevertTenant"),
            repeats=Repeats.NATURAL,
        ),
    )
