"""client-onboarding: commands and their answers are messages, and its life is published and judged."""

from __future__ import annotations

import pytest

from harness.history import MessageDelivered, MessagePublished
from harness.invariants import Verdict
from harness.plan import Fault, FaultPlan, Lasting
from harness.runner import Run, run_once
from harness.saga import Status
from harness.worlds.sim import SimWorld
from scenarios import REGISTRY

EVER = Lasting.FOR_EVER
MAIL_REFUSED = Fault(kind="reject", operation="notifications.mail.create")
COMMANDS = ("CreateWorkspace", "SetupBilling", "SendWelcomeEmail")
ANSWERS = ("WorkspaceCreated", "BillingProfileCreated", "NotificationSent")
STEPS = ("create_workspace", "setup_billing", "send_welcome_email")


def _message(kind: str, event: str, count: int = 1) -> Fault:
    variant = "50%" if kind == "delay_message" else ""
    return Fault(kind=kind, operation=f"events.{event}.deliver", variant=variant, count=count)


def made(sim: SimWorld, *faults: Fault, name: str = "client-onboarding") -> Run:
    scenario = REGISTRY[name]()
    return run_once(scenario, scenario.inputs[0], FaultPlan(faults), sim)


def violated(run: Run) -> dict[str, str]:
    return {one.invariant: one.message for one in run.judgements if one.message}


def life(run: Run) -> Verdict:
    return next(one.verdict for one in run.judgements if one.invariant == "lifecycle_events")


@pytest.mark.parametrize("name", ["client-onboarding", "client-onboarding-as-documented"])
def test_each_command_is_delivered_and_answered_by_an_event(name: str, sim: SimWorld) -> None:
    run = made(sim, name=name)
    published = [one for _, one in run.history.of(MessagePublished)]
    assert tuple(one.type for one in published if one.type in COMMANDS) == COMMANDS
    assert tuple(one.type for one in published if one.type in ANSWERS) == ANSWERS
    assert tuple(one.step for one in published if one.type == "SagaStepCompleted") == STEPS
    assert (published[1].type, published[-1].type) == ("SagaStarted", "SagaCompleted")
    numbers = {one.message for one in published if one.type in (*COMMANDS, *ANSWERS)}
    assert numbers <= {one.message for _, one in run.history.of(MessageDelivered)}
    assert (run.view.sagas[0].status, violated(run), life(run)) == (Status.COMPLETED, {}, Verdict.HELD)


def test_its_failure_is_published_once_all_is_undone(sim: SimWorld) -> None:
    run = made(sim, MAIL_REFUSED)
    published = [one.type for _, one in run.history.of(MessagePublished)]
    assert published[-5:] == [
        "RevertBilling",
        "BillingReverted",
        "DeleteWorkspace",
        "WorkspaceDeleted",
        "SagaFailed",
    ]
    assert (run.view.sagas[0].status, violated(run), life(run)) == (Status.COMPENSATED, {}, Verdict.HELD)


ENDS: dict[str, tuple[tuple[Fault, ...], Status]] = {
    "both answers come too late": (
        (_message("delay_message", "BillingProfileCreated", 2),),
        Status.COMPENSATED,
    ),
    "a command comes again": ((_message("drop_message", "CreateWorkspace"),), Status.COMPLETED),
    "no answer to the mail": ((_message("drop_message", "NotificationSent", 2),), Status.COMPLETED),
    "an undo is lost twice": (
        (MAIL_REFUSED, _message("drop_message", "RevertBilling", 2)),
        Status.COMPENSATED,
    ),
    "the mail in doubt": (
        (Fault(kind="error_before", operation="notifications.mail.create", count=2),),
        Status.COMPLETED,
    ),
    "the mail in doubt for ever": (
        (Fault(kind="lose_request", operation="notifications.mail.create", count=EVER),),
        Status.STUCK,
    ),
    "an undo is refused for ever": (
        (MAIL_REFUSED, Fault(kind="reject", operation="billing.profile.delete_by_saga", count=EVER)),
        Status.STUCK,
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_whatever_becomes_of_its_messages_it_ends_well(name: str, sim: SimWorld) -> None:
    faults, ends = ENDS[name]
    run = made(sim, *faults)
    assert (run.view.sagas[0].status, violated(run)) == (ends, {})


def test_as_documented_an_event_that_comes_again_tells_its_life_again(sim: SimWorld) -> None:
    twice = Fault(kind="duplicate_message", operation="events.ClientOnboarded.deliver", variant="at_once")
    assert violated(made(sim, twice)) == {}
    found = violated(made(sim, twice, name="client-onboarding-as-documented"))
    assert found["lifecycle_events"] == "the event SagaStarted is told twice"
