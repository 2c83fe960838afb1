"""Commands and replies: correlation ids, reply time-outs, and a reply that comes after its time-out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.faults import KINDS
from harness.faults.enabled import enabled_faults
from harness.history import FaultFired, MessageDelivered
from harness.plan import Fault, FaultPlan, Lasting
from harness.runner import Run, run_once
from harness.saga import Claim, Status
from harness.worlds.sim import SimWorld
from tests.planted.messages.commands import AnyReply, Commands, DecidesAnew, SilenceIsNo

REFUSED = Fault(kind="reject", operation="bank.charge.create")
LATE_COMMAND = Fault(kind="delay_message", operation="events.ReserveStock.deliver", count=2)
LATE_REPLY = Fault(kind="delay_message", operation="events.Reply.deliver", variant="50%")
UNHEARD = Fault(kind="drop_message", operation="events.Reply.deliver", count=2)
DURABLE = frozenset({Claim.LOST_REPLY, Claim.PROCESS_DEATH})
TWICE = Fault(kind="duplicate_message", operation="events.Reply.deliver", variant="after_ack")


def violated(run: Run) -> dict[str, str]:
    return {one.invariant: one.message for one in run.judgements if one.message}


def status(run: Run) -> Status | None:
    return run.view.sagas[0].status


def test_it_completes_and_compensates(sim: SimWorld) -> None:
    assert status(run_once(Commands().scenario(), {}, FaultPlan(), sim)) is Status.COMPLETED
    run = run_once(Commands().scenario(), {}, FaultPlan((REFUSED,)), sim)
    assert (status(run), violated(run)) == (Status.COMPENSATED, {})


def test_a_reply_that_comes_after_its_time_out_finds_nobody(sim: SimWorld) -> None:
    run = run_once(Commands().scenario(), {}, FaultPlan((LATE_REPLY,)), sim)
    assert [one.kind for _, one in run.history.of(FaultFired)] == ["delay_message"]
    late = [one.t_s for _, one in run.history.of(MessageDelivered) if one.subscription == "reply"]
    assert max(late) > 10.0  # two time-outs of 5 s
    assert violated(run) == {}


def test_silence_that_is_taken_for_a_no_is_caught(sim: SimWorld) -> None:
    """The command is still under way: it is carried out after the saga has said that nothing is left."""
    plan = FaultPlan((LATE_COMMAND,))
    run = run_once(SilenceIsNo().scenario(), {}, plan, sim)
    assert "is left" in violated(run)["truthful_outcome"]
    twin = run_once(Commands().scenario(), {}, plan, sim)
    assert (status(twin), violated(twin)) == (Status.COMPENSATED, {})


def test_a_reply_without_its_correlation_is_caught(sim: SimWorld) -> None:
    """The second copy of the reply to the first command is taken for the reply to the second one."""
    plan = FaultPlan((TWICE, REFUSED))
    run = run_once(AnyReply().scenario(), {}, plan, sim)
    assert "step charge is not applied" in violated(run)["truthful_outcome"]
    twin = run_once(Commands().scenario(), {}, plan, sim)
    assert (status(twin), violated(twin)) == (Status.COMPENSATED, {})


def single_message_faults() -> Iterator[Fault]:
    for operation, possible in enabled_faults(Commands().scenario(), "sim").possible.items():
        for one in possible if operation.endswith(".deliver") else ():
            for count in one.kind.counts:
                yield Fault(kind=one.kind.name, operation=operation, variant=one.variant, count=count)
            if Lasting.FOR_EVER not in one.kind.counts and operation == "events.Reply.deliver":
                yield Fault(kind=one.kind.name, operation=operation, variant=one.variant, nth=2)


@pytest.mark.parametrize("aborted", [False, True])
def test_the_sound_one_holds_whatever_becomes_of_one_message(sim: SimWorld, *, aborted: bool) -> None:
    broken, fired = {}, set()
    for fault in single_message_faults():
        run = run_once(Commands().scenario(), {}, FaultPlan((fault, *((REFUSED,) if aborted else ()))), sim)
        fired |= {one.kind for _, one in run.history.of(FaultFired)}
        if violated(run):
            broken[fault] = violated(run)
    assert broken == {}
    assert fired >= {kind.name for kind in KINDS.values() if kind.deliveries} - {"reorder_message"}


@pytest.mark.parametrize("away", ["stock.hold.create", "bank.charge.create"])
def test_the_sound_one_bounds_its_attempts_at_a_participant_that_is_away(away: str, sim: SimWorld) -> None:
    """Each of three levels tries again: the bus, the orchestrator, the service."""
    plan = FaultPlan((Fault(kind="refuse", operation=away, count=Lasting.FOR_EVER),))
    run = run_once(Commands().scenario(), {}, plan, sim)
    assert (status(run), violated(run)) == (Status.STUCK, {})


def test_who_decides_anew_after_its_death_is_caught(sim: SimWorld) -> None:
    """It gave up on a command and began to take it back; the next process hears the reply to it."""
    plan = FaultPlan((UNHEARD, Fault(kind="crash", operation="stock.hold.delete_by_saga", variant="applied")))
    run = run_once(DecidesAnew().scenario(claims=DURABLE), {}, plan, sim)
    assert "step hold is not applied" in violated(run)["truthful_outcome"]
    twin = run_once(Commands().scenario(claims=DURABLE), {}, plan, sim)
    assert (status(twin), violated(twin)) == (Status.COMPENSATED, {})


@pytest.mark.parametrize("before", [(), (REFUSED,), (UNHEARD,)], ids=["nothing", "refused", "unheard"])
def test_the_sound_one_holds_wherever_its_process_dies(sim: SimWorld, before: tuple[Fault, ...]) -> None:
    scenario = Commands().scenario(claims=DURABLE)
    broken, died = {}, 0
    for operation, possible in enabled_faults(scenario, "sim").possible.items():
        for variant in (one.variant for one in possible if one.kind.name == "crash"):
            crash = Fault(kind="crash", operation=operation, variant=variant)
            run = run_once(scenario, {}, FaultPlan((*before, crash)), sim)
            died += "crash" in [one.kind for _, one in run.history.of(FaultFired)]
            if violated(run):
                broken[crash] = violated(run)
    assert broken == {}
    assert died > 20
