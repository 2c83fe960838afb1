"""The order of a guided search where the process itself is struck: most telling plans first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import msgspec

from harness.blows import Blow
from harness.faults import KINDS
from harness.faults.unlocked import unlocked_faults
from harness.invariants import Verdict
from harness.plan import Fault, FaultPlan, Lasting, Site
from harness.saga import Claim
from harness.scenario import Scenario
from harness.search import Digest, GuidedSearch, minimise
from harness.search.digest import Found, InputRef, Job
from harness.search.guided import StopAsked
from tests.planted.invariants.test_complete_compensation import RegistersTooLate
from tests.planted.kit import BANK, CHARGE, HOLD, STOCK, Plant

HOLDS, CHARGES = "stock.hold.create", "bank.charge.create"
UNDO = "stock.hold.delete_by_saga"
CRASHES = frozenset({Claim.PROCESS_DEATH})


def scenario(claims: frozenset[Claim] = CRASHES) -> Scenario:
    tasks = (HOLD, CHARGE)
    plant = Plant(
        broken=RegistersTooLate,
        caught_by="complete_compensation",
        smallest=(),
        tasks=tasks,
        participants=(STOCK, BANK),
        claims=claims,
    )
    return plant.scenario("sound")


class Pretender:
    """Runs nothing: a refused charge turns back and undoes the hold, anything else completes."""

    def __init__(self) -> None:
        self.plans: list[FaultPlan] = []

    def run(self, jobs: Iterable[Job]) -> Iterator[Digest]:
        for input_index, plan in jobs:
            self.plans.append(plan)
            yield self._digest(input_index, plan)

    def _digest(self, input_index: InputRef, plan: FaultPlan) -> Digest:
        newest = len(plan.faults) - 1
        turned_back = any(fault.kind == "reject" and fault.operation == CHARGES for fault in plan.faults)
        reached = [HOLDS, CHARGES, *([UNDO] if turned_back else [])]
        return Digest(
            input_index=input_index,
            plan=plan,
            saga_id="saga",
            found={},
            strikes=tuple(1 for _ in plan.faults),
            accidents=0,
            kinds=(),
            sites=tuple((Site(operation=one), newest) for one in reached),
            trace=repr(plan).encode(),
            situations=(),
            statuses=("completed",),
        )


def searched(depth: int, claims: frozenset[Claim] = CRASHES) -> list[FaultPlan]:
    one = scenario(claims)
    pretender = Pretender()
    search = GuidedSearch(unlocked_faults(one, "sim"), len(one.inputs), depth)
    list(search.run(pretender, StopAsked()))
    return pretender.plans


def is_blow(fault: Fault) -> bool:
    return KINDS[fault.kind].blow is not None


def test_every_single_blow_comes_before_every_other_fault() -> None:
    singles = [plan.faults[0] for plan in searched(1) if len(plan.faults) == 1 and plan.faults[0].count == 1]
    struck = [is_blow(fault) for fault in singles]
    assert any(struck)
    assert struck == sorted(struck, reverse=True)


def test_then_a_refusal_and_each_blow_on_the_way_back_of_it() -> None:
    plans = searched(1)
    pairs = [index for index, plan in enumerate(plans) if len(plan.faults) == 2]
    others = [index for index, plan in enumerate(plans) if plan.faults and plan.faults[0].kind == "refuse"]
    refused = [index for index, plan in enumerate(plans) if plan.faults and plan.faults[0].kind == "reject"]
    assert min(refused) < min(pairs)
    assert max(pairs) < min(others)


def test_each_blow_on_the_way_back_even_one_fault_deep() -> None:
    pairs = [plan for plan in searched(1) if len(plan.faults) == 2]
    assert {plan.faults[0].kind for plan in pairs} == {"reject"}
    assert {plan.faults[1].operation for plan in pairs} == {UNDO}
    boundaries = {plan.faults[1].variant for plan in pairs if plan.faults[1].kind == "crash"}
    assert boundaries == {*KINDS["crash"].variants}


def test_without_a_claim_there_is_neither() -> None:
    assert all(len(plan.faults) < 2 for plan in searched(1, frozenset({Claim.LOST_REPLY})))
    assert not any(is_blow(fault) for plan in searched(2, frozenset()) for fault in plan.faults)


def test_a_death_is_tried_with_the_fault_before_it_gone_and_still_there() -> None:
    crashed = [plan for plan in searched(2) if len(plan.faults) == 2 and plan.faults[1].kind == "crash"]
    counts = {plan.faults[0].count for plan in crashed if plan.faults[0].kind == "reject"}
    assert {1, Lasting.FOR_EVER} <= counts
    forever = Fault(kind="refuse", operation=HOLDS, count=Lasting.FOR_EVER)
    gone = replace(forever, count=Lasting.UNTIL_RESTART)
    lasting = [plan.faults[0].count for plan in crashed if plan.faults[0] in (forever, gone)]
    assert Lasting.FOR_EVER in lasting


def test_what_is_not_a_death_keeps_the_fault_as_it_was() -> None:
    plans = searched(2, frozenset({Claim.RETRY_ELSEWHERE}))
    paused = [plan for plan in plans if len(plan.faults) == 2 and plan.faults[1].kind == "pause"]
    assert paused
    assert KINDS["pause"].blow is Blow.FREEZE
    assert all(fault.count is not Lasting.UNTIL_RESTART for plan in paused for fault in plan.faults)


def test_no_plan_is_run_twice() -> None:
    plans = searched(2)
    assert len(set(plans)) == len(plans)


def test_a_fault_until_the_restart_shrinks_to_one_for_ever_where_that_shows_the_same() -> None:
    faults = (Fault(kind="refuse", operation=HOLDS, count=Lasting.UNTIL_RESTART),)

    class Breaking(Pretender):
        def _digest(self, input_index: InputRef, plan: FaultPlan) -> Digest:
            digest = super()._digest(input_index, plan)
            lasting = any(isinstance(fault.count, Lasting) for fault in plan.faults)
            found = {"termination": Found(Verdict.VIOLATED)} if lasting else {}
            return msgspec.structs.replace(digest, found=found)

    breaking = Breaking()
    (digest,) = breaking.run([(0, FaultPlan(faults))])
    smallest = minimise(digest, "termination", breaking)
    assert [fault.count for fault in smallest.plan.faults] == [Lasting.FOR_EVER]
