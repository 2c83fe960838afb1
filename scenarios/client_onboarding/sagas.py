"""The hardened onboarding: commands of the durable orchestrator, each answered by an event.

Every handler does a saga's command once. The orchestrator tries each command five times, undoes what may have
been done, and keeps each event before it acts on it. A tenant was there before, and stays.
"""

from __future__ import annotations

import msgspec

from harness.adapter import SagaContext
from harness.saga import Json, Outcome
from scenarios.client_onboarding.client import ClientOnboarded
from scenarios.durably import run_durably
from scenarios.orchestrator import Call, DurableSaga, SagaBuilder, StepContext, told
from scenarios.orchestrator.definition import MakeCall
from scenarios.outcome import outcome_of

Ctx = StepContext[ClientOnboarded]

_LIFECYCLE = {
    "SagaStarted": "SagaStarted",
    "StepCompleted": "SagaStepCompleted",
    "SagaFailed": "SagaFailed",
    "SagaCompleted": "SagaCompleted",
}
"""The events of the document, by those of the orchestrator."""


def _command(ctx: Ctx, service: str, command: str, /, **fields: object) -> Call:
    return Call.post(service, f"/commands/{command}", {"saga_id": ctx.saga_id, **fields})


def create_workspace(ctx: Ctx) -> Call:
    return _command(ctx, "ai-workspace", "CreateWorkspace", client_id=ctx.data.client_id, name=ctx.data.name)


def setup_billing(ctx: Ctx) -> Call:
    return _command(ctx, "billing", "SetupBilling", client_id=ctx.data.client_id, plan=ctx.data.plan)


def send_welcome_email(ctx: Ctx) -> Call:
    return _command(ctx, "notifications", "SendWelcomeEmail", to=ctx.data.email)


def find_mail(ctx: Ctx) -> Call:
    return Call(service="notifications", method="GET", path="/mails", query=ctx.of_saga)


def _reverted_by(service: str, name: str) -> MakeCall[ClientOnboarded]:
    def call(ctx: Ctx) -> Call:
        return _command(ctx, service, name, client_id=ctx.data.client_id)

    return call


ONBOARD_CLIENT = DurableSaga(
    definition=(
        SagaBuilder[ClientOnboarded]("OnboardClientSaga")
        .step("create_workspace")
        .action(create_workspace)
        .compensation(_reverted_by("ai-workspace", "DeleteWorkspace"))
        .step("setup_billing")
        .action(setup_billing)
        .compensation(_reverted_by("billing", "RevertBilling"))
        .step("send_welcome_email")
        .action(send_welcome_email)
        .found_by(find_mail)
        .pivot()
        .build()
    ),
    write=lambda client: msgspec.json.encode(client).decode(),
    read=lambda text: msgspec.json.decode(text, type=ClientOnboarded),
)


async def onboard(ctx: SagaContext, client: Json) -> Outcome:
    status = await run_durably(ctx, ONBOARD_CLIENT, ClientOnboarded.read(client))
    events = [told(event) for event in status.events]
    lifecycle = [
        {**one, "event": _LIFECYCLE[str(one["event"])]} for one in events if one["event"] in _LIFECYCLE
    ]
    return outcome_of(status, events=lifecycle)
