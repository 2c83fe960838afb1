"""The saga as the document describes it: `OnboardClientSaga`, commands with `onSuccess` and `onFailure`.

The commands, the events, the failure commands and the four lifecycle events are the document's; it does not
show the class `Saga` that runs them. Each weakness is marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from harness.adapter import SagaContext
from harness.saga import Json, Outcome, Status
from scenarios.client_onboarding.client import ClientOnboarded


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    name: str
    service: str
    fields: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class SagaStep:
    command: Command
    on_success: str
    on_failure: Command | None = None


class CommandFailedError(Exception):
    """No success event came."""


class Saga:
    steps: tuple[SagaStep, ...] = ()

    def __init__(self, ctx: SagaContext) -> None:
        self.ctx = ctx
        self.state = "STARTED"
        self.error = ""
        self.events: list[Json] = []

    async def run(self) -> None:
        """Weakness: a command is sent once, and no answer is a failure."""
        self.emit("SagaStarted")
        for step in self.steps:
            try:
                await self.dispatch(step.command, step.on_success)
            except CommandFailedError as error:
                self.error = str(error)
                await self.fail(step)
                return
            self.emit("SagaStepCompleted", _snake(step.command.name))
        self.state = "COMPLETED"
        self.emit("SagaCompleted")

    async def fail(self, step: SagaStep) -> None:
        """Weakness: only the failure command of this one step is sent, once; its answer changes nothing."""
        if step.on_failure is not None:
            try:
                await self.dispatch(step.on_failure, None)
            except CommandFailedError as error:
                self.error += f"; {error}"
        self.state = "FAILED"
        self.emit("SagaFailed")

    async def dispatch(self, command: Command, on_success: str | None) -> None:
        assert isinstance(self.ctx.client, httpx.AsyncClient)
        url = f"{self.ctx.urls[command.service]}/commands/{command.name}"
        body = {"saga_id": self.ctx.saga_id, **command.fields}
        try:
            response = await self.ctx.client.post(url, json=body, timeout=0.5)
            event = response.raise_for_status().json().get("event")
        except (httpx.HTTPError, ValueError) as error:
            raise CommandFailedError(f"{command.name}: {type(error).__name__}") from error
        if on_success is not None and event != on_success:
            raise CommandFailedError(f"{command.name}: {event}")

    def emit(self, event: str, step: str | None = None) -> None:
        self.events.append({"event": event} if step is None else {"event": event, "step": step})


class OnboardClientSaga(Saga):
    """Weakness: what fails at the mail has no `onFailure`, and billing no command that reverts it."""

    def __init__(self, ctx: SagaContext, client: ClientOnboarded) -> None:
        super().__init__(ctx)
        workspace: dict[str, Json] = {"client_id": client.client_id, "name": client.name}
        self.steps = (
            SagaStep(
                command=Command(name="CreateWorkspace", service="ai-workspace", fields=workspace),
                on_success="WorkspaceCreated",
                on_failure=Command(
                    name="RevertTenant", service="clients", fields={"client_id": client.client_id}
                ),
            ),
            SagaStep(
                command=Command(
                    name="SetupBilling",
                    service="billing",
                    fields={"client_id": client.client_id, "plan": client.plan},
                ),
                on_success="BillingProfileCreated",
                on_failure=Command(
                    name="DeleteWorkspace", service="ai-workspace", fields={"client_id": client.client_id}
                ),
            ),
            SagaStep(
                command=Command(
                    name="SendWelcomeEmail", service="notifications", fields={"to": client.email}
                ),
                on_success="NotificationSent",
            ),
        )


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


async def as_documented(ctx: SagaContext, client: Json) -> Outcome:
    saga = OnboardClientSaga(ctx, ClientOnboarded.read(client))
    await saga.run()
    status = Status.COMPLETED if saga.state == "COMPLETED" else Status.COMPENSATED
    return Outcome(status=status, detail={"error": saga.error, "events": saga.events})
