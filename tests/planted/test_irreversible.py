"""A step that can be neither undone, nor repeated, nor found: left in doubt only where that is claimed."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from harness.faults.enabled import UNCLAIMED, enabled_faults
from harness.participant import Repeats, RestParticipant, Verb
from harness.plan import Fault, FaultPlan, Lasting
from harness.runner import run_once
from harness.saga import Claim, Status, StepKind
from harness.scenario import Scenario
from harness.worlds import World
from harness.worlds.sim import SimWorld
from harness.worlds.wire import WireWorld
from tests.planted.kit import HOLD, STOCK, Plant, resource, search
from tests.planted.sagas import Reading, Saga, Task

WIRED = Task(name="transfer", at="bank", kind=StepKind.PIVOT)
SENT = Task(name="letter", at="bank", kind=StepKind.RETRIABLE)
BANK = RestParticipant(
    "bank", tuple(resource(one, (Verb.CREATE,), repeats=Repeats.NONE) for one in ("transfer", "letter"))
)
CREATE = "bank.transfer.create"
LOST = {"lose_reply", "cut_reply", "reset_after", "error_after", "garbage", "partial", "late"}
BOTH = frozenset({Claim.LOST_REPLY, Claim.IRREVERSIBLE_STEP})
DEATH = frozenset({Claim.PROCESS_DEATH})


class SendsOnce(Saga):
    """Sound: what must not be sent twice is sent again only where nobody was reached, or it was refused."""

    final = (Reading.DONE, Reading.REFUSED, Reading.DOUBT)
    attempts = 6

    async def find(self, task: Task) -> str | None:
        """There is nothing to ask."""
        return None


class TakesSilenceForNo(SendsOnce):
    """What was not answered was not done, as long as no reply is lost at such a step."""

    async def failed(self, task: Task, begun: list[Task]) -> object:  # type: ignore[override]
        if task.kind is StepKind.PIVOT:
            return await self.abort(begun[:-1])
        return await super().failed(task, begun)

    def read_error(self, task: Task, error: httpx.TransportError) -> Reading:
        return Reading.UNSENT if task is not HOLD else super().read_error(task, error)


def plant(claims: frozenset[Claim] = frozenset({Claim.LOST_REPLY})) -> Plant:
    return Plant(
        broken=TakesSilenceForNo,
        sound=SendsOnce,
        caught_by="",
        smallest=(),
        tasks=(HOLD, WIRED, SENT),
        participants=(STOCK, BANK),
        claims=claims,
    )


def test_what_may_leave_an_effect_behind_is_sent_only_where_it_is_claimed() -> None:
    for claims in (BOTH | DEATH, BOTH, BOTH - {Claim.IRREVERSIBLE_STEP}):
        enabled = enabled_faults(plant(claims).scenario("sound"), "sim")
        sent = {one.kind.name for one in enabled.possible[CREATE]}
        told = {one.kind: one.reason for one in enabled.impossible(CREATE)}
        assert {"refuse", "lose_request", "reset_before", "error_before", "reject", "outage"} <= sent
        if Claim.IRREVERSIBLE_STEP in claims:
            assert sent >= LOST
            assert ("crash" in sent) is (Claim.PROCESS_DEATH in claims)
            assert set(told) == {"duplicate"}
        else:
            assert not sent & LOST
            assert {kind for kind, reason in told.items() if reason == UNCLAIMED} == LOST


def test_a_saga_that_sends_once_and_leaves_doubt_to_a_person_holds(sim: SimWorld) -> None:
    searched = search(plant(BOTH).scenario("sound"), sim, 1)
    assert searched.told == {}
    assert {kind for kind, _ in searched.aggregate.fired_at} >= LOST


def test_one_that_takes_silence_for_no_holds_only_where_that_is_not_claimed(sim: SimWorld) -> None:
    assert search(plant().scenario("broken"), sim, 1).told == {}
    assert "no_orphaned_resources" in search(plant(BOTH).scenario("broken"), sim, 1).told


# Struck like any other -----------------------------------------------------------------------------


def check(world: World) -> None:
    """What follows the pivot is struck, by taking its host away too, whatever is claimed."""
    outage = FaultPlan((Fault(kind="outage", operation=CREATE, count=3),))
    run = run_once(quick(), {}, outage, world)
    assert [one.message for one in run.violated] == []
    assert run.view.sagas[0].status is Status.COMPLETED
    assert run.history.fired() == frozenset({0})
    refused = FaultPlan((Fault(kind="reject", operation="bank.letter.create", count=Lasting.FOR_EVER),))
    run = run_once(quick(), {}, refused, world)
    assert [one.message for one in run.violated] == []
    assert run.view.sagas[0].status is Status.STUCK


def quick() -> Scenario:
    return replace(plant().scenario("sound"), time_limit_s=4.0, patience_s=2.0)


def test_in_sim(sim: SimWorld) -> None:
    check(sim)


@pytest.mark.wire
def test_on_the_wire() -> None:
    with WireWorld(progress=print) as world:
        check(world)
