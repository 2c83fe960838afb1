"""The verdict of a scenario (RULES §9), and what stands between it and a pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harness.campaign.tally import Tally
from harness.faults import KINDS
from harness.faults.unlocked import Unlocked
from harness.invariants import Verdict
from harness.plan import Fault
from harness.report_model import Guarantee, GuaranteeResult, Impossible
from harness.report_model import Verdict as ScenarioVerdict
from harness.saga import Claim
from harness.scenario import Scenario
from harness.situations import SITUATIONS, required_situations

NOT_YET = frozenset(
    {Claim.PROCESS_DEATH, Claim.OTHER_NODE, Claim.RETRY_ELSEWHERE, Claim.DUPLICATE_START, Claim.CANCEL}
)
"""Claims whose faults this version cannot send: they stay not exercised, and a pass is not given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Single faults that were owed: those that could not strike, and those that should have and did not."""

    impossible: tuple[Impossible, ...]
    unfired: tuple[Fault, ...]


def coverage(tally: Tally, unlocked: Unlocked) -> Coverage:
    """Every kind and variant that the claims unlock, at every operation that a fault-free run reached."""
    impossible: list[Impossible] = []
    unfired: list[Fault] = []
    for operation in tally.reached():
        static = unlocked.impossible(operation)
        impossible += [Impossible(fault=one.kind, operation=operation, reason=one.reason) for one in static]
        for possible in unlocked.possible[operation]:
            mark = (possible.kind.name, operation, possible.variant)
            if mark in tally.fired_variants:
                continue
            if possible.kind.after_site and not _followed(tally, operation, unlocked):
                reason = "without another fault no call at that participant that may be struck follows it"
                impossible.append(Impossible(fault=possible.kind.name, operation=operation, reason=reason))
            else:
                unfired.append(Fault(kind=possible.kind.name, operation=operation, variant=possible.variant))
    return Coverage(impossible=tuple(impossible), unfired=tuple(unfired))


def _followed(tally: Tally, operation: str, unlocked: Unlocked) -> bool:
    """Whether a fault-free run calls the participant again after the operation, where a fault may strike."""
    participant = operation.partition(".")[0]
    for digest in tally.fault_free.values():
        names = [site.operation for site, _ in digest.sites]
        later = names[names.index(operation) + 1 :] if operation in names else []
        if any(name.partition(".")[0] == participant and unlocked.possible[name] for name in later):
            return True
    return False


def judge(scenario: Scenario, tally: Tally, covered: Coverage) -> tuple[ScenarioVerdict, tuple[str, ...]]:
    """The verdict, and a sentence for each thing that keeps it from being a pass."""
    if tally.violated:
        return ScenarioVerdict.FAIL, ()
    lacking = tuple(_lacking(scenario, tally, covered))
    return (ScenarioVerdict.INCONCLUSIVE if lacking else ScenarioVerdict.PASS), lacking


def _lacking(scenario: Scenario, tally: Tally, covered: Coverage) -> Iterator[str]:
    if not tally.completes:
        ended = sorted({str(one) for digest in tally.fault_free.values() for one in digest.statuses})
        yield f"No fault-free run completed (found {', '.join(ended) or 'no run'})."
    unknown = [id_ for id_, one in tally.invariants.items() if one.verdict is Verdict.UNKNOWN]
    if unknown:
        yield f"The check of {', '.join(unknown)} crashed, so it is unknown."
    if covered.unfired:
        named = [f"{fault.kind} at {fault.operation}" for fault in covered.unfired]
        few = ", ".join(dict.fromkeys(named[:3]))
        more = f" and {len(named) - 3} more" if len(named) > 3 else ""
        yield f"Not every single fault was seen to fire: {few}{more}."
    for id_ in required_situations(scenario):
        if not tally.situations[id_]:
            yield f"Situation {id_} was never seen. To reach it: {SITUATIONS[id_].reach}."
    for claim in sorted(scenario.spec.claims & NOT_YET):
        yield f"Claim {claim} was not exercised: this version sends no faults for it."


def guarantees(scenario: Scenario, tally: Tally, covered: Coverage) -> tuple[Guarantee, ...]:
    """One a claim: claimed, and verified, refuted or not exercised (RULES §5)."""
    return tuple(
        Guarantee(
            id=claim.value,
            claimed=claim in scenario.spec.claims,
            result=_result(claim, scenario, tally, covered),
        )
        for claim in Claim
    )


def _result(claim: Claim, scenario: Scenario, tally: Tally, covered: Coverage) -> GuaranteeResult:
    if claim not in scenario.spec.claims or claim in NOT_YET:
        return GuaranteeResult.NOT_EXERCISED
    operations = {step.action for step in scenario.spec.steps if step.irreversible}
    if claim is Claim.IRREVERSIBLE_STEP:
        at = [fault for fault in covered.unfired if fault.operation in operations]
        struck = any(operation in operations for _, operation in tally.fired_at)
        refuted = _refuted(tally, lambda fault: fault.operation in operations)
    else:
        at = [fault for fault in covered.unfired if KINDS[fault.kind].claim is claim]
        struck = any(KINDS[kind].claim is claim for kind, _ in tally.fired_at)
        refuted = _refuted(tally, lambda fault: KINDS[fault.kind].claim is claim)
    if refuted:
        return GuaranteeResult.REFUTED
    return (
        GuaranteeResult.VERIFIED
        if struck and not at and not tally.violated
        else GuaranteeResult.NOT_EXERCISED
    )


def _refuted(tally: Tally, concerns: Callable[[Fault], bool]) -> bool:
    """Whether a smallest counterexample needs a fault that the claim unlocks."""
    smallest = [one.smallest for one in tally.invariants.values() if one.smallest is not None]
    return any(concerns(fault) for digest in smallest for fault in digest.plan.faults)
