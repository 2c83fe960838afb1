"""An orchestrator that sends commands over the bus and waits for replies: on the wire as in sim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from harness.adapter.host import RUN_ON_S
from harness.history import ExecutorEnded, FaultFired, MessageDelivered, MessagePublished
from harness.plan import Fault, FaultPlan
from harness.runner import Run, run_once
from harness.saga import Status
from harness.worlds.sim import SimWorld
from harness.worlds.wire import WireWorld
from tests.planted.messages.commands import AnyReply, Commands, SilenceIsNo
from tests.planted.messages.scenario import COMMANDS, PATIENT, REPLY_TIMEOUT_S

pytestmark = [pytest.mark.wire]

REFUSED = Fault(kind="reject", operation="bank.charge.create")
TWICE = Fault(kind="duplicate_message", operation="events.Reply.deliver", variant="after_ack")
TOO_LATE = Fault(kind="delay_message", operation="events.Reply.deliver", variant="90%", count=2)
"""Later than two time-outs, to both."""

PLANS: Mapping[str, tuple[type[Commands], tuple[Fault, ...]]] = {
    "nothing": (Commands, ()),
    "refused": (Commands, (REFUSED,)),
    "late reply": (Commands, (TOO_LATE,)),
    "lost command": (Commands, (Fault(kind="drop_message", operation="events.TakePayment.deliver"),)),
    "command twice": (
        Commands,
        (Fault(kind="duplicate_message", operation="events.ReserveStock.deliver", variant="at_once"),),
    ),
    "acknowledgement lost": (Commands, (Fault(kind="lose_ack", operation="events.TakePayment.deliver"),)),
    "undo after the end": (
        Commands,
        (
            REFUSED,
            Fault(kind="duplicate_message", operation="events.ReleaseStock.deliver", variant="after_end"),
        ),
    ),
    "silence is no": (
        SilenceIsNo,
        (Fault(kind="delay_message", operation="events.ReserveStock.deliver", variant="90%", count=2),),
    ),
    "any reply": (AnyReply, (TWICE, REFUSED)),
}


def made(plan: str, world: SimWorld | WireWorld) -> Run:
    twin, faults = PLANS[plan]
    scenario = twin(reply_timeout_s=REPLY_TIMEOUT_S).scenario(promise=PATIENT)
    return run_once(scenario, {}, FaultPlan(faults), world)


def violated(run: Run) -> list[str]:
    return sorted(one.invariant for one in run.judgements if one.message)


KILLED = FaultPlan(
    (
        Fault(kind="drop_message", operation="events.Reply.deliver", count=2),
        Fault(kind="crash", operation="stock.hold.delete_by_saga", variant="applied"),
    )
)


def told(run: Run) -> tuple[object, ...]:
    """What has to be the same in both worlds."""
    fired = sorted(one.kind for _, one in run.history.of(FaultFired))
    return fired, [one.status for one in run.view.sagas], violated(run)


@pytest.fixture(scope="module")
def in_sim() -> Mapping[str, tuple[object, ...]]:
    with SimWorld() as world:
        return {plan: told(made(plan, world)) for plan in PLANS}


@pytest.fixture(scope="module")
def killed_in_sim() -> tuple[object, ...]:
    with SimWorld() as world:
        return told(run_once(COMMANDS, {}, KILLED, world))


@pytest.fixture(scope="module")
def wire(in_sim: object, killed_in_sim: object) -> Iterator[WireWorld]:
    del in_sim, killed_in_sim
    with WireWorld("toxiproxy", progress=print) as world:
        yield world


def test_they_are_told_apart_in_sim(in_sim: Mapping[str, tuple[object, ...]]) -> None:
    completed, compensated = Status.COMPLETED, Status.COMPENSATED
    assert {plan: one[1:] for plan, one in in_sim.items()} == {
        "nothing": ([completed], []),
        "refused": ([compensated], []),
        "late reply": ([compensated], []),
        "lost command": ([completed], []),
        "command twice": ([completed], []),
        "acknowledgement lost": ([completed], []),
        "undo after the end": ([compensated], []),
        "silence is no": (
            [compensated],
            ["complete_compensation", "no_orphaned_resources", "truthful_outcome"],
        ),
        "any reply": ([completed], ["truthful_outcome"]),
    }


@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_means_what_it_means_in_sim(
    plan: str, wire: WireWorld, in_sim: Mapping[str, tuple[object, ...]]
) -> None:
    assert told(made(plan, wire)) == in_sim[plan]


def test_a_reply_that_comes_after_its_time_out_finds_nobody(wire: WireWorld) -> None:
    run = made("late reply", wire)
    replies = [one.t_s for _, one in run.history.of(MessageDelivered) if one.subscription == "reply"]
    assert max(replies) > 2 * REPLY_TIMEOUT_S
    assert violated(run) == []


def test_an_orchestrator_that_is_killed_stays_with_what_it_decided(
    wire: WireWorld, killed_in_sim: tuple[object, ...]
) -> None:
    run = run_once(COMMANDS, {}, KILLED, wire)
    assert told(run) == killed_in_sim
    assert told(run) == (["crash"], [Status.COMPENSATED], []), "before the bus has waited for the drops"
    (end_s,) = [one.t_s for _, one in run.history.of(MessagePublished) if one.type == "OrderCancelled"]
    (ended_s,) = [one.t_s for _, one in run.history.of(ExecutorEnded)]
    assert ended_s - end_s < RUN_ON_S, "its process waits for messages that cannot come"
