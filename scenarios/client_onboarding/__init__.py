"""Onboarding a client: a workspace, a billing profile, and a welcome mail.

    trigger              ClientOnboarded, an event of the clients service: its tenant is there already
    create_workspace     compensable  CreateWorkspace  → WorkspaceCreated        undone by DeleteWorkspace
    setup_billing        compensable  SetupBilling     → BillingProfileCreated   undone by RevertBilling
    send_welcome_email   pivot        SendWelcomeEmail → NotificationSent        nothing takes it back

Orchestrated by commands and events over a bus that delivers at least once: each command has a queue, which
its service takes (ai-workspace, billing, notifications), and the event that answers it carries its id. A
service does what it is asked for once for a saga.

What may happen: a command, or the event that answers it, is lost, late, or comes twice, so that nobody knows
whether it was done; the mail fails, for which the document has no compensation; a compensating command fails;
the process dies, or the event that starts the saga comes twice.

Events of its life: SagaStarted, SagaStepCompleted, SagaFailed, SagaCompleted. They are published, and the
last two are its end.

The same without an orchestrator: ClientOnboarded → WorkspaceCreated → BillingProfileCreated →
NotificationSent, over the same kind of bus; see `choreographed.py`.

`client-onboarding` is hardened, with persistent state; `…-as-documented` is the document's skeleton: see
`as_documented.py`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from harness.scenario import Scenario
from scenarios.choreographed import choreographed_scenario
from scenarios.client_onboarding import as_documented, choreographed, sagas
from scenarios.client_onboarding.client import CLIENTS, DURABLE_SPEC, PARTICIPANTS, SPEC
from scenarios.client_onboarding.commands import REPLIES

_FOLDER = Path(__file__).parent


def client_onboarding() -> Scenario:
    return _orchestrated(
        "client-onboarding",
        sagas.HANDLERS,
        "workspace, billing and welcome mail by commands and events, hardened",
        spec=DURABLE_SPEC,
        source=_FOLDER / "sagas.py",
    )


def client_onboarding_as_documented() -> Scenario:
    return _orchestrated(
        "client-onboarding-as-documented",
        as_documented.HANDLERS,
        "the same as the document has it: one failure command for each step, and none for the mail",
        spec=SPEC,
        source=_FOLDER / "as_documented.py",
        holds=False,
    )


def client_onboarding_choreographed() -> Scenario:
    return _choreographed(
        "client-onboarding-choreographed",
        choreographed.HARDENED,
        "the same by events alone, hardened: inbox, outbox, and back along the events",
        spec=DURABLE_SPEC,
    )


def client_onboarding_choreographed_as_documented() -> Scenario:
    return _choreographed(
        "client-onboarding-choreographed-as-documented",
        choreographed.DOCUMENTED,
        "the same by events alone as the document has it: nothing is said of failures",
        spec=SPEC,
        holds=False,
    )


_orchestrated = partial(
    choreographed_scenario,
    starts=sagas.STARTS,
    outcome=sagas.OUTCOME,
    events=sagas.EVENTS,
    participants=PARTICIPANTS,
    inputs=CLIENTS,
    replies=REPLIES,
    promise=sagas.PROMISE,
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
