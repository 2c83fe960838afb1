"""The table of guarantees: verified, refuted or not exercised, claimed or not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.adapter import CallableSaga
from harness.campaign.aggregate import Aggregate
from harness.campaign.claims import widened
from harness.campaign.guarantees import guarantees
from harness.campaign.refutations import take_unshrunk
from harness.campaign.required import coverage
from harness.campaign.summary import summarise
from harness.plan import FaultPlan
from harness.report_model import Guarantee, GuaranteeResult, ScenarioVerdict, Search
from harness.saga import Claim
from harness.scenario import Scenario
from tests.unit.campaign.pretend import Breaks, kinds, scenario, searched, tallied

ORPHANS, ENDS = "no_orphaned_resources", "termination"


def table(
    one: Scenario, breaks: Breaks = lambda plan: (), sent: Scenario | None = None
) -> dict[str, Guarantee]:
    return told(one, judged(sent or one, breaks), sent)


def judged(sent: Scenario, breaks: Breaks) -> Aggregate:
    return tallied(sent, searched(sent, breaks), breaks)


def told(one: Scenario, aggregate: Aggregate, sent: Scenario | None = None) -> dict[str, Guarantee]:
    sent = sent or one
    covered = coverage(sent, "sim", aggregate)
    return {each.id: each for each in guarantees(one, sent, aggregate, covered)}


def results(told: dict[str, Guarantee]) -> dict[str, GuaranteeResult]:
    tried = {id_: each.result for id_, each in told.items()}
    return {id_: one for id_, one in tried.items() if one is not GuaranteeResult.NOT_EXERCISED}


@pytest.mark.parametrize("claim", [claim for claim in Claim if claim is not Claim.IRREVERSIBLE_STEP])
def test_what_is_claimed_and_holds_is_verified_and_nothing_else_is(claim: Claim) -> None:
    found = table(scenario(claim))
    assert tuple(found) == tuple(Claim)
    assert results(found) == {claim: GuaranteeResult.VERIFIED}
    assert [id_ for id_, each in found.items() if each.claimed] == [claim]


def test_a_claim_whose_faults_never_fired_is_not_exercised() -> None:
    one = scenario(Claim.PROCESS_DEATH)
    assert results(told(one, tallied(one, searched(one, depth=0)))) == {}


def test_what_breaks_by_a_fault_of_it_is_refuted_and_the_others_stay_verified() -> None:
    found = table(
        scenario(Claim.LOST_REPLY, Claim.PROCESS_DEATH),
        lambda plan: (ORPHANS,) if "crash" in kinds(plan) else (),
    )
    assert results(found) == {
        Claim.LOST_REPLY: GuaranteeResult.VERIFIED,
        Claim.PROCESS_DEATH: GuaranteeResult.REFUTED,
    }


def test_what_breaks_without_any_claim_verifies_and_refutes_none() -> None:
    found = table(
        scenario(Claim.LOST_REPLY, Claim.PROCESS_DEATH),
        lambda plan: (ORPHANS,) if "reject" in kinds(plan) else (),
    )
    assert results(found) == {}


def test_the_smallest_counterexample_is_kept_for_each_claim() -> None:
    def breaks(plan: FaultPlan) -> tuple[str, ...]:
        alone = (ORPHANS,) if {"lose_reply", "crash"} & kinds(plan) else ()
        return (*alone, *((ENDS,) if {"reject", "race"} <= kinds(plan) else ()))

    one = scenario(Claim.LOST_REPLY, Claim.PROCESS_DEATH, Claim.RETRY_ELSEWHERE)
    aggregate = judged(one, breaks)
    refuted = {
        claim: (about.refuted.invariant, *(fault.kind for fault in about.refuted.run_summary.plan.faults))
        for claim, about in aggregate.claims.items()
        if about.refuted is not None
    }
    assert refuted == {
        Claim.PROCESS_DEATH: (ORPHANS, "crash"),
        Claim.LOST_REPLY: (ORPHANS, "lose_reply"),
        Claim.RETRY_ELSEWHERE: (ENDS, "reject", "race"),
    }


def test_a_fault_that_is_merely_there_refutes_nothing() -> None:
    def breaks(plan: FaultPlan) -> tuple[str, ...]:
        return (ORPHANS,) if "reject" in kinds(plan) else ()

    one = scenario(Claim.PROCESS_DEATH)
    aggregate = tallied(one, searched(one, breaks, depth=2), breaks)
    assert aggregate.claims[Claim.PROCESS_DEATH].suspects
    assert aggregate.claims[Claim.PROCESS_DEATH].refuted is None


def test_a_search_that_was_cut_short_refutes_by_what_a_single_fault_broke() -> None:
    def breaks(plan: FaultPlan) -> tuple[str, ...]:
        return (ORPHANS,) if {"crash"} == kinds(plan) or {"reject", "race"} == kinds(plan) else ()

    one = scenario(Claim.PROCESS_DEATH, Claim.RETRY_ELSEWHERE)
    aggregate = Aggregate()
    for run_summary in searched(one, breaks):
        aggregate.add(run_summary)
    take_unshrunk(aggregate)
    assert [claim for claim, about in aggregate.claims.items() if about.refuted] == [Claim.PROCESS_DEATH]


def plain(*claims: Claim) -> Scenario:
    return replace(scenario(*claims), saga=CallableSaga(lambda ctx, input_: None, "plain"))


def test_a_claim_that_nothing_can_put_to_the_test_says_why_and_keeps_from_a_pass() -> None:
    one = plain(Claim.LOST_REPLY, Claim.CANCEL)
    found = table(one)
    assert found[Claim.CANCEL].result is GuaranteeResult.NOT_EXERCISED
    assert found[Claim.CANCEL].reason == "a plain function cannot be cancelled"
    search = Search(depth=1, singles_complete=True)
    report = summarise(one, one, "sim", judged(one, lambda plan: ()), files={}, refuting={}, search=search)
    assert report.verdict is ScenarioVerdict.INCONCLUSIVE
    assert report.notes == (
        "Claim cancel cannot be exercised: a plain function cannot be cancelled. Take it out of claims.",
    )


def test_irreversible_step_where_every_step_can_be_undone_says_so() -> None:
    found = table(scenario(Claim.IRREVERSIBLE_STEP))[Claim.IRREVERSIBLE_STEP]
    assert (found.result, found.reason) == (
        GuaranteeResult.NOT_EXERCISED,
        "every step can be undone, repeated or found",
    )


def test_unclaimed_searches_all_that_can_befall_the_saga_and_claims_no_more_than_before() -> None:
    one = scenario(Claim.LOST_REPLY)
    found = table(one, lambda plan: (ORPHANS,) if "crash" in kinds(plan) else (), widened(one))
    assert [id_ for id_, each in found.items() if each.claimed] == [Claim.LOST_REPLY]
    assert found[Claim.PROCESS_DEATH].result is GuaranteeResult.REFUTED
    assert found[Claim.CANCEL].result is GuaranteeResult.VERIFIED
    assert Claim.CANCEL not in widened(plain()).spec.claims


def test_unclaimed_faults_are_not_owed() -> None:
    one = scenario(Claim.LOST_REPLY)
    aggregate = tallied(one, searched(one))
    report = summarise(
        one,
        widened(one),
        "sim",
        aggregate,
        files={},
        refuting={},
        search=Search(depth=1, singles_complete=True),
    )
    assert report.verdict is ScenarioVerdict.PASS
    assert report.unclaimed
    assert report.unfired == ()
