"""Onboarding a client: a workspace, a billing profile, and a welcome mail.

    trigger              ClientOnboarded, an event of the clients service: its tenant is there already
    create_workspace     compensable  CreateWorkspace  → WorkspaceCreated        undone by DeleteWorkspace
    setup_billing        compensable  SetupBilling     → BillingProfileCreated   undone by RevertBilling
    send_welcome_email   pivot        SendWelcomeEmail → NotificationSent        nothing takes it back

Orchestrated by commands and events: each command goes to its service (ai-workspace, billing, notifications)
by POST /commands/NAME, and its answer is the event. Handlers are idempotent for a saga.

What may happen: an event is lost, so that nobody knows whether its command was done; the mail fails, for
which the document has no compensation; a compensating command fails; the process dies, or the event that
starts the saga comes twice.

Events of its life: SagaStarted, SagaStepCompleted, SagaFailed, SagaCompleted.

The same without an orchestrator: ClientOnboarded → WorkspaceCreated → BillingProfileCreated →
NotificationSent, over a bus that delivers at least once; see `choreographed.py`.

`client-onboarding` is hardened, with persistent state; `…-as-documented` is the document's skeleton: see
`as_documented.py`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from harness.adapter import CallableSaga
from harness.saga import Claim
from harness.scenario import Scenario
from scenarios.choreographed import choreographed_scenario
from scenarios.client_onboarding import choreographed
from scenarios.client_onboarding.as_documented import as_documented as saga_as_documented
from scenarios.client_onboarding.client import CLIENTS, DURABLE_SPEC, PARTICIPANTS, SPEC
from scenarios.client_onboarding.sagas import onboard

_FOLDER = Path(__file__).parent


def client_onboarding() -> Scenario:
    return Scenario(
        name="client-onboarding",
        reference="client-onboarding",
        summary="workspace, billing and welcome mail by commands and events, hardened",
        spec=DURABLE_SPEC,
        participants=PARTICIPANTS,
        saga=CallableSaga(onboard, "scenarios.client_onboarding.sagas:onboard", durable=True),
        inputs=CLIENTS,
        sources=(_FOLDER / "sagas.py", _FOLDER.parent / "orchestrator"),
    )


def client_onboarding_as_documented() -> Scenario:
    return Scenario(
        name="client-onboarding-as-documented",
        reference="client-onboarding-as-documented",
        summary="the same as the document has it: one failure command for each step, and none for the mail",
        spec=SPEC,
        participants=PARTICIPANTS,
        saga=CallableSaga(saga_as_documented, "scenarios.client_onboarding.as_documented:as_documented"),
        inputs=CLIENTS,
        holds=False,
    )


def client_onboarding_choreographed() -> Scenario:
    return _choreographed(
        "client-onboarding-choreographed",
        choreographed.HARDENED,
        "the same by events alone, hardened: inbox, outbox, and back along the events",
        spec=replace(SPEC, claims=SPEC.claims | {Claim.PROCESS_DEATH}),
    )


def client_onboarding_choreographed_as_documented() -> Scenario:
    return _choreographed(
        "client-onboarding-choreographed-as-documented",
        choreographed.DOCUMENTED,
        "the same by events alone as the document has it: nothing is said of failures",
        spec=SPEC,
        holds=False,
    )


_choreographed = partial(
    choreographed_scenario,
    starts=choreographed.STARTS,
    outcome=choreographed.OUTCOME,
    events=choreographed.EVENTS,
    participants=PARTICIPANTS,
    inputs=CLIENTS,
    source=_FOLDER / "choreographed.py",
)
