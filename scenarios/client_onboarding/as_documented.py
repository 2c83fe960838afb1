"""The saga as the document describes it: `OnboardClientSaga`, commands with `onSuccess` and `onFailure`.

The commands, the events, the failure commands and the four lifecycle events are the document's; it does not
show the class `Saga` that runs them, nor the handlers of the commands. Each weakness is marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from harness.adapter.handlers import Handler, HandlerContext, MessageEvent
from harness.saga import Json
from scenarios.choreography import send
from scenarios.client_onboarding.client import ClientOnboarded
from scenarios.client_onboarding.commands import FAILED, SUCCESS
from scenarios.client_onboarding.services import fields, request_of

REPLY_TIMEOUT_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class SagaStep:
    command: str
    on_success: str
    on_failure: str | None = None


class CommandFailedError(Exception):
    """No success event came."""


class Saga:
    steps: tuple[SagaStep, ...] = ()

    def __init__(self, ctx: HandlerContext, client: Mapping[str, Json]) -> None:
        self.ctx = ctx
        self.client = client

    async def run(self) -> None:
        """Weakness: a command is sent once, and no answer is a failure. Nothing is kept of what was done."""
        await self.emit("SagaStarted")
        for step in self.steps:
            try:
                await self.dispatch(step.command, step.on_success)
            except CommandFailedError:
                await self.fail(step)
                return
            await self.emit("SagaStepCompleted", _snake(step.command))
        await self.emit("SagaCompleted")

    async def fail(self, step: SagaStep) -> None:
        """Weakness: only the failure command of this one step is sent, once; its answer changes nothing."""
        if step.on_failure is not None:
            try:
                await self.dispatch(step.on_failure, SUCCESS[step.on_failure])
            except CommandFailedError as error:
                print(f"{step.on_failure}: {error}")  # noqa: T201 - a log, and nobody reads it
        await self.emit("SagaFailed")

    async def dispatch(self, command: str, on_success: str) -> None:
        try:
            event = await self.ctx.request(command, self.client, timeout_s=REPLY_TIMEOUT_S)
        except (TimeoutError, httpx.HTTPError) as error:
            raise CommandFailedError(f"{command}: {type(error).__name__}") from error
        if event.type != on_success:
            raise CommandFailedError(f"{command}: {event.type}")

    async def emit(self, event: str, step: str | None = None) -> None:
        """Weakness: a new id whenever it is told."""
        await self.ctx.publish(event, {} if step is None else {"step": step})


class OnboardClientSaga(Saga):
    """Weakness: what fails at the mail has no `onFailure`, and billing no command that reverts it."""

    steps = (
        SagaStep(command="CreateWorkspace", on_success="WorkspaceCreated", on_failure="RevertTenant"),
        SagaStep(command="SetupBilling", on_success="BillingProfileCreated", on_failure="DeleteWorkspace"),
        SagaStep(command="SendWelcomeEmail", on_success="NotificationSent"),
    )


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


async def on_client_onboarded(ctx: HandlerContext, event: MessageEvent) -> None:
    """Weakness: an event that comes again starts the saga again."""
    client = ClientOnboarded.read(fields(event))
    await OnboardClientSaga(ctx, client.fields).run()


async def on_command(ctx: HandlerContext, event: MessageEvent) -> None:
    """Each service does a command of a saga once, so one that comes again is sent again.

    Weakness: what was not answered is told as failed, although it may have been done.
    """
    try:
        reply = await send(ctx, request_of(event.type, fields(event)))
        done = reply.is_success and bool(reply.json())
    except (httpx.TransportError, ValueError):
        done = False
    by = {"correlationid": event.id}
    await ctx.publish(SUCCESS[event.type] if done else FAILED, attributes=by)


HANDLERS: Mapping[str, Handler] = {
    "ClientOnboarded": on_client_onboarded,
    **{command: on_command for command in SUCCESS if command != "RevertBilling"},
}
