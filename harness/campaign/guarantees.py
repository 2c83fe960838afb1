"""The table of guarantees (RULES §5): for each claim, made or not, what became of it.

*Refuted*: a shrunk counterexample needs a fault of it. *Verified*: every fault that it requires fired or
is impossible, the process itself was struck where the claim is about it, and no run without faults or with
its faults violated anything. Else *not
exercised*, with the reason where nothing of it can strike this saga at all.
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.campaign.aggregate import Aggregate
from harness.campaign.claims import claims_of, unfit_for
from harness.campaign.required import Coverage
from harness.faults import KINDS
from harness.report_model import Guarantee, GuaranteeResult
from harness.saga import Claim
from harness.scenario import Scenario


def guarantees(
    scenario: Scenario,
    searched: Scenario,
    aggregate: Aggregate,
    covered: Coverage,
    files: Mapping[Claim, str] | None = None,
) -> tuple[Guarantee, ...]:
    """One a claim. `searched`: the scenario with the claims whose faults were sent, covered by `covered`.

    files: what refutes a claim, by claim.
    """
    return tuple(_guarantee(claim, scenario, searched, aggregate, covered, files or {}) for claim in Claim)


def _guarantee(
    claim: Claim,
    scenario: Scenario,
    searched: Scenario,
    aggregate: Aggregate,
    covered: Coverage,
    files: Mapping[Claim, str],
) -> Guarantee:
    result = _result(claim, searched, aggregate, covered)
    claimed = claim in scenario.spec.claims
    asked = claimed or claim in searched.spec.claims
    idle = asked and result is GuaranteeResult.NOT_EXERCISED
    return Guarantee(
        id=claim.value,
        claimed=claimed,
        result=result,
        failure=files.get(claim) if result is GuaranteeResult.REFUTED else None,
        reason=_why_impossible(claim, searched, aggregate, covered) if idle else "",
    )


def _result(claim: Claim, searched: Scenario, aggregate: Aggregate, covered: Coverage) -> GuaranteeResult:
    if claim not in searched.spec.claims:
        return GuaranteeResult.NOT_EXERCISED
    if aggregate.claims[claim].refuted is not None:
        return GuaranteeResult.REFUTED
    missing = any(claim in claims_of(fault, aggregate.irreversible) for fault in covered.unfired)
    broken = any(claims <= {claim} for claims in aggregate.broken_by)
    if _struck(claim, aggregate) and not missing and not broken:
        return GuaranteeResult.VERIFIED
    return GuaranteeResult.NOT_EXERCISED


def _struck(claim: Claim, aggregate: Aggregate) -> bool:
    """Whether a fault of the claim struck the process itself, where its faults strike processes."""
    if claim is Claim.IRREVERSIBLE_STEP:
        return any(mark in aggregate.irreversible for mark in aggregate.fired_at)
    return any(kind in _telling(claim) for kind, _ in aggregate.fired_at)


def _telling(claim: Claim) -> frozenset[str]:
    kinds = [kind for kind in KINDS.values() if kind.claim is claim]
    process_faults = [kind for kind in kinds if kind.process_fault is not None]
    return frozenset(kind.name for kind in process_faults or kinds)


def _why_impossible(claim: Claim, searched: Scenario, aggregate: Aggregate, covered: Coverage) -> str:
    """Why no fault of the claim can strike; empty where one could have and did not."""
    if claim is Claim.IRREVERSIBLE_STEP:
        return "" if aggregate.irreversible else "every step can be undone, repeated or found"
    unfit = unfit_for(searched, claim)
    if unfit is not None:
        return unfit
    if any(fault.kind in _telling(claim) for fault in covered.unfired) or _struck(claim, aggregate):
        return ""
    return next((one.reason for one in covered.impossible if one.fault in _telling(claim)), "")
